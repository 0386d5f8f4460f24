"""The store's catalogue from cleaned product rows. Pure: rows in, rows out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import batched, chain, zip_longest
from statistics import median

from shop.doors.intake.branches import list_categories
from shop.doors.intake.naming import (
    name_brand,
    number_name,
    weigh_pack,
)
from shop.doors.intake.tree import Code, Leaf, find_homes, find_leaf
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.core.slugs import make_slug
from shop.ground.kernel.barcodes import bar_code
from shop.ground.kernel.measures import Size, parse_size

ACTIVE_WEEKS = 26
ASSUMED_LIST_MINOR = 299
SIZE_OPTION = "Size"
MOST_SIZES = 6
# 25 cents a pound, 15 cents a piece, 4 dollars a gallon: less is no price for fruit or vegetables.
CASE_MINOR_PER_UNIT = {"g": 25 / 453.6, "ct": 15.0, "ml": 400 / 3785.0}


@dataclass(frozen=True, slots=True)
class SourceProduct:
    """A cleaned row of `products` with what its sales say; text is "" and numbers None if absent.

    `lines`, `units`, `revenue_minor`, `popularity` are 0 for products never sold; `weeks_ago`
    counts weeks since the last sale; amounts are in minor units.
    """

    ref: str
    manufacturer: str
    department: str
    brand: str
    category: str
    product_type: str
    package_size: str
    product_name: str
    brand_name: str
    gtin: str
    given_list_minor: int | None
    given_cost_minor: int | None
    is_sold_online: bool | None
    is_sensitive: bool | None
    units: int
    revenue_minor: float
    popularity: float
    weeks_ago: int | None
    seen_list_minor: int | None
    is_weighed: bool

    @property
    def code(self) -> Code:
        """The till's (department, category, type)."""
        return (self.department, self.category, self.product_type)

    @property
    def brand_ref(self) -> str:
        """What names its brand: the name given, else maker and own-label flag."""
        return self.brand_name or f"{self.manufacturer or 'unknown'}:{self.brand or 'National'}"


