"""Frozen values of the catalogue for other rooms, never model rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from shop.ground.catalog.core.facts import KnownFact
from shop.ground.catalog.core.photos import Picture

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarketValue:
    """A place with one currency, one language and one set of laws.

    `minimum_age` in years is asked of who buys from an age-restricted category. The list prices of
    the home market stand on the variants. `languages` and `regions` are those that visitors may
    choose; empty: all that the shop has.
    """

    code: str
    name: str
    currency: str
    country: str
    jurisdiction_code: str
    language: str
    time_zone: str = "UTC"
    minimum_age: int = 18
    is_home: bool = False
    is_active: bool = True
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def join_brand(brand: str, name: str) -> str:
    """Return a product's name with its brand, which many a name begins with.

    >>> join_brand("Alder", "Milk"), join_brand("Alder", "Alder Milk"), join_brand("", "Milk")
    ('Alder Milk', 'Alder Milk', 'Milk')
    """
    return name if name.startswith(brand) else f"{brand} {name}"


# From here on characters are Chinese, Japanese or Korean, which are joined without commas.
FIRST_WIDE = "\u2e80"


@dataclass(frozen=True, slots=True)
class CatalogCard:
    """One variant as a listing shows it. `available` is in pieces; `picture` is its
    photograph, else its drawn pack; None where the product is gone.

    `measure_amount` of `measure_unit` ("g", "ml", "ct") is the content of one piece; None and ""
    when unknown. `is_loose`: sold by weight, and that is about what a piece weighs. `minimum_age`
    and `tax_class` are the product's own, None and "" where its category decides; whether it
    `is_perishable` is said by either.
    """

    product_id: int
    variant_id: int
    sku: str
    slug: str
    name: str
    brand: str
    category_id: int
    category_path: str
    size_label: str
    measure_amount: Decimal | None
    measure_unit: str
    picture: Picture | None
    available: int
    tax_class: str = ""
    minimum_age: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    is_loose: bool = False
    is_perishable: bool = False

    @property
    def product_title(self) -> str:
        """Return brand and product: what is the same for all its variants."""
        return join_brand(self.brand, self.name)

    @property
    def title(self) -> str:
        """Return brand, product and size: no other product of its category has it."""
        joint = " " if any(letter >= FIRST_WIDE for letter in self.name) else ", "
        return joint.join(filter(None, (self.product_title, self.size_label)))


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A category of the tree. `product_count` counts active products below it.

    `is_sensitive` holds too for what lies below a category with that flag. `perishable_by` is the
    source that says that it is perishable, or that a category above is and none between says
    otherwise; "" where it is not. `photo` is of a product in it, where the category has no drawing
    of its own.
    """

    category_id: int
    parent_id: int | None
    department_id: int
    slug: str
    path: str
    name: str
    depth: int
    picture: str
    product_count: int
    is_child_directed: bool
    is_restricted: bool
    children: tuple[int, ...] = ()
    external_ref: str = ""
    is_sensitive: bool = False
    photo: Picture | None = None
    perishable_by: str = ""


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """All categories that hold active products, by id and by path, names in one language."""

    nodes: dict[int, CategoryNode]
    by_path: dict[str, int]
    roots: tuple[int, ...]

    def trail(self, category_id: int) -> tuple[CategoryNode, ...]:
        """Return the nodes from the department down to the category itself."""
        trail: list[CategoryNode] = []
        at: int | None = category_id
        while at is not None:
            node = self.nodes[at]
            trail.append(node)
            at = node.parent_id
        return tuple(reversed(trail))

    def cut(self, levels: int) -> CategoryTree:
        """Return the tree with so many levels; further down nothing hangs on it."""
        nodes = {
            one: node if node.depth < levels - 1 else replace(node, children=())
            for one, node in self.nodes.items()
            if node.depth < levels
        }
        return replace(self, nodes=nodes)

    def below(self, category_id: int) -> frozenset[int]:
        """Return the ids of the category and of everything under it."""
        found = {category_id}
        stack = [category_id]
        while stack:
            children = self.nodes[stack.pop()].children
            found.update(children)
            stack.extend(children)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """One product with its sizes and the way back up the tree."""

    card: CatalogCard
    description: str
    variants: tuple[CatalogCard, ...]
    breadcrumbs: tuple[CategoryNode, ...]
    is_active: bool
    is_restricted: bool
    is_child_directed: bool = False
    is_sensitive: bool = False
    minimum_age: int | None = None
    pictures: tuple[Picture, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[KnownFact, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogFilters:
    """What a shopper narrowed a listing to; values inside one field are alternatives."""

    brand_ids: frozenset[int] = frozenset()
    sizes: frozenset[str] = frozenset()
    in_stock: bool = False


@dataclass(frozen=True, slots=True)
class FacetOption:
    """One choice with the number of products it would leave."""

    value: str
    label: str
    count: int
    is_selected: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One group of choices: code "brand" or "size"."""

    code: str
    options: tuple[FacetOption, ...]


@dataclass(frozen=True, slots=True)
class CategoryListing:
    """Variant ids of a category, most popular first, with facets under the given filters."""

    variant_ids: IntArray
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Variant ids, best first. `corrected_query` is what was searched when the query had typos.

    `is_cut`: there are more than the ids given.
    """

    variant_ids: IntArray
    corrected_query: str | None = None
    suggestions: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion offered while typing: kind "query", "category" or "product".

    `variant_id` is what a product is priced by.
    """

    kind: str
    text: str
    slug: str = ""
    path: str = ""
    variant_id: int = 0


MEASURE_UNITS = ("", "g", "ml", "ct")


@dataclass(frozen=True, slots=True)
class VariantArrays:
    """All active variants as parallel arrays of shape (m,), ascending by `variant_id`.

    Amounts are minor units; `cost_minor` is -1 where the cost is unknown. `measure_amount` is in
    the unit that `measure_unit` indexes in MEASURE_UNITS, 0 where the size is unknown.
    `sensitive` marks products that are flagged so, or whose category is, or any above it;
    `restricted` those with an age limit of their own or of their category.
    """

    variant_id: IntArray
    product_id: IntArray
    category_id: IntArray
    department_id: IntArray
    brand_id: IntArray
    list_minor: IntArray
    cost_minor: IntArray
    restricted: BoolArray
    child_directed: BoolArray
    sensitive: BoolArray
    popularity: FloatArray
    sku: NDArray[np.str_]
    measure_amount: FloatArray
    measure_unit: NDArray[np.int8]

    @property
    def never_personal(self) -> BoolArray:
        """Where no personal price exists: restricted, child-directed, sensitive products, (m,)."""
        return self.restricted | self.child_directed | self.sensitive

    @property
    def never_picked(self) -> BoolArray:
        """What no list chosen by the shop may show: restricted and sensitive products, (m,)."""
        return self.restricted | self.sensitive

    def count_products(self, covered: BoolArray) -> int:
        """Return how many products on sale the variants are of: sizes of one count once."""
        return len(np.unique(self.product_id[covered]))

    def list_products(self, variant_ids: Collection[int]) -> dict[int, int]:
        """Return of variants the products on sale by variant id; what is not sold is left out."""
        asked = np.isin(self.variant_id, np.array(sorted(variant_ids), dtype=np.int64))
        ids, products = self.variant_id[asked].tolist(), self.product_id[asked].tolist()
        return dict(zip(ids, products, strict=True))


@dataclass(frozen=True, slots=True)
class VariantIdentity:
    """What a variant is called. `measure` of `unit` ("g", "ml", "ct") is one piece, 0 if unknown;
    `gtin` is the number below the bar code, "" if unknown."""

    variant_id: int
    sku: str
    gtin: str
    name: str
    brand: str
    measure: float
    unit: str


@dataclass(frozen=True, slots=True)
class SensitiveIds:
    """Ids of all sensitive categories and variants, also of what is no longer sold; ascending."""

    category_id: IntArray
    variant_id: IntArray


@dataclass(frozen=True, slots=True)
class WeekArrays:
    """Placement of variants by week as parallel arrays; weeks without placement are absent."""

    variant_id: IntArray
    week_start: NDArray[np.datetime64] = field(
        default_factory=lambda: np.zeros(0, dtype="datetime64[D]")
    )
    display_share: FloatArray = field(default_factory=lambda: np.zeros(0))
    mailer_share: FloatArray = field(default_factory=lambda: np.zeros(0))
