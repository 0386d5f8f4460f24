"""Saving products whole: what a merchant saves can be found and bought at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from pricing.api import publish_price_book, quote_variants, save_products
from pricing.base.core.values import QuoteContext
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.services import NotAPrice
from pricing.publishing.services.products import Ask, set_list_prices
from pricing.quoting.selectors.listed import DemandBasis, count_priors, tell_demand_basis
from pricing.quoting.selectors.serving import floor_minor, list_prices
from pricing.quoting.services.quoting import quote_listing
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.core.slugs import make_sku, make_slug
from shop.ground.catalog.models import Category, Product, SearchWord, Variant
from shop.ground.catalog.selectors import forget_catalog, get_product, list_cards, search_variants
from shop.ground.catalog.services import CatalogConflict, ProductChanged
from shop.ground.inventory.models import StockMovement, StockRecord
from tests.factories.pricing import NOON, Dairy, make_model

pytestmark = pytest.mark.django_db

CLOTHES = (
    CategoryRow("clothes", "", "Clothes", "服装", 0, "", 0, False, False),
    CategoryRow("clothes/shirts", "clothes", "Shirts", "衬衫", 1, "", 0, False, False),
)
WEAVER = BrandRow("weaver", "Weaver", is_private_label=False)
SMALL = VariantRow(
    ref="LS-S", sku="LS-S", list_minor=3_500, name="S", options={"Size": "S"}, position=0
)
LARGE = VariantRow(
    ref="LS-L", sku="LS-L", list_minor=3_900, name="L", options={"Size": "L"}, position=1
)
SHIRT = ProductRow(
    ref="linen-shirt",
    name="Linen shirt",
    name_zh="亚麻衬衫",
    slug="weaver-linen-shirt",
    category_path="clothes/shirts",
    brand_ref="weaver",
    option_names=("Size",),
    variants=(SMALL, LARGE),
)


def save(*rows: ProductRow, **others: Any) -> Any:
    given = {"categories": CLOTHES, "brands": (WEAVER,), "market": "us", "now": NOON} | others
    with CaptureQueriesContext(connection) as queries:
        saved = save_products(products=rows, **given)
    save.queries = len(queries)  # type: ignore[attr-defined]  # a test's own note
    forget_catalog()  # on commit, which this test's transaction never does
    return saved


ASKED = QuoteContext(
    shopper_pseudonym=None,
    market="us",
    channel="online",
    jurisdiction_code="US-other",
    language="en",
    gpc=False,
    now=NOON,
    purpose="product",
)


def shopper_price(variant_id: int) -> int:
    return quote_variants(context=ASKED, variant_ids=[variant_id]).prices[variant_id].quoted_minor


def test_a_new_product_is_found_priced_and_stocked_at_once() -> None:
    saved = save(SHIRT, stock={"LS-S": 4})
    assert (saved.created, saved.changed, saved.unchanged) == ({"linen-shirt"}, set(), 0)
    small, large = saved.variant_ids["LS-S"], saved.variant_ids["LS-L"]
    assert [(c.slug, c.size_label, c.available) for c in list_cards([small, large], "en")] == [
        ("weaver-linen-shirt", "S", 4),
        ("weaver-linen-shirt", "L", 0),
    ]
    assert [c.variant_id for c in get_product("weaver-linen-shirt", "zh-hans").variants] == [
        small,
        large,
    ]
    for words in ("linen", "linnen", "亚麻", "LS-S"):
        assert small in search_variants(words, "en").variant_ids, words
    assert (shopper_price(small), shopper_price(large)) == (3_500, 3_900)
    assert {(e.kind, e.amount_minor) for e in PriceLedgerEntry.objects.filter(variant=large)} == {
        ("list", 3_900),
        ("public", 3_900),
    }
    assert StockRecord.objects.get(variant=small).on_hand == 4
    assert StockMovement.objects.get(variant=small).kind == "opening"
    assert SearchWord.objects.filter(word__in=["linen", "weaver", "shirts", "clothes"]).count() == 4


def test_the_first_product_has_a_price_without_a_price_book() -> None:
    publish_price_book(now=NOON - timedelta(minutes=1))
    saved = save(SHIRT)
    listed = {saved.variant_ids["LS-S"]: 3_500, saved.variant_ids["LS-L"]: 3_900}
    quoted = quote_listing(context=ASKED, variant_ids=np.array(list(listed)))
    assert quoted.tolist() == list(listed.values())
    floors = {saved.variant_ids["LS-S"]: 2_499, saved.variant_ids["LS-L"]: 2_785}
    assert floor_minor(variant_ids=list(listed), now=NOON) == floors
    assert list_prices(variant_ids=list(listed), now=NOON) == listed
    publish_price_book(now=NOON)
    assert floor_minor(variant_ids=list(listed), now=NOON) == floors


def test_saving_again_changes_only_what_differs() -> None:
    save(SHIRT, stock={"LS-S": 4})
    again = save(SHIRT, stock={"LS-S": 9})
    assert (again.created, again.changed, again.unchanged) == (set(), set(), 1)
    assert StockRecord.objects.get(variant__sku="LS-S").on_hand == 4
    product = Product.objects.get()
    dearer = replace(SHIRT, variants=(SMALL, replace(LARGE, list_minor=4_200)))
    changed = save(dearer, now=NOON + timedelta(hours=1))
    assert (changed.created, changed.changed, changed.unchanged) == (set(), {"linen-shirt"}, 0)
    assert PublicPrice.objects.get(variant__sku="LS-L").list_minor == 4_200
    assert Product.objects.get().revision == product.revision + 1
    # A price that was set elsewhere is as much a change as any.
    reduced = {Variant.objects.get(sku="LS-S").pk: Ask(3_000)}
    set_list_prices(asks=reduced, market="us", now=NOON + timedelta(minutes=1))
    assert save(dearer, now=NOON + timedelta(hours=2)).changed == {"linen-shirt"}
    assert PublicPrice.objects.get(variant__sku="LS-S").list_minor == 3_500


def test_absent_fields_stay_and_present_fields_count() -> None:
    told = replace(SHIRT, is_sensitive=True, minimum_age=18, attributes={"Material": "Linen"})
    save(
        replace(
            told,
            description_zh="轻薄",
            variants=(replace(SMALL, cost_minor=1_200, cost_source="merchant"),),
        )
    )
    save(replace(SHIRT, variants=(SMALL,)))
    product = Product.objects.get()
    assert (product.is_sensitive, product.minimum_age, product.description_zh) == (True, 18, "轻薄")
    assert product.attributes == {"Material": "Linen"}
    assert Variant.objects.get().cost_minor == 1_200
    save(
        replace(
            SHIRT,
            is_sensitive=False,
            minimum_age=0,
            variants=(replace(SMALL, cost_source="unknown"),),
        )
    )
    product = Product.objects.get()
    assert (product.is_sensitive, product.minimum_age) == (False, None)
    assert Variant.objects.get().cost_minor is None


def test_conflicts_are_told_and_nothing_is_written() -> None:
    save(SHIRT)
    scarf = replace(SHIRT, ref="scarf", name="Scarf", variants=(replace(SMALL, ref="X"),))
    cases = {
        "sku": scarf,
        "ref": replace(scarf, variants=(replace(SMALL, sku="NEW"),)),
        "category_path": replace(scarf, category_path="nowhere", variants=()),
        "brand_ref": replace(scarf, brand_ref="nobody", variants=()),
    }
    for field, row in cases.items():
        with pytest.raises(CatalogConflict) as refused:
            save(row)
        assert [one.field for one in refused.value.conflicts] == [field]
    with pytest.raises(NotAPrice):
        save(replace(scarf, variants=(replace(SMALL, ref="X", sku="X", list_minor=0),)))
    assert Product.objects.count() == 1


def test_a_sku_given_away_in_the_same_list_is_free() -> None:
    save(SHIRT)
    renamed = replace(SHIRT, variants=(replace(SMALL, sku="LS-SMALL"), LARGE))
    scarf = replace(
        SHIRT, ref="scarf", slug="scarf", variants=(replace(SMALL, ref="scarf", sku="LS-S"),)
    )
    assert save(renamed, scarf).created == {"scarf"}


def test_addresses_never_collide_and_never_move() -> None:
    small = [replace(SMALL, ref=ref, sku=ref) for ref in ("a", "衬", "衫")]
    save(SHIRT, *(replace(SHIRT, ref=one.ref, variants=(one,)) for one in small))
    slugs = dict(Product.objects.values_list("external_ref", "slug"))
    assert len(set(slugs.values())) == 4
    assert slugs["a"] == "weaver-linen-shirt"
    save(replace(SHIRT, name="Shirt", slug="shirt"))
    assert Product.objects.get(external_ref="linen-shirt").slug == slugs["linen-shirt"]


def test_an_edit_of_an_older_state_is_refused() -> None:
    save(SHIRT)
    begun = Product.objects.get().revision
    save(replace(SHIRT, name="Linen shirt, light"), revisions={"linen-shirt": begun})
    with pytest.raises(ProductChanged):
        save(replace(SHIRT, name="Lost"), revisions={"linen-shirt": begun})
    assert Product.objects.get().name == "Linen shirt, light"


def test_a_list_of_many_needs_no_more_statements() -> None:
    save(SHIRT)

    def rows(prefix: str, count: int) -> list[ProductRow]:
        return [
            replace(
                SHIRT,
                ref=f"{prefix}{number}",
                slug=f"{prefix}-{number}",
                variants=(replace(SMALL, ref=f"{prefix}{number}", sku=f"{prefix}{number}"),),
            )
            for number in range(count)
        ]

    save(*rows("few", 3))
    few = save.queries  # type: ignore[attr-defined]  # a test's own note
    save(*rows("many", 60))
    assert save.queries == few  # type: ignore[attr-defined]  # a test's own note


def test_an_unsold_product_rests_on_a_prior_and_says_so(dairy: Dairy) -> None:
    cheese = dairy.cheese
    assert tell_demand_basis(variant_ids=[dairy.brie], category_id=cheese, market="us")[0] == (
        DemandBasis("none", Category.objects.get(pk=cheese).parent_id or cheese)
    )
    assert count_priors(market="us") is None
    make_model({dairy.gouda: 2.5})
    own, prior = tell_demand_basis(
        variant_ids=[dairy.gouda, dairy.brie], category_id=cheese, market="us"
    )
    assert (own.source, own.elasticity) == ("own", 2.5)
    assert (prior.source, prior.elasticity) == ("all", 1.8)
    assert count_priors(market="us") == (len(dairy.all) - 1, len(dairy.all))


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=60)


@given(names=st.lists(WORDS, min_size=1, max_size=3))
def test_a_slug_is_an_address_and_stays_itself(names: list[str]) -> None:
    slug = make_slug(names)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert make_slug([slug]) == slug


@given(names=st.lists(st.tuples(WORDS, st.dictionaries(WORDS, WORDS, max_size=3)), max_size=6))
def test_made_skus_differ_fit_their_column_and_have_no_blanks(
    names: list[tuple[str, dict[str, str]]],
) -> None:
    taken: set[str] = set()
    for name, options in names:
        sku = make_sku(name, options, taken)
        assert sku not in taken
        assert 0 < len(sku) <= 40
        assert not any(each.isspace() for each in sku)
        taken.add(sku)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_edits_at_once_is_refused() -> None:
    """Two connections begin from one state. Alone each goes through (the positive control)."""
    save(SHIRT)
    begun = Product.objects.get().revision

    def edit(name: str) -> str:
        try:
            save_products(
                products=[replace(SHIRT, name=name)],
                market="us",
                now=NOON,
                revisions={"linen-shirt": begun},
            )
        except ProductChanged:
            return "refused"
        finally:
            connection.close()
        return name

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(edit, ["A shirt", "B shirt"]))
    assert told[1] == "refused"
    assert Product.objects.get().name == told[0]
    assert Product.objects.get().revision == begun + 1
    begun += 1
    assert edit("C shirt") == "C shirt"
