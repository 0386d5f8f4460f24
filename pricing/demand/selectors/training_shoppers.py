"""Load who bought what: later purchases by earlier behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

import numpy as np

from pricing.base.core.values import IntArray
from pricing.demand.core.household_response import Timings
from pricing.demand.core.training_cells import TrainingCells, best_sold
from pricing.demand.selectors.household_timings import Past, assemble_timings
from pricing.demand.selectors.training import Window, find_positions
from profiles.features.api import KIND_CODES, ShopperEvents, load_shopper_events, sensitive_goods
from profiles.shoppers.api import list_active_shoppers

SHOPPER_CHUNK = 500
LATER_ITEMS, LATER_WEEKS = 300, 26


@dataclass(slots=True)
class _Gathered:
    """What chunks of shoppers brought: later lines (shopper, item, week, units), and the past."""

    lines: list[IntArray] = field(default_factory=list)
    past: Past = field(default_factory=Past)
    count: int = 0


def load_timings(
    *, cells: TrainingCells, window: Window, as_of: datetime, scale: float, market: str
) -> tuple[Timings, IntArray] | None:
    """Return when a market's shoppers bought what in the last LATER_WEEKS weeks, by what they had
    done before, and the position among the cells of each pair's item; None with too little past.
    Two queries and one per 500 shoppers."""
    weeks = cells.units.shape[1]
    if weeks < LATER_WEEKS + 13 or len(cells.variant_id) < LATER_ITEMS // 10:
        return None
    item = best_sold(cells, LATER_ITEMS)
    first = weeks - LATER_WEEKS
    cut = float(window.middle[first]) - 3.5 * 86_400
    found = _Gathered()
    for events in _read_shoppers(as_of, market):
        lines = split_events(events, cut, cells, item, found.past)
        lines[:, 0] += found.count
        found.lines.append(lines)
        found.count += len(np.unique(events.shopper_id))
    if not found.count:
        return None
    later = slice(first, first + LATER_WEEKS)
    bought = np.concatenate(found.lines)
    made = assemble_timings(found.past, bought, cells, item=item, weeks=later, scale=scale)
    return None if made is None else (made[0], item[made[1]])


def _read_shoppers(as_of: datetime, market: str) -> Iterator[ShopperEvents]:
    seen = list_active_shoppers(as_of - timedelta(weeks=LATER_WEEKS))
    active = sorted(one.id for one in seen if one.market_code == market)
    for chunk in batched(active, SHOPPER_CHUNK):
        yield load_shopper_events(list(chunk), as_of=as_of)


def split_events(
    events: ShopperEvents, cut: float, cells: TrainingCells, item: IntArray, past: Past
) -> IntArray:
    """Return lines after `cut` (shopper's number, item, week, units); what shoppers did before goes
    into `past`."""
    columns = events.columns
    owners, number = np.unique(events.shopper_id, return_inverse=True)
    # What is learned from each shopper sees what features see: nothing of sensitive goods.
    is_purchase = (columns.kind == KIND_CODES["purchase"]) & ~sensitive_goods().hide(columns)
    at, known = find_positions(cells.variant_id[item], columns.variant_id)
    week = ((columns.at - cut) // (7 * 86_400)).astype(np.int64)
    late = is_purchase & known & (week >= 0) & (week < LATER_WEEKS)
    lines = np.stack([number[late], at[late], week[late], columns.quantity[late]], axis=1)
    used = is_purchase & (week < LATER_WEEKS)
    place, is_item = find_positions(cells.variant_id, columns.variant_id[used])
    family = np.where(is_item, cells.family[place], -1)
    past.add(
        columns.take(used),
        number[used],
        owners=len(owners),
        cut=cut,
        late=(np.maximum(week[used], -1), LATER_WEEKS),
        family=(family, len(cells.family_id)),
    )
    return lines
