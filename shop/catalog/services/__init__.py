"""Write the catalogue."""

from shop.catalog.services.indexing import index_changed_products, rebuild_search_words
from shop.catalog.services.loading import load_catalog, load_placements, load_stores

__all__ = [
    "index_changed_products",
    "load_catalog",
    "load_placements",
    "load_stores",
    "rebuild_search_words",
]
