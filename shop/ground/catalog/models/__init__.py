"""Models of markets, stores, the category tree, brands, products, variants and pictures."""

from shop.ground.catalog.models.catalog import (
    Brand,
    Category,
    Product,
    ProductFacts,
    ProductWeek,
    Store,
    Variant,
)
from shop.ground.catalog.models.markets import ListPrice, Market
from shop.ground.catalog.models.pictures import ProductPicture
from shop.ground.catalog.models.search import CatalogVersion, SearchSynonym, SearchWord

__all__ = [
    "Brand",
    "CatalogVersion",
    "Category",
    "ListPrice",
    "Market",
    "Product",
    "ProductFacts",
    "ProductPicture",
    "ProductWeek",
    "SearchSynonym",
    "SearchWord",
    "Store",
    "Variant",
]
