"""Bad input gets a safe price, a badge and a line in the data-quality report: one test a kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from pricing.api import floor_minor, list_quality, publish_price_book
from pricing.ledger.models.ledger import PublicPrice
from pricing.optimum.core.explain import say_rule
from pricing.publishing.core.values import Meant
from pricing.publishing.services.products import Ask, set_list_prices
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, make_model

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def expect_line(variant: int, code: str) -> None:
    """The report lists the variant under the code, with the sentence in the reader's language."""
    for language in ("en", "zh-hans"):
        rows = {one.variant_id: one for one in list_quality(code=code, language=language).rows}
        assert variant in rows, code
        assert say_rule(f"badge:{code}", language) in rows[variant].sentences
    assert list_quality().counts[code] >= 1


def publish(elasticities: dict[int, float] | None = None, *, has_model: bool = True) -> None:
    change_policy(shock_share=0.0)
    if has_model:
        make_model(elasticities, trained_at=NOON, is_causal=True)
    publish_price_book(now=NOON)
    publish_price_book(now=LATER, everything=True)


def test_without_a_cost_the_floor_is_a_share_of_list(dairy: Dairy) -> None:
    Variant.objects.filter(pk=dairy.rye).update(cost_minor=None, cost_source="unknown")
    forget_catalog()
    publish({dairy.rye: 1.5})
    assert public_of(dairy.rye) == 300
    assert floor_minor(variant_ids=[dairy.rye], now=LATER + timedelta(seconds=5)) == {
        dairy.rye: 215
    }
    expect_line(dairy.rye, "cost_unknown")


def test_a_price_below_cost_is_the_merchants_own_and_stays(dairy: Dairy) -> None:
    publish()
    meant = Meant(1, "sold out for good", has_second=True)
    set_list_prices(asks={dairy.brie: Ask(380)}, market="us", now=LATER, meant=meant)
    for days in range(1, 7):
        publish_price_book(now=LATER + timedelta(days=days), everything=True)
    assert public_of(dairy.brie) == 380
    expect_line(dairy.brie, "below_cost")


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_an_elasticity_that_is_no_number_moves_nothing(dairy: Dairy, wild: float) -> None:
    publish({dairy.brie: wild, dairy.gouda: 1.54})
    assert (public_of(dairy.brie), public_of(dairy.gouda)) == (600, 500)
    expect_line(dairy.brie, "not_a_number")


def test_without_a_model_the_list_price_holds(dairy: Dairy) -> None:
    publish(has_model=False)
    assert public_of(dairy.brie) == 600
    expect_line(dairy.brie, "no_model")


def test_without_sales_the_familys_elasticity_moves_a_rung_at_most(dairy: Dairy) -> None:
    publish({dairy.gouda: 1.54})
    assert public_of(dairy.brie) in (599, 600)
    expect_line(dairy.brie, "no_sales")


def test_a_new_item_starts_at_its_list_price(dairy: Dairy) -> None:
    publish()
    twin = Variant.objects.get(pk=dairy.brie)
    twin.product = Product.objects.get(pk=twin.product_id)
    twin.pk, twin.sku, twin.external_ref, twin.list_minor = None, "BRIE-XL", "brie xl", 1_250
    twin.save()
    forget_catalog()
    publish_price_book(now=LATER + timedelta(hours=1))
    assert public_of(twin.pk) == 1_250
    expect_line(twin.pk, "new_item")


@pytest.mark.parametrize(
    ("code", "pick"),
    [
        ("one_price", lambda dairy: dairy.brie),
        ("lone_in_category", lambda dairy: dairy.rye),
    ],
)
def test_what_nothing_can_be_learned_from_keeps_its_price(
    dairy: Dairy, code: str, pick: Callable[[Dairy], int]
) -> None:
    publish({dairy.brie: 1.54, dairy.rye: 1.54})
    assert (public_of(dairy.brie), public_of(dairy.rye)) == (600, 300)
    expect_line(pick(dairy), code)
