"""Rows that a catalogue is loaded from, by the merchant's own references.

What a row leaves None its source does not say: a new product takes the default, a known one keeps
what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category; `parent_path` is "" for a department (depth 0). Paths are unique."""

    path: str
    parent_path: str
    name: str
    name_zh: str
    depth: int
    icon: str
    position: int
    is_child_directed: bool
    is_restricted: bool
    is_sensitive: bool = False
    is_perishable: bool | None = None


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand."""

    ref: str
    name: str
    is_private_label: bool


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One variant of a product. Amounts in minor units.

    `cost_minor` None with the source "unknown" takes the cost away. `options` are in the order of
    the product's; a variant without a `name` is called by them. `is_loose`: sold by weight, and
    the measure is about what a piece weighs.
    """

    ref: str
    sku: str
    list_minor: int
    list_source: str = "merchant"
    name: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    measure_amount: Decimal | None = None
    measure_unit: str = ""
    cost_minor: int | None = None
    cost_source: str | None = None
    gtin: str | None = None
    is_active: bool = True
    position: int = 0
    is_loose: bool | None = None


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product with its variants; variants that are not named stay as they are.

    `minimum_age` 0 and `tax_class` "" mean: as the category says. `popularity` orders listings.
    """

    ref: str
    name: str
    category_path: str
    brand_ref: str
    variants: tuple[VariantRow, ...]
    slug: str
    name_zh: str = ""
    description: str = ""
    description_zh: str | None = None
    is_active: bool = True
    popularity: float | None = None
    attributes: Mapping[str, str] | None = None
    option_names: tuple[str, ...] = ()
    is_sensitive: bool | None = None
    is_child_directed: bool | None = None
    minimum_age: int | None = None
    tax_class: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the row of the product `ref` may not say: `value` in `field`.

    `field` is "category_path" or "brand_ref" where nobody knows the value, "sku" or "ref" where
    another product, `holder`, has it.
    """

    ref: str
    field: str
    value: str
    holder: str

    @property
    def sentence(self) -> str:
        """What is wrong, in plain words."""
        if self.field == "category_path":
            return f"There is no category {self.value!r}."
        if self.field == "brand_ref":
            return f"There is no brand {self.value!r}."
        return f"The SKU {self.value!r} belongs to the product {self.holder!r}."


@dataclass(frozen=True, slots=True)
class CatalogLoad:
    """How many rows of each kind were new or changed, and which.

    `created` and `changed` are references of products: a product changes with its variants.
    `variant_ids` are the ids of all variants that were loaded, by reference.
    """

    categories: int
    brands: int
    products: int
    variants: int
    created: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    variant_ids: Mapping[str, int] = field(default_factory=dict)
