"""Narrowing and sorting by what this shopper would pay."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.doors.pages import category
from shop.doors.pages.category import arrange
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import ListingQuery
from shop.ground.catalog.core.values import CatalogCard

CTX = PageContext(
    shopper_pseudonym=None,
    account_id=None,
    language="en",
    locale="en_US",
    market="us",
    currency="USD",
    jurisdiction_code="US-other",
    channel="online",
    gpc=False,
    now=datetime(2026, 11, 25, tzinfo=UTC),
)
# id: (name, price, grams); popularity falls with the id.
SHELF: dict[int, tuple[str, int, int | None]] = {
    1: ("Cheddar", 500, 250),
    2: ("brie", 300, None),
    3: ("Alpine", 300, 100),
    4: ("Gouda", 800, 1000),
}
IDS = np.array(list(SHELF), dtype=np.int64)
VERSIONS = count(1)  # what was remembered of the shelf of another test is not asked for


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    def quote(*, context: Any, variant_ids: Any) -> Any:
        return np.array([SHELF[int(i)][1] for i in variant_ids], dtype=np.int64)

    version = next(VERSIONS)
    monkeypatch.setattr(category, "quote_listing", quote)
    monkeypatch.setattr(category, "offered_prices", lambda _ctx, _ids, quoted, _visitor: quoted)
    monkeypatch.setattr(category, "catalog_version", lambda: version)
    monkeypatch.setattr(category, "list_cards", lambda ids, _language: [card(i) for i in ids])
    monkeypatch.setattr(category, "list_families", dict)


def card(number: int) -> CatalogCard:
    name, _price, grams = SHELF[number]
    return CatalogCard(
        product_id=number,
        variant_id=number,
        sku=str(number),
        slug=str(number),
        name=name,
        brand="",
        category_id=1,
        category_path="cheese",
        size_label="",
        measure_amount=None if grams is None else Decimal(grams),
        measure_unit="g",
        picture=None,
        available=1,
    )


@pytest.mark.parametrize(
    ("_case", "query", "expected"),
    [
        ("popular keeps the order", ListingQuery(), [1, 2, 3, 4]),
        ("low first, ties by popularity", ListingQuery(sort="price"), [2, 3, 1, 4]),
        ("high first, ties by popularity", ListingQuery(sort="price_high"), [4, 1, 2, 3]),
        ("unit price, unknown measures last", ListingQuery(sort="unit"), [4, 1, 3, 2]),
        ("name, whatever the case", ListingQuery(sort="name"), [3, 2, 1, 4]),
        ("an unknown order is the popular one", ListingQuery(sort="magic"), [1, 2, 3, 4]),
        ("from", ListingQuery(price_min=400), [1, 4]),
        ("up to, both ends count", ListingQuery(price_min=300, price_max=500), [1, 2, 3]),
        ("bounds and order", ListingQuery(sort="name", price_max=500), [3, 2, 1]),
        ("bounds that cross leave nothing", ListingQuery(price_min=900, price_max=1), []),
    ],
)
def test_a_listing_is_arranged(_case: str, query: ListingQuery, expected: list[int]) -> None:
    assert arrange(CTX, IDS, query).tolist() == expected


def test_lists_sort_by_offered_price_and_unit_price_as_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Gouda at 8.00 is 2.00 in the cart."""
    offered = {4: 200}
    monkeypatch.setattr(
        category,
        "offered_prices",
        lambda _ctx, ids, quoted, _visitor: np.array(
            [offered.get(one, price) for one, price in zip(ids.tolist(), quoted, strict=True)]
        ),
    )
    assert arrange(CTX, IDS, ListingQuery(sort="price")).tolist() == [4, 2, 3, 1]
    assert arrange(CTX, IDS, ListingQuery(price_max=200)).tolist() == [4]
    monkeypatch.setitem(SHELF, 4, ("Gouda", 8_000, 1000))
    assert arrange(CTX, IDS, ListingQuery(sort="unit")).tolist() == [4, 1, 3, 2]


@given(
    sort=st.sampled_from(["popular", "price", "price_high", "unit", "name"]),
    low=st.none() | st.integers(0, 1000),
    high=st.none() | st.integers(0, 1000),
)
def test_arranging_never_invents_or_doubles_a_variant(
    sort: str, low: int | None, high: int | None
) -> None:
    kept = arrange(CTX, IDS, ListingQuery(sort=sort, price_min=low, price_max=high)).tolist()
    inside = {
        number
        for number, (_name, price, _grams) in SHELF.items()
        if (low is None or price >= low) and (high is None or price <= high)
    }
    assert sorted(kept) == sorted(inside)


def test_an_empty_list_needs_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(category, "quote_listing")
    assert arrange(CTX, IDS[:0], ListingQuery(sort="price")).tolist() == []
