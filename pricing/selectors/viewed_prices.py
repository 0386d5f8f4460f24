"""Public prices as shoppers met them: whose view, at which price, how likely it was, and bought.

A shopper's views are kept as events where they agreed to it, public prices in the ledger, and what
chance could have done in the week's draw. So exposures of people to public prices need no record of
their own: they are read from these. This is for who judges public prices by person, in a notebook;
no job or page does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.looks import WeekDraw, find_chances
from pricing.models import Quote
from pricing.selectors.looks import MOST_RUNGS
from pricing.selectors.references import load_series
from pricing.selectors.shock_draws import load_timed_draw
from pricing.selectors.shocks import shock_week
from profiles.selectors.views import ProductViews, load_product_views
from shop.catalog.selectors import load_sensitive_ids
from shop.kernel.clock import epoch_ms

# A quote holds for an hour, and whoever has it in a cart pays for it half an hour later.
PATIENCE = timedelta(minutes=90)


@dataclass(frozen=True, slots=True)
class ViewedPrices:
    """n views of public prices, arrays (n,). `shopper` tells shoppers apart without naming them.

    `rung_minor` (n, MOST_RUNGS) are the prices that chance could have shown, highest first, 0 where
    there is none, `probability` how likely each was, `chosen` the column that was shown. `units` is
    what the shopper bought of the variant within PATIENCE.
    """

    shopper: IntArray
    variant_id: IntArray
    at_ms: IntArray
    public_minor: IntArray
    rung_minor: IntArray
    probability: FloatArray
    chosen: IntArray
    units: IntArray

    def __len__(self) -> int:
        return len(self.shopper)


def load_viewed_prices(
    *, since: datetime, until: datetime, market: str = "us", channel: str = "online"
) -> ViewedPrices:
    """Return the views of products in `[since, until)` by shoppers whose data prices may use.

    Left out: goods that tell of health or belief, prices that were decided for the shopper
    (`load_exposures` has them), and goods without a public price. Three queries, and one a week.
    """
    place = (market, channel)
    views = load_product_views(
        since=since, until=until, patience=PATIENCE, market=market, channel=channel
    )
    public = _find_prices(views, place, until)
    kept = (public > 0) & ~np.isin(views.variant_id, load_sensitive_ids().variant_id)
    kept &= ~_find_decided(views, place, since, until)
    at, price = views.at_ms[kept], public[kept]
    rungs, chances = _list_chances(views.variant_id[kept], at, price, place)
    return ViewedPrices(
        shopper=np.unique(views.shopper_id[kept], return_inverse=True)[1].astype(np.int64),
        variant_id=views.variant_id[kept],
        at_ms=at,
        public_minor=price,
        rung_minor=rungs,
        probability=chances,
        chosen=np.argmax(rungs == price[:, None], axis=1).astype(np.int64),
        units=views.units[kept],
    )


def _find_prices(views: ProductViews, place: tuple[str, str], until: datetime) -> IntArray:
    """Return the public price of each view's variant at its moment, 0 before the first."""
    ids, item = np.unique(views.variant_id, return_inverse=True)
    series = load_series(variant_id=ids, now=until, place=place)
    owner = np.repeat(np.arange(len(ids)), np.diff(series.offsets))
    # One ascending number for (variant, second): a view finds the last entry at or before it.
    span = 2**40
    entries, wanted = owner * span + series.start, item * span + views.at_ms // 1_000
    at = np.searchsorted(entries, wanted, side="right") - 1
    is_there = (at >= 0) & (owner[np.maximum(at, 0)] == item) if len(owner) else at >= 0
    prices = series.amount[np.maximum(at, 0)] if len(owner) else np.zeros(len(at), np.int64)
    return np.where(is_there, prices, 0).astype(np.int64)


def _find_decided(
    views: ProductViews, place: tuple[str, str], since: datetime, until: datetime
) -> BoolArray:
    """Return where a decision for this shopper held at the moment of the view. One query."""
    rows = Quote.objects.filter(
        issued_at__gte=since - PATIENCE,
        issued_at__lt=until,
        market_code=place[0],
        channel=place[1],
        shopper_id__isnull=False,
    ).exclude(arm=Quote.Arm.NONE)
    held: dict[tuple[int, int], list[tuple[int, int]]] = {}
    names = ("shopper_id", "variant_id", "issued_at", "expires_at")
    for shopper, variant, issued, expires in rows.values_list(*names).iterator():
        # A page decides and shows at once; the view's own clock may be a moment earlier.
        window = (epoch_ms(issued) - 60_000, epoch_ms(expires))
        held.setdefault((shopper, variant), []).append(window)
    keys = zip(views.shopper_id.tolist(), views.variant_id.tolist(), strict=True)
    return np.array(
        [
            any(begin <= at < end for begin, end in held.get(key, ()))
            for key, at in zip(keys, views.at_ms.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )


def _list_chances(
    variant_id: IntArray, at_ms: IntArray, public: IntArray, place: tuple[str, str]
) -> tuple[IntArray, FloatArray]:
    rungs = np.zeros((len(public), MOST_RUNGS), dtype=np.int64)
    chances = np.zeros((len(public), MOST_RUNGS))
    draws: dict[date, tuple[WeekDraw, datetime] | None] = {}
    for row, at in enumerate(at_ms.tolist()):
        moment = datetime.fromtimestamp(at / 1_000, UTC)
        week = shock_week(moment)
        if week not in draws:
            draws[week] = load_timed_draw(place=place, week=week)
        found = draws[week]
        draw = None if found is None or moment < found[1] else found[0]
        version = 0 if draw is None else draw.book_version
        known = find_chances(draw, int(variant_id[row]), int(public[row]), version)
        rungs[row, : len(known.rungs)] = known.rungs
        chances[row, : len(known.rungs)] = known.probabilities
    return rungs, chances