@dataclass(slots=True)
class Catalogue:
    """Everything to load, and what was noticed on the way."""

    categories: list[CategoryRow]
    brands: list[BrandRow]
    products: list[ProductRow]
    noticed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A product with where it stands and how its package reads."""

    source: SourceProduct
    leaf: Leaf
    size: Size


@dataclass(frozen=True, slots=True)
class _Family:
    """Rows that are one product, smallest first; `rank` counts those of the same brand and type."""

    items: tuple[_Placed, ...]
    rank: int


def build_catalogue(products: Sequence[SourceProduct]) -> Catalogue:
    """Return categories, brands and products in a stable order.

    Rows that differ by size only are one product with a variant for each. Of rows that the source
    cannot tell apart (same maker, type and size) each but the first has a number.
    """
    homes = find_homes(product.code for product in products)
    placed = _flag([_place(product, homes) for product in products])
    brands = _name_brands(products)
    prices = _assume_prices(placed)
    numbers = find_gtins((product.ref, product.gtin) for product in products)
    rows = [
        _row(
            family,
            brands[family.items[0].source.brand_ref].name,
            [_variant(one, prices, numbers[one.source.ref]) for one in family.items],
        )
        for family in _find_families(placed, brands)
    ]
    return Catalogue(
        categories=list_categories((item.leaf, item.source.revenue_minor) for item in placed),
        brands=list(brands.values()),
        products=_make_slugs_unique(rows),
        noticed=_notice(placed, homes)
        | {
            "bar-code number not usable": sum(bool(p.gtin) > bool(numbers[p.ref]) for p in products)
        },
    )


def _place(product: SourceProduct, homes: dict[Code, Code]) -> _Placed:
    leaf = find_leaf(homes.get(product.code, product.code))
    size = parse_size(product.package_size, leaf.place.goods)
    if product.is_weighed:
        size = weigh_pack(leaf.type_name.name)
    elif _is_case(size, leaf, product.given_list_minor or product.seen_list_minor):
        size = Size(None, "", "each")
    return _Placed(product, leaf, size)


def _flag(placed: Sequence[_Placed]) -> list[_Placed]:
    """Return the products with the sensitive flag of their type, one for all products in it.

    Words guess; a file that says so of every product of a type is believed, and one product that
    is sensitive makes its type so.
    """
    said: dict[str, list[bool | None]] = defaultdict(list)
    guessed: dict[str, bool] = defaultdict(bool)
    for item in placed:
        said[item.leaf.path].append(item.source.is_sensitive)
        guessed[item.leaf.path] |= item.leaf.is_sensitive
    flags = {
        path: any(answers) or (guessed[path] and not all(one is False for one in answers))
        for path, answers in said.items()
    }
    return [
        replace(item, leaf=replace(item.leaf, is_sensitive=flags[item.leaf.path]))
        for item in placed
    ]


def _is_case(size: Size, leaf: Leaf, price: int | None) -> bool:
    """Whether a produce "package" is the case it is shipped in: 40 lb of bananas for a dollar."""
    if leaf.place.department.code != "produce" or size.amount is None or price is None:
        return False
    per_unit = price / float(size.amount)
    return per_unit < CASE_MINOR_PER_UNIT[size.unit]


def _name_brands(products: Iterable[SourceProduct]) -> dict[str, BrandRow]:
    own = Counter(p.manufacturer for p in products if p.brand == "Private" and not p.brand_name)
    main = own.most_common(1)[0][0] if own else ""
    brands: dict[str, BrandRow] = {}
    for product in products:
        ref = product.brand_ref
        if ref not in brands:
            is_private = product.brand == "Private"
            name = product.brand_name or name_brand(
                product.manufacturer or "unknown",
                is_private=is_private,
                is_main=product.manufacturer == main,
            )
            brands[ref] = BrandRow(ref, name, is_private)
    return brands


def _find_families(placed: Sequence[_Placed], brands: Mapping[str, BrandRow]) -> Iterator[_Family]:
    """Yield the products: of each brand, type and name given.

    The n-th row of each size is one family of at most MOST_SIZES. Rows are in the order of their
    references: what sells moves nothing from one product to another. What has no size shares no
    product with what has one.
    """
    kinds: dict[tuple[str, str, str], dict[str, list[_Placed]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for item in sorted(placed, key=lambda item: (len(item.source.ref), item.source.ref)):
        brand = brands[item.source.brand_ref].name
        kinds[brand, item.leaf.path, item.source.product_name][item.size.label].append(item)
    for sizes in kinds.values():
        plain = [(item,) for item in sizes.pop("", [])]
        rows = (sorted(filter(None, row), key=_size_order) for row in zip_longest(*sizes.values()))
        found = [*chain.from_iterable(batched(row, MOST_SIZES) for row in rows), *plain]
        for rank, items in enumerate(found):
            yield _Family(items, rank)


def _size_order(item: _Placed) -> tuple[str, Decimal, str]:
    return item.size.unit, item.size.amount or Decimal(0), item.size.label


def _assume_prices(placed: Iterable[_Placed]) -> dict[str, int]:
    """Return the median known list price by leaf path and by category path."""
    seen: dict[str, list[int]] = defaultdict(list)
    for item in placed:
        known = item.source.given_list_minor or item.source.seen_list_minor
        if known:
            seen[item.leaf.path].append(known)
            seen[item.leaf.place.path].append(known)
    return {path: max(1, round(median(values))) for path, values in seen.items()}


def _row(family: _Family, brand: str, variants: Sequence[VariantRow]) -> ProductRow:
    first = family.items[0]
    leaf, given = first.leaf, first.source.product_name
    # A shop's own name stays; its own number tells apart what it calls the same.
    name = number_name(leaf.type_name.name, family.rank)
    if given:
        name = f"{given} ({first.source.ref})" if family.rank else given
    # Cheese is better said than nothing where nobody knows the Chinese for a kind of cheese.
    name_zh = leaf.type_name.name_zh or leaf.place.name_zh
    size = first.size.label if len(variants) == 1 else ""
    is_choice = len(variants) > 1
    return ProductRow(
        ref=min((one.source.ref for one in family.items), key=lambda ref: (len(ref), ref)),
        name=name[:200],
        name_zh="" if given else number_name(name_zh, family.rank)[:200],
        slug=make_slug([brand, name, size])[:180],
        description=f"{name} by {brand}, {size}." if size else f"{name} by {brand}.",
        category_path=leaf.path,
        brand_ref=first.source.brand_ref,
        is_active=any(one.is_active for one in variants),
        popularity=sum(one.source.popularity for one in family.items),
        option_names=(SIZE_OPTION,) if is_choice else (),
        variants=tuple(
            replace(one, options={SIZE_OPTION: one.name} if is_choice else {}, position=at)
            for one, at in zip(variants, _rank_sales(family.items), strict=True)
        ),
    )


def _rank_sales(items: Sequence[_Placed]) -> list[int]:
    """Return each item's place when the best seller goes first: which size a list shows."""
    best = sorted(range(len(items)), key=lambda at: -items[at].source.popularity)
    return [best.index(at) for at in range(len(items))]


