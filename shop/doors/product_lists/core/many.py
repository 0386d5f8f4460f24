"""One change to many products, written as the list that an import would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shop.doors.product_lists.core.cells import Value, write_cell
from shop.doors.product_lists.core.columns import BY_NAME


class What(StrEnum):
    """What is changed of each product, or of each of its variants."""

    PRICE_PERCENT = "price_percent"
    PRICE = "price"
    PRICES = "prices"  # each its own
    STOCK = "stock"
    CATEGORY = "category"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class ManyChange:
    """A change: a percentage, minor units, pieces, names of a category, or yes and no.

    `products` is how many were chosen.
    """

    what: What
    number: int = 0
    category: tuple[str, ...] = ()
    is_archived: bool = False
    products: int = 0


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """A variant of a chosen product, with its list price in the home market's minor units."""

    sku: str
    list_minor: int


def write_many(
    change: ManyChange, variants: Iterable[ListedVariant], currency: str
) -> list[list[str]]:
    """Return the header and a row for each variant: the SKU and the changed cell.

    >>> write_many(ManyChange(What.PRICE_PERCENT, -10), [ListedVariant("A", 995)], "USD")
    [['sku', 'price'], ['A', '8.96']]
    """
    name = "price" if change.what is What.PRICE_PERCENT else str(change.what)
    column = BY_NAME[name]
    rows = [[one.sku, write_cell(_value(change, one), column, currency)] for one in variants]
    return [["sku", name], *rows]


def restore_change(kept: Mapping[str, Any]) -> ManyChange:
    """Return the change whose fields were kept as JSON.

    >>> restore_change({"what": "stock", "number": 3, "category": [], "products": 2}).what
    <What.STOCK: 'stock'>
    """
    return ManyChange(**{**kept, "what": What(kept["what"]), "category": tuple(kept["category"])})


def _value(change: ManyChange, variant: ListedVariant) -> Value:
    match change.what:
        case What.PRICE_PERCENT:
            return max(1, (variant.list_minor * (100 + change.number) + 50) // 100)
        case What.CATEGORY:
            return list(change.category)
        case What.ARCHIVED:
            return change.is_archived
        case _:
            return change.number
