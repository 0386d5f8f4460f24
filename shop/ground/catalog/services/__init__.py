"""Write the catalogue."""

from shop.ground.catalog.services.editing import (
    archive_product,
    restore_product,
    state_costs,
    state_facts,
)
from shop.ground.catalog.services.indexing import (
    index_changed_products,
    rebuild_search_words,
    refresh_search,
    spell_search_words,
)
from shop.ground.catalog.services.loading import (
    ProductChanged,
    load_catalog,
    load_placements,
    load_stores,
    lock_products,
)
from shop.ground.catalog.services.merging import CatalogConflict
from shop.ground.catalog.services.synonyms import load_synonyms

__all__ = [
    "CatalogConflict",
    "ProductChanged",
    "archive_product",
    "index_changed_products",
    "load_catalog",
    "load_placements",
    "load_stores",
    "load_synonyms",
    "lock_products",
    "rebuild_search_words",
    "refresh_search",
    "restore_product",
    "spell_search_words",
    "state_costs",
    "state_facts",
]
