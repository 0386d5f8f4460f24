"""The nightly fit of the choice model, the same in the shop and in simulation.

Whether enough is new for a fit, the fit itself, how well it predicts days it did not see, and whom
a price of now meets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import (
    Calibration,
    ChoiceFit,
    Impressions,
    PricedVariants,
    ServedChoice,
    Usual,
    Weekly,
    add_usual,
    check_slopes,
    fit_choice,
    serve_choice,
)
from pricing.demand.core.served import ServedDemand
from pricing.learning.core.minutes import RandomizedEvidence

# A merchant who raises what sells well and cuts what does not sells at high prices as much as at
# low ones: a fit takes that for shoppers who mind no price. Where chance moves prices the fit can
# tell the two apart; before chance moved any, time can. Demand that lasts shows twice: in what a
# day sold at its price, and in the next day's price. Nobody who sets prices by a plan, by cost or
# by lot knows what a day sold beyond expectation.

# Standard errors by which prices must have followed what the day before sold; prices that did not
# follow it pass this once in forty shops.
FOLLOWED = 2.0
FEWEST_DAYS = 30  # pairs of days of products, so that a standard error is one


def forget_followed(seen: Impressions, by_hand: BoolArray) -> Impressions:
    """Return the impressions without the sets `by_hand` (T,), whose prices people set, if these
    followed demand.

    >>> day = np.repeat(np.arange(60), 2)
    >>> drawn = np.random.default_rng(0).normal(size=62)
    >>> today, tomorrow = drawn[day], drawn[day + 1]
    >>> seen = Impressions.of(
    ...     set_id=np.arange(120), item=np.tile([4, 5], 60), category=np.full(120, 7),
    ...     family=np.full(120, 3), log_price=0.05 * today, weight=np.full(120, 1e3),
    ...     bought=np.round(50.0 * np.exp(0.3 * (today + tomorrow))), day=day,
    ... )
    >>> forget_followed(seen, day < 50.0).sets, forget_followed(seen, day < 0.0).sets
    (20, 120)
    """
    if find_following(seen, by_hand[seen.set_of]) < FOLLOWED:
        return seen
    return seen.take_sets(~by_hand)


def find_following(seen: Impressions, rows: BoolArray) -> float:
    """Return by how many standard errors prices of `rows` (n,) followed what the day before sold
    beyond a good's mean: the t of that in a regression of a good's price on it and on its price of
    the day before. 0 where too little is known."""
    item, day, cell = _find_cells(seen, rows)
    weight = seen.weight[seen.set_of[rows]]
    count = len(item)
    visits = np.bincount(cell, weight, count)
    price = np.bincount(cell, weight * seen.log_price[rows], count) / np.maximum(visits, 1e-300)
    sold = np.bincount(cell, seen.bought[rows], count)
    share = np.bincount(item, sold)[item] / np.maximum(np.bincount(item, visits), 1e-300)[item]
    beyond = (sold - visits * share) / np.sqrt(np.maximum(visits * share, 1e-9))
    next_day = np.flatnonzero((np.diff(item) == 0) & (np.diff(day) == 1.0))
    if len(next_day) < FEWEST_DAYS:
        return 0.0
    group = np.unique(item[next_day], return_inverse=True)[1]
    columns = np.stack([price[next_day + 1], beyond[next_day], price[next_day]], axis=1)
    y, *x = _centre(columns, group).T
    return _t_of_first(y, np.stack(x, axis=1), len(np.unique(group)))


def _find_cells(seen: Impressions, rows: BoolArray) -> tuple[IntArray, FloatArray, IntArray]:
    """Return products (c,) and days (c,), ordered, and the cell of each of the rows."""
    pairs = np.stack([seen.item[rows], np.floor(seen.day[seen.set_of[rows]])], axis=1)
    found, cell = np.unique(pairs, axis=0, return_inverse=True)
    at = np.unique(found[:, 0], return_inverse=True)[1] if len(found) else np.zeros(0, np.int64)
    return at, found[:, 1], cell.ravel()


def _centre(columns: FloatArray, group: IntArray) -> FloatArray:
    """Return columns (n, k) less the means of their group."""
    size = np.bincount(group)
    means = np.stack([np.bincount(group, one) / size for one in columns.T], axis=1)
    centred: FloatArray = columns - means[group]
    return centred


def _t_of_first(y: FloatArray, x: FloatArray, groups: int) -> float:
    """Return the t of the first column of `x` in a least-squares fit to `y`, means taken out."""
    square = x.T @ x
    free = len(y) - groups - x.shape[1]
    if free < 1 or np.linalg.matrix_rank(square) < len(square):
        return 0.0
    inverse = np.linalg.inv(square)
    told = inverse @ (x.T @ y)
    rest = float(((y - x @ told) ** 2).sum()) / free
    return float(told[0] / np.sqrt(max(rest * inverse[0, 0], 1e-300)))


# Before so many impressions bought nothing is told. Then a fit is made anew once so many of the
# impressions are new ones: in the first weeks every night.
FEWEST_BOUGHT, NEW_SHARE = 30.0, 0.04
# Who came in these days is who a price of now meets.
SCENE_DAYS = 28.0
# The last days are held out of a first fit, and judge it; the night's own begins where it ended.
HELD_OUT_DAYS = 7.0
# Of families those that were seen most are told.
MOST_ROWS = 12
# The public column of what was logged before the shop set prices itself.
HISTORY = "history"


@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """A fit, what is usual after it, the tables that judge it, and the recent impressions, of
    `days`, that a price of now meets."""

    fit: ChoiceFit
    usual: Usual
    checks: list[dict[str, Any]]
    scene: Impressions
    days: float

    def serve(
        self, goods: PricedVariants, *, day: float, served: ServedDemand, chance: RandomizedEvidence
    ) -> ServedChoice:
        """Return the serving arrays of `goods` on a day, with the weights of `served` where none
        are learned; causal are those that `chance` backs."""
        found = serve_choice(
            self.fit, self.scene, goods, day=day, days=self.days, weights=served.weights
        )
        family = goods.family_id[np.argsort(goods.variant_id)]
        return replace(found, is_causal=chance.backs(found.variant_id, family, served))


def count_impressions(seen: Impressions) -> FloatArray:
    """Return how often each row was seen, (n,)."""
    return seen.weight[seen.set_of]


def has_enough(bought: float) -> bool:
    """Return whether a fit to so many purchases would tell anything."""
    return bought >= FEWEST_BOUGHT


def is_due(new: float, known: float) -> bool:
    """Return whether `new` looks since the last fit, of all those `known`, ask for another.

    >>> is_due(5.0, 100.0), is_due(3.0, 100.0), is_due(0.0, 0.0)
    (True, False, False)
    """
    return new >= max(NEW_SHARE * known, 1.0)


def fit_night(
    seen: Impressions,
    *,
    weekly: Weekly | None,
    start: ChoiceFit | None,
    day: float,
    slopes_stay: bool = False,
) -> Night:
    """Return what a night makes of all impressions, from where the fit `start` ended. A fit of
    other columns is no start.

    `weekly` is what sales tell that are not among these impressions, None if all are: a purchase
    that counts twice makes the model too sure of what it said. Where `slopes_stay`, since nobody
    draws prices any more, what was learned of prices stays that of `start`; without one it is
    learned as ever.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[7, 7], category=[5, 5], family=[1, 1], log_price=[-0.1, 0.1],
    ...     bought=[400.0, 250.0], weight=[2e3, 2e3],
    ... )
    >>> night = fit_night(seen, weekly=None, start=None, day=1.0)
    >>> night.fit.layout.columns.goods, night.scene.sets, night.days, night.checks
    (('usual',), 2, 1.0, [])
    """
    seen, usual = add_usual(forget_followed(seen, find_set_by_hand(seen)))
    if start is not None and start.layout.columns != seen.columns:
        start = None
    if slopes_stay and start is not None:
        checks: list[dict[str, Any]] = []
        fit = fit_choice(seen, start=start, slopes_stay=True)
    else:
        fit, checks = _fit_and_check(seen, weekly, start)
    scene, days = find_scene(seen, day)
    return Night(fit, usual, checks, scene, days)


def find_set_by_hand(seen: Impressions) -> BoolArray:
    """Return which sets (T,) are from before the shop priced by itself: what HISTORY says, else all
    before the day on which chance first moved a price.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1, 2], item=[7, 7, 7], category=[5, 5, 5], family=[1, 1, 1],
    ...     log_price=[0.0, 0.1, 0.0], bought=[0.0, 0.0, 0.0], day=[0.0, 1.0, 2.0],
    ...     moved=[np.nan, 0.1, np.nan],
    ... )
    >>> find_set_by_hand(seen).tolist()
    [True, False, False]
    """
    if HISTORY in seen.columns.public:
        told: BoolArray = seen.public[:, seen.columns.public.index(HISTORY)] > 0.0
        return told
    first = seen.day[seen.set_of[np.isfinite(seen.moved)]].min(initial=np.inf)
    before: BoolArray = seen.day < first
    return before


def find_scene(seen: Impressions, day: float) -> tuple[Impressions, float]:
    """Return whom a price of now (`day`) meets, the impressions of SCENE_DAYS as if the shop set
    all prices, and how many days they are.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1, 2], item=[7, 7, 7], category=[5, 5, 5], family=[1, 1, 1],
    ...     log_price=[0.0, 0.0, 0.0], bought=[0.0, 0.0, 0.0], day=[0.0, 40.0, 50.0],
    ... )
    >>> scene, days = find_scene(seen, 51.0)
    >>> scene.day.tolist(), days
    ([40.0, 50.0], 11.0)
    """
    scene = seen.take_sets(seen.day > seen.day.max(initial=0.0) - SCENE_DAYS)
    public = scene.public.copy()
    public[:, [name == HISTORY for name in seen.columns.public]] = 0.0
    days = float(np.clip(day - scene.day.min(initial=day), 1.0, SCENE_DAYS))
    return replace(scene, public=public), days


def _fit_and_check(
    seen: Impressions, weekly: Weekly | None, start: ChoiceFit | None
) -> tuple[ChoiceFit, list[dict[str, Any]]]:
    """Return the fit to all of `seen`, and tables of what a fit to all but the last days predicted
    of these, beside what was seen.

    There are none before FEWEST_BOUGHT on both sides, nor while chance moves no price.
    """
    last = seen.day > seen.day.max(initial=0.0) - HELD_OUT_DAYS
    before, after = seen.take_sets(~last), seen.take_sets(last)
    is_drawn = np.isfinite(after.moved) & (after.moved != 0.0)
    fewest = min(before.bought.sum(), after.bought.sum())
    if not (has_enough(fewest) and is_drawn.any()):
        return fit_choice(seen, weekly=weekly, start=start), []
    judged = fit_choice(before, weekly=weekly, start=start)
    tables = [_describe(one) for one in check_slopes(judged, after)]
    return fit_choice(seen, weekly=weekly, start=judged), tables


def _describe(table: Calibration) -> dict[str, Any]:
    most = np.sort(np.argsort(-table.visits, kind="stable")[:MOST_ROWS])
    names = ("label", "visits", "predicted", "seen", "factor", "sd")
    columns = [getattr(table, name)[most].astype(float).tolist() for name in names]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return {"kind": table.kind, "p_value": table.p_value, "rows": rows}
