"""Rows that a catalogue is loaded from, by the merchant's own references."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand."""

    ref: str
    name: str
    is_private_label: bool


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product with its one variant. Amounts in minor units; `cost_minor` None when unknown,
    `gtin` "" where the merchant gives none."""

    ref: str
    sku: str
    name: str
    name_zh: str
    slug: str
    description: str
    category_path: str
    brand_ref: str
    is_active: bool
    popularity: float
    size_label: str
    measure_amount: Decimal | None
    measure_unit: str
    list_minor: int
    list_source: str
    cost_minor: int | None
    cost_source: str
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class CatalogLoad:
    """How many rows of each kind were new or changed."""

    categories: int
    brands: int
    products: int
    variants: int
