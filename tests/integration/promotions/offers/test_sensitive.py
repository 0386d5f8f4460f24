"""What is never priced personally is in no offer for chosen shoppers; a public one or a code is."""

from __future__ import annotations

import numpy as np
import pytest

from profiles.models import Shopper
from promotions.engine.core.carts import ShopperView
from promotions.models import CampaignShopper
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.offers.selectors.personal import personal_offers_for
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog, list_never_personal, load_variant_arrays
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
FLAGS = ("is_sensitive", "is_child_directed", "is_restricted")
BAKERS = {"tags": ["baker"]}
SEGMENT = {"any": [{"segments": ["loyal"]}, {"tags": ["baker"]}]}


def _flag(category_id: int, flag: str) -> None:
    Category.objects.filter(pk=category_id).update(**{flag: True})
    forget_catalog()


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize(
    ("audience", "condition", "code", "expected"),
    [
        ("public", {}, "", {"rye": 90, "cheddar": 90}),
        ("public", {"markets": ["us"]}, "", {"rye": 90, "cheddar": 90}),
        ("public", BAKERS, "", {"rye": 90, "cheddar": 100}),
        ("public", SEGMENT, "", {"rye": 90, "cheddar": 100}),
        ("personal", {}, "", {"rye": 90, "cheddar": 100}),
        ("personal", {}, "HELLO", {"rye": 90, "cheddar": 90}),
    ],
)
def test_who_gets_a_tenth_off_what(
    shelf: Shelf,
    *,
    flag: str,
    audience: str,
    condition: dict[str, object],
    code: str,
    expected: dict[str, int],
) -> None:
    _flag(shelf.cheese, flag)
    campaign = make_campaign("tenth", percent="10", audience=audience, code=code)
    campaign.offers.update(condition=condition)
    zoe = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    CampaignShopper.objects.create(campaign=campaign, shopper=zoe)
    found = evaluate_cart(
        cart=make_cart(
            make_line("rye", variant_id=shelf.rye, unit_minor=100, category_ids=(shelf.bread,)),
            make_line("cheddar", variant_id=shelf.cheddar, unit_minor=100),
        ),
        codes=(code,) if code else (),
        shopper=ShopperView(zoe.pk, tags=frozenset({"baker"})),
        now=NOON,
        language="en",
        locale="en_US",
    )
    assert found.totals == expected


def test_a_cart_of_sensitive_products_gets_no_personal_offer(
    shelf: Shelf,
) -> None:
    _flag(shelf.cheese, "is_child_directed")
    make_campaign("tenth", percent="10", audience="personal")
    found = evaluate_cart(
        cart=make_cart(make_line("cheddar", variant_id=shelf.cheddar, unit_minor=100)),
        codes=(),
        shopper=ShopperView(None),
        now=NOON,
        language="en",
        locale="en_US",
    )
    assert (found.discount_minor, found.rejected, found.hints) == (0, (), ())


@pytest.mark.parametrize("flag", FLAGS)
def test_an_offer_on_a_sensitive_category_is_not_personal(shelf: Shelf, flag: str) -> None:
    zoe = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    for name, scope in {
        "cheese": {"categories": [shelf.cheese]},
        "bread": {"categories": [shelf.bread]},
        "both": {"categories": [shelf.cheese, shelf.bread]},
    }.items():
        campaign = make_campaign(name, percent="10", audience="personal", scope=scope)
        CampaignShopper.objects.create(campaign=campaign, shopper=zoe)

    def ask() -> set[str]:
        found = personal_offers_for(
            shopper=ShopperView(zoe.pk), market_code="us", now=NOON, language="en"
        )
        return {one.label for one in found}

    assert ask() == {"cheese", "bread", "both"}
    _flag(shelf.cheese, flag)  # at once: what offers mean is not remembered beyond the catalogue
    assert ask() == {"bread", "both"}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_few_and_arrays_know_the_same_goods(shelf: Shelf, flag: str) -> None:
    _flag(shelf.cheese, flag)
    arrays = load_variant_arrays()
    assert list_never_personal() == frozenset({shelf.cheddar, shelf.gouda})
    flagged = arrays.variant_id[arrays.never_personal]
    assert np.array_equal(flagged, sorted(list_never_personal()))
