"""List prices by market: what is not priced in a market is not sold there."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from pricing.api import publish_price_book, quote_listing, quote_variants
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.selectors.references import home_place, list_places
from pricing.ledger.services import NotAPrice
from pricing.publishing.core.values import Meant
from pricing.publishing.services.products import (
    Ask,
    HomePriceNeeded,
    set_list_prices,
    withdraw_list_prices,
)
from pricing.publishing.services.proposals import recall_list_prices
from shop.ground.catalog.models import ListPrice, Market, Variant
from shop.ground.catalog.selectors import (
    forget_catalog,
    home_market,
    list_categories,
    list_category_variants,
    list_search_facets,
    load_variant_arrays,
)
from shop.ground.catalog.selectors.search import suggest
from tests.factories.pricing import NOON, Dairy, make_model, visit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def europe(dairy: Dairy) -> Dairy:
    """A second market in another currency, which sells cheddar at 3.79 and rye at 2.49."""
    Market.objects.create(
        code="eu",
        name="Europe",
        currency="EUR",
        country="DE",
        jurisdiction_code="DE",
        time_zone="Europe/Berlin",
    )
    asks = {dairy.cheddar: Ask(379, 200), dairy.rye: Ask(249)}
    assert set_list_prices(asks=asks, market="eu", now=NOON) == 2
    forget_catalog()
    return dairy


def test_a_recall_sells_nothing_abroad_again(europe: Dairy) -> None:
    asks, meant = {europe.cheddar: Ask(389), europe.rye: Ask(259)}, Meant(set_by="token 5")
    set_list_prices(asks=asks, market="eu", now=NOON + HOUR, meant=meant)
    withdraw_list_prices(variant_ids=[europe.cheddar], market="eu", now=NOON + 2 * HOUR)
    done = recall_list_prices(
        set_by="token 5", since=NOON, by="person 3", reason="a wrong rate", now=NOON + 3 * HOUR
    )
    sku = Variant.objects.get(pk=europe.cheddar).sku
    assert (done.back, done.kept) == (1, (sku,))
    prices = ListPrice.objects.filter(market_id="eu")
    assert list(prices.values_list("variant_id", "amount_minor")) == [(europe.rye, 249)]


def test_the_first_market_is_home_and_no_second_one_is(dairy: Dairy) -> None:
    Market.objects.create(code="eu", name="Europe", currency="EUR")
    assert (home_market(), home_place()) == ("us", ("us", "online"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Market.objects.filter(code="eu").update(is_home=True)


def test_a_market_sells_what_has_a_price_there(europe: Dairy) -> None:
    abroad = load_variant_arrays("eu")
    assert abroad.variant_id.tolist() == sorted([europe.cheddar, europe.rye])
    at = dict(zip(abroad.variant_id.tolist(), abroad.list_minor.tolist(), strict=True))
    assert at == {europe.cheddar: 379, europe.rye: 249}
    cost = dict(zip(abroad.variant_id.tolist(), abroad.cost_minor.tolist(), strict=True))
    assert cost == {europe.cheddar: 200, europe.rye: -1}  # of rye only dollars are known
    tree = list_categories("en", "eu")
    assert [tree.nodes[root].path for root in tree.roots] == ["bakery", "dairy"]
    assert list_category_variants(europe.cheese, market="eu").variant_ids.tolist() == [
        europe.cheddar
    ]
    found = list_search_facets(europe.all, market="eu").variant_ids.tolist()
    assert found == [europe.cheddar, europe.rye]
    assert len(list_category_variants(europe.cheese).variant_ids) == 4


def test_its_prices_are_published_quoted_and_kept_in_the_ledger(europe: Dairy) -> None:
    make_model(trained_at=NOON)
    assert list_places() == [("us", "online"), ("eu", "online")]
    publish_price_book(now=NOON + HOUR, market="us")
    publish_price_book(now=NOON + HOUR, market="eu")
    context = visit(None, NOON + 2 * HOUR, market="eu")
    quoted = quote_variants(context=context, variant_ids=europe.all).prices
    assert sorted(quoted) == sorted([europe.cheddar, europe.rye])
    assert {one.currency for one in quoted.values()} == {"EUR"}
    assert quoted[europe.cheddar].list_minor == 379
    assert quote_listing(context=context, variant_ids=np.array([europe.brie])).tolist() == [0]
    kept = PriceLedgerEntry.objects.filter(market_id="eu", kind="list")
    assert set(kept.values_list("variant_id", "amount_minor")) == {
        (europe.cheddar, 379),
        (europe.rye, 249),
    }
    assert PublicPrice.objects.filter(market_id="us", variant_id=europe.cheddar).get().list_minor


def test_without_a_book_no_other_markets_price_is_quoted(europe: Dairy) -> None:
    context = visit(None, NOON, market="eu")
    quoted = quote_variants(context=context, variant_ids=europe.all).prices
    assert {pk: one.quoted_minor for pk, one in quoted.items()} == {
        europe.cheddar: 379,
        europe.rye: 249,
    }


def test_the_home_price_stands_on_the_variant(europe: Dairy) -> None:
    set_list_prices(asks={europe.gouda: Ask(450, 300)}, market="us", now=NOON + HOUR)
    row = Variant.objects.get(pk=europe.gouda)
    assert (row.list_minor, row.list_source) == (450, "merchant")
    assert (row.cost_minor, row.cost_source, row.cost_stated_at) == (300, "merchant", NOON + HOUR)
    set_list_prices(asks={europe.gouda: Ask(460)}, market="us", now=NOON + 2 * HOUR)
    row.refresh_from_db()
    assert (row.list_minor, row.cost_minor, row.cost_stated_at) == (460, 300, NOON + HOUR)
    assert not ListPrice.objects.filter(variant=row).exists()


def test_what_is_withdrawn_is_sold_there_no_more(europe: Dairy) -> None:
    make_model(trained_at=NOON)
    publish_price_book(now=NOON + HOUR, market="eu")
    gone = withdraw_list_prices(variant_ids=[europe.rye], market="eu", now=NOON + 2 * HOUR)
    assert gone == 1
    forget_catalog()
    publish_price_book(now=NOON + 2 * HOUR, market="eu")
    context = visit(None, NOON + 3 * HOUR, market="eu")
    assert list(quote_variants(context=context, variant_ids=europe.all).prices) == [europe.cheddar]
    with pytest.raises(HomePriceNeeded):
        withdraw_list_prices(variant_ids=[europe.rye], market="us", now=NOON)


def test_nothing_is_free(europe: Dairy) -> None:
    with pytest.raises(NotAPrice):
        set_list_prices(asks={europe.rye: Ask(0)}, market="eu", now=NOON)


def test_suggestions_are_of_goods_the_market_sells(europe: Dairy) -> None:
    assert [one for one in suggest("brie", "en", market="eu") if one.kind == "product"] == []
