"""Load who bought what: later purchases by earlier behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.household_response import NEVER, Timings
from pricing.demand.core.training_cells import TrainingCells, best_sold
from pricing.demand.selectors.training import Window, find_positions
from profiles.features.api import (
    KIND_CODES,
    LONG_HALF_LIFE,
    EventColumns,
    ShopperEvents,
    fade,
    load_shopper_events,
    sensitive_products,
    weigh,
)
from profiles.shoppers.api import list_active_shoppers
from shop.ground.staff.numbers import show_count, show_percent

# A line among the cheapest third of its category, and the sums at which these signals are half.
CHEAP_RANK = 1.0 / 3.0
CHEAP_SCALE, FAMILY_SCALE = 200.0, 5.0
FEWEST_PAIRS, MOST_PAIRS = 500, 120_000
HALF_A_LINE = 0.5


@dataclass(slots=True)
class Past:
    """What shoppers did before the first week and in which weeks they bought: by chunks.

    `general` (n, 2) are decayed lines on offer and cheap ones; `family` (n, families, 2) the same
    by the item's family; `trips` (n, weeks) all lines.
    """

    general: list[FloatArray] = field(default_factory=list)
    family: list[FloatArray] = field(default_factory=list)
    trips: list[FloatArray] = field(default_factory=list)

    def add(
        self,
        columns: EventColumns,
        number: IntArray,
        *,
        owners: int,
        cut: float,
        late: tuple[IntArray, int],
        family: tuple[IntArray, int],
    ) -> None:
        """Take in purchases: whose (`number`), in which later week (-1: before), of which family
        (-1: of none that is learned)."""
        (week, weeks), (own, families) = late, family
        early = week < 0
        decayed = np.where(early, weigh(columns.at, LONG_HALF_LIFE), 0.0) * fade(
            cut, LONG_HALF_LIFE
        )
        kinds = (columns.is_discounted, columns.price_rank <= CHEAP_RANK)
        at, known = number * families + np.maximum(own, 0), own >= 0
        general, by_family = [], []
        for kind in kinds:
            worth = decayed * kind
            general.append(np.bincount(number, worth, owners))
            sums = np.bincount(at[known], worth[known], owners * families)
            by_family.append(sums.reshape(owners, families))
        self.general.append(np.stack(general, axis=1))
        self.family.append(np.stack(by_family, axis=2))
        place = number[~early] * weeks + week[~early]
        lines = np.bincount(place, minlength=owners * weeks).astype(np.float64)
        self.trips.append(lines.reshape(owners, weeks))


def assemble_timings(
    past: Past,
    lines: IntArray,
    cells: TrainingCells,
    *,
    item: IntArray,
    weeks: slice,
    scale: float,
) -> tuple[Timings, IntArray] | None:
    """Return timings, their price moves not yet times the items' elasticities, and the item of each
    pair; None with too few pairs. `lines` (n, 4) are shopper, item, week and units.

    The signals are growing sums: offers as they serve (`deals` of those who know the family),
    offers in the family, cheap lines, cheap lines in the family.
    """
    trips = np.concatenate(past.trips)
    shopper, bought_item, week = lines[:, 0], lines[:, 1], lines[:, 2]
    pair, back = np.unique(shopper * len(item) + bought_item, return_inverse=True)
    if len(pair) < FEWEST_PAIRS:
        return None
    household, own = pair // len(item), pair % len(item)
    bought = np.zeros((len(pair), trips.shape[1]))
    bought[back.ravel(), week] = 1.0
    kept = (trips[household] > 0).sum(axis=1) > bought.sum(axis=1)
    # The most bought products come first in no order of shoppers: a bound on memory alone.
    kept &= np.arange(len(pair)) < MOST_PAIRS
    household, own, bought = household[kept], own[kept], bought[kept]
    total = np.zeros((len(item), trips.shape[1]))
    np.add.at(total, (bought_item, week), 1.0)
    offset = np.where(
        trips[household] > 0, np.log(np.maximum(total[own] - bought, 0.0) + HALF_A_LINE), NEVER
    )
    other = np.log(np.maximum(trips[household] - bought, 0.0) + HALF_A_LINE)
    log_price = np.log(cells.price_minor[item][:, weeks])
    log_price -= log_price.mean(axis=1, keepdims=True)
    placed = (log_price, cells.display[item][:, weeks], cells.mailer[item][:, weeks])
    moves = np.stack([*(one[own] for one in placed), other], axis=2)
    signals = _signals(past, household, cells.family[item][own], scale)
    return Timings(household, bought, offset, moves, signals), own


def _signals(past: Past, household: IntArray, family: IntArray, scale: float) -> FloatArray:
    general = np.concatenate(past.general)[household]
    own = np.concatenate(past.family)[household, family]
    offers, cheap = general[:, 0], general[:, 1]
    return np.stack(
        [
            offers / (offers + scale) * (own.sum(axis=1) > 0.0),
            own[:, 0] / (own[:, 0] + FAMILY_SCALE),
            cheap / (cheap + CHEAP_SCALE),
            own[:, 1] / (own[:, 1] + FAMILY_SCALE),
        ],
        axis=1,
    )


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
    # What is learned from each shopper sees what features see: nothing of sensitive products.
    is_purchase = (columns.kind == KIND_CODES["purchase"]) & ~sensitive_products().hide(columns)
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


HOUSEHOLDS = "household_response"


def say_households(metrics: Mapping[str, Any]) -> str:
    """Return whether personal prices rest on what was learned of shoppers, with the figures; ""
    where nothing was tested."""
    found = metrics.get(HOUSEHOLDS)
    if not found:
        return ""
    told = {
        "gain": f"{found['gain']:.2f}",
        "low": f"{found['low']:.2f}",
        "high": f"{found['high']:.2f}",
        "people": show_count(found["households"]),
        "lines": show_count(found["lines"]),
        "planted": show_percent(found["planted"]),
        "power": show_percent(found["power"]),
        "weight": f"{found['weight']:.2f}",
    }
    if found["is_real"]:
        return (
            _(
                "Shoppers' own price response is real: on shoppers it had not seen, deviance per"
                " 1,000 lines is %(gain)s lower with it (95 %% interval %(low)s to %(high)s,"
                " %(people)s shoppers, %(lines)s lines). Offers bought earlier weigh %(weight)s in"
                " personal prices."
            )
            % told
        )
    return (
        _(
            "Shoppers' own price response is not shown: on shoppers it had not seen, deviance per"
            " 1,000 lines is %(gain)s lower with it (95 %% interval %(low)s to %(high)s,"
            " %(people)s shoppers, %(lines)s lines). The same test finds a planted response of"
            " %(planted)s in %(power)s of draws. Personal prices rest on interest shown lately and"
            " on the shop's own weights."
        )
        % told
    )
