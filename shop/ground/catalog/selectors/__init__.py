"""Read the catalogue. What is the same for everybody is cached in process by catalogue version."""

from shop.ground.catalog.selectors.ages import leave_out_limited, list_age_limited
from shop.ground.catalog.selectors.arrays import (
    list_bulk_variants,
    list_category_variants,
    list_never_personal,
    list_open_to_all,
    list_search_facets,
    list_sold_out,
    list_stocked_variants,
    load_placement_weeks,
    load_sensitive_ids,
    load_variant_arrays,
    map_external_refs,
    take_open_variants,
)
from shop.ground.catalog.selectors.cards import (
    ProductNotFound,
    get_product,
    list_cards,
    list_cards_in,
    read_stock,
)
from shop.ground.catalog.selectors.costs import CostToday, cost_sql
from shop.ground.catalog.selectors.families import list_families, list_sized, number_products
from shop.ground.catalog.selectors.markets import (
    MarketNotFound,
    find_place,
    get_market,
    has_further_markets,
    home_market,
    list_markets,
)
from shop.ground.catalog.selectors.naming import list_identities
from shop.ground.catalog.selectors.search import search_variants, suggest
from shop.ground.catalog.selectors.tree import (
    CategoryNotFound,
    get_category,
    list_below,
    list_categories,
)
from shop.ground.catalog.selectors.versions import catalog_version, forget_catalog, refresh_catalog

__all__ = [
    "CategoryNotFound",
    "CostToday",
    "MarketNotFound",
    "ProductNotFound",
    "catalog_version",
    "cost_sql",
    "find_place",
    "forget_catalog",
    "get_category",
    "get_market",
    "get_product",
    "has_further_markets",
    "home_market",
    "leave_out_limited",
    "list_age_limited",
    "list_below",
    "list_bulk_variants",
    "list_cards",
    "list_cards_in",
    "list_categories",
    "list_category_variants",
    "list_families",
    "list_identities",
    "list_markets",
    "list_never_personal",
    "list_open_to_all",
    "list_search_facets",
    "list_sized",
    "list_sold_out",
    "list_stocked_variants",
    "load_placement_weeks",
    "load_sensitive_ids",
    "load_variant_arrays",
    "map_external_refs",
    "number_products",
    "read_stock",
    "refresh_catalog",
    "search_variants",
    "suggest",
    "take_open_variants",
]
