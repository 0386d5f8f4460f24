"""Load who bought what: later purchases by earlier behaviour, by segment and by tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.training_cells import TrainingCells, best_sold
from pricing.selectors.training import Window, find_positions
from profiles.core.features import KIND_CODES
from profiles.core.features.decay import LONG_HALF_LIFE, fade, weigh
from profiles.core.values import ShopperValue
from profiles.selectors import list_active_shoppers
from profiles.selectors.catalog import sensitive_goods
from profiles.selectors.event_columns import ShopperEvents, load_shopper_events
from profiles.selectors.features import compute_feature_tables
from profiles.selectors.segments import get_segment_model

SHOPPER_CHUNK = 500
DEAL_GROUPS = 5
LATER_ITEMS, LATER_WEEKS = 300, 26
# Groups of fewer shoppers are not told apart: neither learned nor shown.
MIN_COHORT = 20


@dataclass(frozen=True, slots=True)
class DealCells:
    """Later purchases by earlier behaviour: what the `deals` weight is fitted on.

    `units` (B, N, T) of N items bought in T weeks by B groups of shoppers; `strength` (B,) is the
    mean saturated signal of each group at the start.
    """

    units: FloatArray
    strength: FloatArray


@dataclass(frozen=True, slots=True)
class GroupCells:
    """Later purchases by segment and tag as they were before. Groups (G,) may overlap.

    `kind` is "segment" or "tag", `code` the name within it, `shoppers` how many; `units`
    (G, N, T) theirs, `total` (N, T) those of everybody who agreed to a profile.
    """

    kind: tuple[str, ...]
    code: tuple[str, ...]
    shoppers: tuple[int, ...]
    units: FloatArray
    total: FloatArray


@dataclass(frozen=True, slots=True)
class ShopperCells:
    """Purchases of the last weeks by shopper groups. `item` (N,) are positions in the training
    cells, `weeks` the weeks of them; deals or groups are None with too few shoppers."""

    item: IntArray
    weeks: slice
    deals: DealCells | None
    groups: GroupCells | None


@dataclass(slots=True)
class _Gathered:
    """What chunks of shoppers brought: signals, lines (shopper, item, week, units), labels."""

    deals: list[FloatArray] = field(default_factory=list)
    lines: list[IntArray] = field(default_factory=list)
    labels: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    labelled: list[int] = field(default_factory=list)
    count: int = 0


def load_shopper_cells(
    *, cells: TrainingCells, window: Window, as_of: datetime, scale: float, market: str
) -> ShopperCells | None:
    """Return the last LATER_WEEKS weeks by groups of a market's shoppers as they were before; None
    with too little past.

    Segments and tags are taken at the start, with the rules in use now: a tag for buying on offer
    must not rest on the very purchases whose response to offers is measured. Two queries and
    four per 500 shoppers at most.
    """
    weeks = cells.units.shape[1]
    if weeks < LATER_WEEKS + 13 or len(cells.variant_id) < LATER_ITEMS // 10:
        return None
    item = best_sold(cells, LATER_ITEMS)
    first = weeks - LATER_WEEKS
    cut = float(window.middle[first]) - 3.5 * 86_400
    found = _Gathered()
    for shoppers, events in _read_shoppers(as_of, market):
        _gather(found, shoppers, _split(events, cut, cells.variant_id[item]), cut)
    shape = (len(item), LATER_WEEKS)
    return ShopperCells(
        item=item,
        weeks=slice(first, first + LATER_WEEKS),
        deals=_group_deals(found, shape, scale),
        groups=_group_labels(found, shape),
    )


def _read_shoppers(
    as_of: datetime, market: str
) -> Iterator[tuple[Sequence[ShopperValue], ShopperEvents]]:
    seen = list_active_shoppers(as_of - timedelta(weeks=LATER_WEEKS))
    active = [one for one in seen if one.market_code == market]
    for chunk in batched(sorted(active, key=lambda one: one.id), SHOPPER_CHUNK):
        yield chunk, load_shopper_events([one.id for one in chunk], as_of=as_of)


def _split(
    events: ShopperEvents, cut: float, variant_id: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return the ids of shoppers, their decayed deals at `cut`, and later lines (shopper's number,
    item, week, units)."""
    columns = events.columns
    owners, number = np.unique(events.shopper_id, return_inverse=True)
    # What is learned from each shopper sees what features see: nothing of sensitive goods.
    is_purchase = (columns.kind == KIND_CODES["purchase"]) & ~sensitive_goods().hide(columns)
    early = is_purchase & (columns.at < cut) & columns.is_discounted
    signal = np.bincount(
        number[early], weigh(columns.at[early], LONG_HALF_LIFE), len(owners)
    ) * fade(cut, LONG_HALF_LIFE)
    at, known = find_positions(variant_id, columns.variant_id)
    week = ((columns.at - cut) // (7 * 86_400)).astype(np.int64)
    late = is_purchase & known & (week >= 0) & (week < LATER_WEEKS)
    lines = np.stack([number[late], at[late], week[late], columns.quantity[late]], axis=1)
    return owners, signal, lines


def _gather(
    found: _Gathered,
    shoppers: Sequence[ShopperValue],
    parts: tuple[IntArray, FloatArray, IntArray],
    cut: float,
) -> None:
    owners, signal, lines = parts
    lines[:, 0] += found.count
    found.deals.append(signal)
    found.lines.append(lines)
    number = {one: found.count + at for at, one in enumerate(owners.tolist())}
    found.count += len(owners)
    if get_segment_model() is None:
        return
    # Purchases are recorded by contract; a profile is made of them only with consent.
    agreed = [
        one.id
        for one in shoppers
        if one.id in number
        and (one.consents.price or one.consents.recommendations or one.consents.analytics)
    ]
    for table in compute_feature_tables(agreed, datetime.fromtimestamp(cut, UTC)):
        for shopper, row in zip(table.shopper_ids, table.rows(), strict=True):
            found.labelled.append(number[shopper])
            names = [("tag", tag) for tag in row.tags]
            names += [("segment", row.segment)] if row.segment else []
            for name in names:
                found.labels.setdefault(name, []).append(number[shopper])


def _group_deals(found: _Gathered, shape: tuple[int, int], scale: float) -> DealCells | None:
    if found.count < 20 * DEAL_GROUPS:
        return None
    deals = np.concatenate(found.deals)
    edges = np.quantile(deals, np.arange(1, DEAL_GROUPS) / DEAL_GROUPS)
    group = np.searchsorted(edges, deals)
    count = np.maximum(np.bincount(group, minlength=DEAL_GROUPS), 1)
    member = np.zeros((DEAL_GROUPS, found.count))
    member[group, np.arange(found.count)] = 1.0
    return DealCells(
        units=_count(found, member, shape),
        strength=np.bincount(group, deals / (deals + scale), DEAL_GROUPS) / count,
    )


def _group_labels(found: _Gathered, shape: tuple[int, int]) -> GroupCells | None:
    names = sorted(name for name, who in found.labels.items() if len(who) >= MIN_COHORT)
    if len(names) < 2:
        return None
    member = np.zeros((len(names) + 1, found.count))
    for row, name in enumerate(names):
        member[row, found.labels[name]] = 1.0
    member[-1, found.labelled] = 1.0
    units = _count(found, member, shape)
    return GroupCells(
        kind=tuple(kind for kind, _ in names),
        code=tuple(code for _, code in names),
        shoppers=tuple(len(found.labels[name]) for name in names),
        units=units[:-1],
        total=units[-1],
    )


def _count(found: _Gathered, member: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return the units (G, N, T) that the members (G, shoppers) of each group bought."""
    shopper, item, week, units = np.concatenate(found.lines).T
    place = item * shape[1] + week
    counted = [np.bincount(place, row[shopper] * units, shape[0] * shape[1]) for row in member]
    return np.stack(counted).reshape(len(member), *shape)
