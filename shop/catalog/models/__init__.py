"""What is sold: markets, stores, the category tree, brands, products, variants, pictures."""

from shop.catalog.models.catalog import (
    Brand,
    Category,
    Product,
    ProductWeek,
    Store,
    Variant,
)
from shop.catalog.models.markets import ListPrice, Market
from shop.catalog.models.pictures import ProductPicture
from shop.catalog.models.search import CatalogVersion, SearchWord

__all__ = [
    "Brand",
    "CatalogVersion",
    "Category",
    "ListPrice",
    "Market",
    "Product",
    "ProductPicture",
    "ProductWeek",
    "SearchWord",
    "Store",
    "Variant",
]
