"""Read the catalogue. What is the same for everybody is cached in process by catalogue version."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date

from shop.catalog.core.values import (
    CatalogCard,
    CatalogFilters,
    CategoryListing,
    CategoryNode,
    CategoryTree,
    MarketValue,
    ProductDetail,
    SearchResult,
    Suggestion,
    VariantArrays,
    WeekArrays,
)
from shop.catalog.models import Market
from shop.kernel.errors import FairtagError

MARKET_SECONDS = 60.0
_markets: dict[str, tuple[MarketValue, float]] = {}


class MarketNotFound(FairtagError):
    """The market the shop is set to (MARKET) has not been loaded."""

    code = "market_not_found"


def catalog_version() -> int:
    """Return the version of the catalogue. One query, at most one a second per process."""
    raise NotImplementedError


def get_market(code: str) -> MarketValue:
    """Return a market. Raises MarketNotFound. One query a minute per process and market."""
    market, read_at = _markets.get(code, (None, 0.0))
    if market is None or time.monotonic() - read_at > MARKET_SECONDS:
        row = Market.objects.filter(pk=code).first()
        if row is None:
            raise MarketNotFound(f"There is no market {code}.")
        market = MarketValue(
            code=row.code,
            name=row.name,
            currency=row.currency,
            country=row.country,
            jurisdiction_code=row.jurisdiction_code,
            language=row.language,
        )
        _markets[code] = (market, time.monotonic())
    return market


def list_cards(variant_ids: Sequence[int], language: str) -> list[CatalogCard]:
    """Return cards of the variants in the order asked; unknown ids are left out. One query."""
    raise NotImplementedError


def get_product(slug: str, language: str) -> ProductDetail:
    """Return one product. Raises ProductNotFound. Three queries at most."""
    raise NotImplementedError


def list_categories(language: str) -> CategoryTree:
    """Return the tree in `language`. No query once cached, two otherwise."""
    raise NotImplementedError


def get_category(path: str, language: str) -> CategoryNode:
    """Return the category with the path "grocery/cheese". Raises CategoryNotFound. Cached."""
    raise NotImplementedError


def list_category_variants(category_id: int, filters: CatalogFilters) -> CategoryListing:
    """Return active variants at or below a category. No query once cached."""
    raise NotImplementedError


def list_search_facets(variant_ids: Sequence[int], filters: CatalogFilters) -> CategoryListing:
    """Return the facets of, and narrow, any list of variants (search results). Cached arrays."""
    raise NotImplementedError


def search_variants(query: str, language: str, limit: int = 500) -> SearchResult:
    """Return variants that match the words, SKU or Chinese text of `query`."""
    raise NotImplementedError


def suggest(query: str, language: str, limit: int = 8) -> list[Suggestion]:
    """Return completions of what has been typed so far."""
    raise NotImplementedError


def load_variant_arrays() -> VariantArrays:
    """Return all active variants as arrays. No query once cached by version; read-only arrays."""
    raise NotImplementedError


def load_placement_weeks(*, since: date) -> WeekArrays:
    """Return display and mailer shares by week from `since` on. One query."""
    raise NotImplementedError


def map_external_refs() -> Mapping[str, int]:
    """Return variant id by the merchant's own reference. One query (imports use it)."""
    raise NotImplementedError
