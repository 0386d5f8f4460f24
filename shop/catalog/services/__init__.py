"""Write the catalogue."""

from shop.catalog.services.indexing import index_changed_products, rebuild_search_words
from shop.catalog.services.loading import (
    ProductChanged,
    load_catalog,
    load_placements,
    load_stores,
)
from shop.catalog.services.merging import CatalogConflict

__all__ = [
    "CatalogConflict",
    "ProductChanged",
    "index_changed_products",
    "load_catalog",
    "load_placements",
    "load_stores",
    "rebuild_search_words",
]
