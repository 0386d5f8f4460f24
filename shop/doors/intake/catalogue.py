"""The store's catalogue from cleaned product rows. Pure: rows in, rows out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from shop.doors.intake.branches import list_categories
from shop.doors.intake.naming import join_name, join_name_zh, name_brand, name_line
from shop.doors.intake.tree import Code, Leaf, find_homes, find_leaf
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.core.slugs import make_slug
from shop.ground.kernel.barcodes import bar_code
from shop.ground.kernel.measures import Size, parse_size

ACTIVE_WEEKS = 26
ASSUMED_LIST_MINOR = 299
# 25 cents a pound, 15 cents a piece, 4 dollars a gallon: less is no price for fruit or vegetables.
CASE_MINOR_PER_UNIT = {"g": 25 / 453.6, "ct": 15.0, "ml": 400 / 3785.0}


@dataclass(frozen=True, slots=True)
class SourceProduct:
    """A cleaned row of `products` with what its sales say; text is "" and numbers None if absent.

    `lines`, `units`, `revenue_minor`, `popularity` are 0 for goods never sold; `weeks_ago` counts
    weeks since the last sale; amounts are in minor units.
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


def build_catalogue(products: Sequence[SourceProduct]) -> Catalogue:
    """Return categories, brands and products in a stable order.

    Products the source cannot tell apart (same maker, type and size) get a line word by rank of
    popularity, so that two cards never look alike.
    """
    homes = find_homes(product.code for product in products)
    placed = _flag([_place(product, homes) for product in products])
    brands = _name_brands(products)
    lines = _rank_lines(placed)
    prices = _assume_prices(placed)
    numbers = find_gtins((product.ref, product.gtin) for product in products)
    rows = [
        _row(
            item,
            brands[item.source.brand_ref].name,
            lines[item.source.ref],
            _variant(item, prices, numbers[item.source.ref]),
        )
        for item in placed
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
        size = Size(None, "", "typical pack")
    elif _is_case(size, leaf, product.given_list_minor or product.seen_list_minor):
        size = Size(None, "", "each")
    return _Placed(product, leaf, size)


def _flag(placed: Sequence[_Placed]) -> list[_Placed]:
    """Return the products with the sensitive flag of their type, one for all goods in it.

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


def _rank_lines(placed: Sequence[_Placed]) -> dict[str, int]:
    """Return the rank within its group by product reference, 0 sells best; ties by reference."""
    groups: dict[tuple[str, str, str], list[_Placed]] = defaultdict(list)
    for item in placed:
        if not item.source.product_name:
            groups[item.source.brand_ref, item.leaf.path, item.size.label].append(item)
    ranks = {item.source.ref: 0 for item in placed}
    for group in groups.values():
        group.sort(key=lambda item: (-item.source.popularity, item.source.ref))
        for rank, item in enumerate(group):
            ranks[item.source.ref] = rank
    return ranks


def _assume_prices(placed: Iterable[_Placed]) -> dict[str, int]:
    """Return the median known list price by leaf path and by category path."""
    seen: dict[str, list[int]] = defaultdict(list)
    for item in placed:
        known = item.source.given_list_minor or item.source.seen_list_minor
        if known:
            seen[item.leaf.path].append(known)
            seen[item.leaf.place.path].append(known)
    return {path: max(1, round(median(values))) for path, values in seen.items()}


def _row(item: _Placed, brand: str, rank: int, variant: VariantRow) -> ProductRow:
    source, leaf, size = item.source, item.leaf, item.size
    line = name_line(rank)
    name = source.product_name or join_name(line, leaf.type_name.name)
    # Cheese is better said than nothing where nobody knows the Chinese for a kind of cheese.
    name_zh = leaf.type_name.name_zh or leaf.place.name_zh
    return ProductRow(
        ref=source.ref,
        name=name[:200],
        name_zh="" if source.product_name else join_name_zh(line, name_zh)[:200],
        slug=make_slug([brand, name, size.label])[:180],
        description=f"{name} by {brand}, {size.label}." if size.label else f"{name} by {brand}.",
        category_path=leaf.path,
        brand_ref=source.brand_ref,
        is_active=variant.is_active,
        popularity=source.popularity,
        variants=(variant,),
    )


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

    On the price achieved, not on the list price: goods that are always on offer are bought in
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