def _variant(item: _Placed, prices: dict[str, int], gtin: str) -> VariantRow:
    ref, size = item.source.ref, item.size
    list_minor, list_source = _list_price(item, prices)
    cost_minor, cost_source = _cost(item, list_minor)
    return VariantRow(
        ref=ref,
        sku=f"FT-{ref.zfill(7)}"[:40],
        name=size.label[:80],
        measure_amount=size.amount,
        measure_unit=size.unit,
        list_minor=list_minor,
        list_source=list_source,
        cost_minor=cost_minor,
        cost_source=cost_source,
        gtin=gtin or None,
        is_active=_is_active(item),
        is_loose=item.source.is_weighed and size.amount is not None,
    )


def _list_price(item: _Placed, prices: dict[str, int]) -> tuple[int, str]:
    if item.source.given_list_minor:
        return item.source.given_list_minor, "merchant"
    if item.source.seen_list_minor:
        return item.source.seen_list_minor, "observed"
    nearest = prices.get(item.leaf.path) or prices.get(item.leaf.place.path)
    return nearest or ASSUMED_LIST_MINOR, "assumed"


def _cost(item: _Placed, list_minor: int) -> tuple[int, str]:
    """Return the cost: given, or what leaves the department's usual margin on the price achieved.

    On the price achieved, not on the list price: products that are always on offer are bought in
    accordingly, else every promotion would look like a loss.
    """
    if item.source.given_cost_minor:
        return item.source.given_cost_minor, "merchant"
    units = item.source.units
    achieved = item.source.revenue_minor / units if units else list_minor
    margin = item.leaf.place.department.margin
    return max(1, round(min(achieved, list_minor) * (100 - margin) / 100)), "assumed"


def _is_active(item: _Placed) -> bool:
    source = item.source
    if source.is_sold_online is not None:
        return source.is_sold_online
    if not item.leaf.place.is_sold_online:
        return False
    is_recent = source.weeks_ago is not None and source.weeks_ago < ACTIVE_WEEKS
    return is_recent or source.given_list_minor is not None


def _make_slugs_unique(rows: Sequence[ProductRow]) -> list[ProductRow]:
    taken: Counter[str] = Counter(row.slug for row in rows)
    return [
        row if taken[row.slug] == 1 else replace(row, slug=f"{row.slug}-{make_slug([row.ref])}")
        for row in rows
    ]


def _notice(placed: Sequence[_Placed], homes: dict[Code, Code]) -> dict[str, int]:
    return {
        "without category": sum(not item.source.category for item in placed),
        "without type": sum(not item.source.product_type for item in placed),
        "without package size": sum(not item.source.package_size for item in placed),
        "package size read as a measure": sum(item.size.amount is not None for item in placed),
        "package size read as text only": sum(
            bool(item.size.label) and item.size.amount is None for item in placed
        ),
        "category corrected": sum(item.source.code in homes for item in placed),
        "not sold online": sum(not item.leaf.place.is_sold_online for item in placed),
    }


def find_gtins(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the GTIN of each (reference, text) as digits; "" for none, for a wrong check digit,
    and for one that several claim.

    >>> find_gtins([("a", "4006381-333931"), ("b", "96385074"), ("c", "96385074"), ("d", "12")])
    {'a': '4006381333931', 'b': '', 'c': '', 'd': ''}
    """
    digits = {ref: text.replace(" ", "").replace("-", "") for ref, text in given}
    claims = Counter(bar_code(number) for number in digits.values())
    return {
        ref: number if bar_code(number) and claims[bar_code(number)] == 1 else ""
        for ref, number in digits.items()
    }
