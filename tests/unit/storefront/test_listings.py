"""A listing's address and its query say the same, both ways."""

from __future__ import annotations

import numpy as np
import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from shop.doors.pages.values import SORTS, Listing, ListingQuery
from shop.doors.storefront.views.browse import (
    ListingUrl,
    list_chips,
    pick_pages,
    read_amount,
    read_listing_query,
    without_option,
)
from shop.ground.catalog.core.values import Facet, FacetOption

URL = ListingUrl(path="/c/cheese/", words="", currency="USD", locale="en_US")
SIZES = st.text(alphabet="8 ozml1½克", min_size=1, max_size=10).filter(str.strip)
QUERIES = st.builds(
    ListingQuery,
    page=st.integers(1, 99),
    sort=st.sampled_from(SORTS),
    brands=st.frozensets(st.integers(1, 99_999), max_size=5),
    sizes=st.frozensets(SIZES, max_size=5),
    in_stock=st.booleans(),
    price_min=st.none() | st.integers(0, 100_000),
    price_max=st.none() | st.integers(0, 100_000),
)


@given(query=QUERIES)
def test_the_address_of_a_query_reads_back_as_that_query(query: ListingQuery) -> None:
    address = URL.at(query, page=query.page)
    assert read_listing_query(QueryDict(address.partition("?")[2]), "USD") == query


def test_a_query_of_defaults_has_the_bare_path() -> None:
    assert URL.at(ListingQuery()) == "/c/cheese/"


@pytest.mark.parametrize(
    ("_case", "query"),
    [
        ("negative page", "page=-3"),
        ("page of letters", "page=abc"),
        ("huge page", "page=99999999999999999999"),
        ("unknown sort", "sort=cheapest"),
        ("brand of letters", "brand=x&brand=%27%3B--"),
        ("price in words", "min=cheap&max=dear"),
        ("endless price", "min=" + "9" * 40),
        ("full-width digits", "page=１２&brand=３"),
    ],
)
def test_nonsense_in_an_address_is_left_out(_case: str, query: str) -> None:
    assert read_listing_query(QueryDict(query), "USD") == ListingQuery()


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("3.50", 350),
        ("3,50", 350),
        ("$3.5", 350),
        ("0", 0),
        ("", None),
        (".", None),
        ("1.2.3", None),
    ],
)
def test_typed_money_is_understood_or_ignored(typed: str, minor: int | None) -> None:
    assert read_amount(typed, "USD") == minor


def test_each_filter_chip_removes_only_itself() -> None:
    query = ListingQuery(
        page=3, brands=frozenset({7}), sizes=frozenset({"8 oz"}), in_stock=True, price_max=500
    )
    facets = (
        Facet("brand", (FacetOption("7", "Dairyland", 4, True), FacetOption("8", "Alp", 2, False))),
        Facet("size", (FacetOption("8 oz", "8 oz", 4, True),)),
    )
    listing = Listing(cards=(), facets=facets, query=query, total=4, page=3, pages=5)
    assert {chip["label"]: chip["url"] for chip in list_chips(listing, URL)} == {
        "Dairyland": "/c/cheese/?size=8+oz&stock=1&max=5.00",
        "8 oz": "/c/cheese/?brand=7&stock=1&max=5.00",
        "In stock": "/c/cheese/?brand=7&size=8+oz&max=5.00",
        "Up to $5.00": "/c/cheese/?brand=7&size=8+oz&stock=1",
    }


def test_taking_out_an_option_starts_at_the_first_page() -> None:
    query = ListingQuery(page=4, brands=frozenset({7, 8}))
    assert without_option(query, "brand", "7") == ListingQuery(brands=frozenset({8}))


@given(pages=st.integers(1, 500), seed=st.integers(0, 10_000))
def test_page_links_hold_first_last_and_current_in_order(pages: int, seed: int) -> None:
    page = int(np.clip(seed % pages + 1, 1, pages))
    links = list(pick_pages(page, pages))
    assert links == sorted(set(links))
    assert {1, page, pages} <= set(links) <= set(range(1, pages + 1))
    assert len(links) <= 5
