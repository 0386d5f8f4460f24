"""Load what a price book is made of: prices that hold, their last day, and legal ceilings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np

from pricing.base.core.price_points import share_down
from pricing.base.core.reference import PriceSeries, lowest_between
from pricing.base.core.values import BoolArray, IntArray, Policy
from pricing.learning.core.scene import PastPrices, SceneVariants
from pricing.optimum.core.publish import SEEN_AFTER_DAYS, SEEN_DAYS
from pricing.policy.selectors import load_emergency_caps
from shop.ground.catalog.core.values import CategoryTree, VariantArrays
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.database.packed import Packed, fetch_packed

NO_LIMIT = 1_000_000_000
DAY = 86_400
FNV = 1_099_511_628_211

_PRICE_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("list", ">i4", "int4send(list_minor)"),
    Packed("public", ">i4", "int4send(public_minor)"),
    Packed("anchor", ">i4", "int4send(anchor_minor)"),
    Packed("changed", ">i8", "int8send(extract(epoch FROM changed_at)::int8)"),
)
_PRICE_SOURCE = """
FROM pricing_publicprice WHERE market_id = %(market)s AND channel = %(channel)s
"""
_RECENT_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("start", ">i8", "int8send(extract(epoch FROM valid_from)::int8)"),
    Packed("amount", ">i4", "int4send(amount_minor)"),
)
_RECENT_SOURCE = """
FROM pricing_priceledgerentry
WHERE kind = 'public' AND market_id = %(market)s AND channel = %(channel)s
    AND source <> 'import' AND valid_from > %(since)s
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a market sells with the prices that hold, arrays (m,) by ascending variant id.

    `is_new` marks variants without a price so far: they begin at their list price. `changed_at` is
    when the public price last changed, in seconds since 1970 (0 for new ones).
    """

    variants: VariantArrays
    tree: CategoryTree
    list_minor: IntArray
    public_minor: IntArray
    anchor_minor: IntArray
    is_new: BoolArray
    family_id: IntArray
    changed_at: IntArray

    def __len__(self) -> int:
        return len(self.list_minor)

    def goods(self) -> SceneVariants:
        """Return the variants as a draft of prices sees them."""
        return SceneVariants(
            variant_id=self.variants.variant_id,
            category_id=self.variants.category_id,
            family_id=self.family_id,
            cost_minor=self.variants.cost_minor,
            list_minor=self.list_minor,
            anchor_minor=self.anchor_minor,
            public_minor=self.public_minor,
            changed_at=self.changed_at,
            is_open=~self.variants.never_personal,
            is_new=self.is_new,
        )

    def take(self, where: IntArray) -> Shelf:
        """Return the variants at positions `where`."""
        arrays = {field.name: getattr(self.variants, field.name) for field in fields(VariantArrays)}
        return Shelf(
            variants=VariantArrays(**{name: array[where] for name, array in arrays.items()}),
            tree=self.tree,
            list_minor=self.list_minor[where],
            public_minor=self.public_minor[where],
            anchor_minor=self.anchor_minor[where],
            is_new=self.is_new[where],
            family_id=self.family_id[where],
            changed_at=self.changed_at[where],
        )


def load_shelf(*, place: tuple[str, str]) -> Shelf:
    """Return what is sold and at what prices. One query, catalogue aside."""
    variants, tree = load_variant_arrays(place[0]), list_categories("en")
    rows = fetch_packed(_PRICE_COLUMNS, _PRICE_SOURCE, {"market": place[0], "channel": place[1]})
    rows = rows[np.argsort(rows["variant"])]
    at, is_known = _find(rows["variant"].astype(np.int64), variants.variant_id)
    listed = variants.list_minor

    def column(name: str, otherwise: IntArray = listed) -> IntArray:
        if not len(rows):
            return otherwise.copy()
        return np.where(is_known, rows[name].astype(np.int64)[at], otherwise)

    parents = {one: node.parent_id or one for one, node in tree.nodes.items()}
    return Shelf(
        variants=variants,
        tree=tree,
        list_minor=column("list"),
        public_minor=column("public"),
        anchor_minor=column("anchor"),
        is_new=~is_known,
        family_id=np.array(
            [parents.get(one, one) for one in variants.category_id.tolist()], dtype=np.int64
        ),
        changed_at=column("changed", np.zeros_like(listed)),
    )


def load_past(
    *, shelf: Shelf, series: PriceSeries, policy: Policy, now: datetime, place: tuple[str, str]
) -> PastPrices:
    """Return what public prices are and were of late, and legal caps. Two queries.

    Imported history is no change of ours: prices that an import brought in the last day may move.
    """
    parameters = {"market": place[0], "channel": place[1], "since": now - timedelta(days=1)}
    rows = fetch_packed(_RECENT_COLUMNS, _RECENT_SOURCE, parameters)
    at, known = _find(shelf.variants.variant_id, rows["variant"].astype(np.int64))
    at, start = at[known], rows["start"].astype(np.int64)[known]
    amount = rows["amount"].astype(np.int64)[known]
    current, second = shelf.public_minor, int(now.timestamp())
    opening = _opening(series, second - DAY, current)
    changed = np.bincount(at, minlength=len(shelf))
    highest, lowest = np.maximum(current, 0), current.copy()
    is_moved = changed > 0
    highest[is_moved] = np.maximum(highest, opening)[is_moved]
    lowest[is_moved] = np.minimum(lowest, opening)[is_moved]
    np.maximum.at(highest, at, amount)
    np.minimum.at(lowest, at, amount)
    least, most = _span(series, second - SEEN_DAYS * DAY, second - SEEN_AFTER_DAYS * DAY)
    latest = np.zeros(len(shelf), dtype=np.int64)
    np.maximum.at(latest, at, start)
    return PastPrices(
        current_minor=current,
        highest_minor=highest,
        lowest_minor=lowest,
        changes=changed.astype(np.int64),
        is_held=latest > second - policy.hold_minutes * 60,
        emergency_minor=_emergency_ceilings(shelf, series, now, place[0]),
        most_seen_minor=np.where(most > 0, most, shelf.anchor_minor),
        least_seen_minor=np.where(least > 0, least, shelf.anchor_minor),
    )


def _span(series: PriceSeries, since: int, until: int) -> tuple[IntArray, IntArray]:
    """Return the lowest and the highest public price between two moments, (m,); 0 if none held."""
    count = len(series.offsets) - 1
    edges = np.full(count, since), np.full(count, until)
    negative = replace(series, amount=-series.amount)
    return lowest_between(series, *edges), -lowest_between(negative, *edges)


def _opening(series: PriceSeries, second: int, current: IntArray) -> IntArray:
    """Return the public price that held at a moment; the current one where none is known."""
    opening = lowest_between(series, np.full(len(current), second), np.full(len(current), second))
    return np.where(opening > 0, opening, current)


def _emergency_ceilings(shelf: Shelf, series: PriceSeries, now: datetime, market: str) -> IntArray:
    """Return the legal ceiling of each variant: its lowest public price in the 30 days before the
    emergency, plus the permitted share; NO_LIMIT where no emergency holds."""
    ceiling = np.full(len(shelf), NO_LIMIT, dtype=np.int64)
    for category, caps in load_emergency_caps(market=market, now=now).items():
        for starts_at, share in caps:
            begin = int(starts_at.timestamp())
            before = lowest_between(
                series,
                np.full(len(shelf), begin - 30 * DAY),
                np.full(len(shelf), begin - 1),
            )
            concerned = (before > 0) & _concerned(shelf, category)
            limit = share_down(before, 1.0 + share)
            ceiling[concerned] = np.minimum(ceiling, limit)[concerned]
    return ceiling


def _concerned(shelf: Shelf, category: int | None) -> BoolArray:
    if category is None:
        return np.ones(len(shelf), dtype=np.bool_)
    below = shelf.tree.below(category) if category in shelf.tree.nodes else frozenset({category})
    return np.isin(shelf.variants.category_id, list(below))


def category_paths(tree: CategoryTree) -> tuple[Mapping[int, int], Mapping[int, str]]:
    """Return the category above each category, and each one's path."""
    families = {one: node.parent_id or one for one, node in tree.nodes.items()}
    return families, {one: node.path for one, node in tree.nodes.items()}


def digest_products(variants: VariantArrays, tree: CategoryTree) -> IntArray:
    """Return a number (m,) that is another one once something of a variant changed that its price
    is made of; its list price is told by the ledger, its words and popularity make none."""
    families, paths = category_paths(tree)
    above = {one: crc32(f"{families[one]} {path}".encode()) for one, path in paths.items()}
    columns = (
        *(variants.product_id, variants.category_id, variants.department_id, variants.brand_id),
        *(variants.cost_minor, variants.restricted, variants.child_directed, variants.sensitive),
        *(variants.never_personal, variants.measure_unit, variants.measure_amount.view(np.int64)),
        np.array([crc32(one.encode()) for one in variants.sku.tolist()], dtype=np.int64),
        np.array([above.get(one, 0) for one in variants.category_id.tolist()], dtype=np.int64),
    )
    digest = np.zeros(len(variants.variant_id), dtype=np.int64)
    for column in columns:
        digest = (digest ^ column.astype(np.int64)) * FNV
    return digest


def _find(sorted_ids: IntArray, wanted: IntArray) -> tuple[IntArray, BoolArray]:
    if not len(sorted_ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return at, sorted_ids[at] == wanted
