"""Calibration of price response: predicted against observed sales at randomized prices.

Levels drift: a model may be wrong about how much sells and right about what a price does to it.
So levels are fitted to the held-out days first, by family and by day, and only what remains of the
moves that chance made (`moved`) tells of slopes. In each group the factor c, by which what the
model says a move does should be multiplied, is one Newton step from 1:

    c = 1 + sum m (y - w P) / sum w P (1 - P) m^2

with m what the model says the drawn part of the price did to the utility.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc, stdtrit

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.fit import ChoiceFit
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.choice.market import Predicted, predict

LEVEL_DOUBT = 1.0  # sd of how far a level may have moved
ROUNDS = 12
PRICE_STEP, BOOST_STEP = 0.05, 0.25  # how wide the groups by price and by boost are
SURE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A table of g groups of one `kind` ("family", "price" or "boost"), and its p-value.

    `label` (g,): the family's id, the log price over the reference, or the factor 1 + s.w in the
    middle of the group; `visits`, `predicted` and `seen` purchases, levels fitted; `factor` c and
    its `sd`: 1 is right, 2 is a market twice as sensitive as the model says. `p_value`: how likely
    factors are to lie so far from 1 by chance if all are 1.
    """

    kind: str
    label: FloatArray
    visits: FloatArray
    predicted: FloatArray
    seen: FloatArray
    factor: FloatArray
    sd: FloatArray
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Held-out rows: chances with levels fitted, what the model says the draw did (n,)."""

    told: Predicted
    chance: FloatArray
    move: FloatArray
    value: FloatArray


def check_slopes(fit: ChoiceFit, held_out: Impressions) -> list[Calibration]:
    """Return tables by family, by price and by boost on `held_out` impressions; only rows with a
    drawn price (`moved`) tell. Raises ValueError where there are none.

    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> rng = np.random.default_rng(0)
    >>> def see(level, slope):
    ...     price = rng.choice([-0.1, 0.0, 0.1], 3_000)
    ...     chance = 1.0 / (1.0 + np.exp(slope * np.expm1(price) - level))
    ...     return Impressions.of(
    ...         set_id=np.arange(3_000), item=np.arange(3_000) % 5, category=np.zeros(3_000),
    ...         family=np.zeros(3_000), log_price=price, moved=price, weight=np.full(3_000, 50.0),
    ...         bought=rng.binomial(50, chance),
    ...     )
    >>> fit = fit_choice(see(-1.0, 3.0))
    >>> [bool(one.p_value > 0.01) for one in check_slopes(fit, see(0.0, 3.0))]
    [True, True, True]
    >>> steeper = check_slopes(fit, see(-1.0, 4.0))[0]
    >>> bool(steeper.p_value < 1e-6), bool(abs(steeper.factor[0] - 1.33) < 0.15)
    (True, True)
    """
    judged = _judge(fit, held_out)
    frame = judged.told.frame
    drawn = np.flatnonzero(np.isfinite(frame.seen.moved) & (judged.move != 0.0))
    if not len(drawn):
        raise ValueError("no price of these impressions was drawn by chance: nothing to check")
    family = frame.tree.family[frame.family].astype(np.float64)
    price = np.rint(frame.seen.log_price / PRICE_STEP) * PRICE_STEP
    boost = np.floor(judged.told.shares.boost / BOOST_STEP) * BOOST_STEP + BOOST_STEP / 2.0
    kinds = {"family": family, "price": price, "boost": boost}
    return [_tabulate(kind, value, judged, drawn) for kind, value in kinds.items()]


def _judge(fit: ChoiceFit, held_out: Impressions) -> _Judged:
    """Return chances with levels of families and days fitted to what was bought."""
    told = predict(fit, held_out)
    frame, seen = told.frame, told.frame.seen
    chance = fit_levels(seen, told.chance, [frame.family, np.floor(seen.day)[seen.set_of]])
    moved = np.where(np.isfinite(seen.moved), seen.moved, 0.0)
    stay = np.maximum(1.0 - frame.by_set(chance), 1e-12)
    left = np.maximum(seen.weight - frame.by_set(seen.bought), 0.0)
    value = frame.by_set(seen.bought * np.log(np.maximum(chance, 1e-300)))
    if seen.has_outside:
        value = value + left * np.log(stay)
    return _Judged(told, chance, -told.drop * moved, value)


def fit_levels(seen: Impressions, chance: FloatArray, groups: list[Any]) -> FloatArray:
    """Return the chances (n,) with a level of each label of each of `groups` (n,) fitted to what
    was bought, so that a level that drifted is not taken for a slope.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[0, 0], category=[0, 0], family=[0, 0], log_price=[0.0, 0.0],
    ...     bought=[30.0, 10.0], weight=[100.0, 100.0],
    ... )
    >>> fit_levels(seen, np.array([0.1, 0.1]), [[0, 0]]).round(2).tolist()
    [0.2, 0.2]
    """
    numbers = [np.unique(one, return_inverse=True)[1] for one in groups]
    levels = [np.zeros(int(one.max(initial=-1)) + 1) for one in numbers]
    weight, begun = seen.weight[seen.set_of], chance

    def by_set(values: FloatArray) -> FloatArray:
        return np.bincount(seen.set_of, values, seen.sets)

    outside = np.maximum(1.0 - by_set(begun), 0.0) if seen.has_outside else 0.0
    for _ in range(ROUNDS):
        for at, number in enumerate(numbers):
            level = levels[at]
            pull = np.bincount(number, seen.bought - weight * chance, len(level))
            spread = np.bincount(number, weight * chance, len(level)) + LEVEL_DOUBT**-2
            levels[at] = level + np.clip((pull - level / LEVEL_DOUBT**2) / spread, -1.0, 1.0)
            lift = np.sum([one[k] for one, k in zip(levels, numbers, strict=True)], axis=0)
            grown = begun * np.exp(lift)
            chance = grown / (by_set(grown) + outside)[seen.set_of]
    return chance


def _tabulate(kind: str, value: FloatArray, judged: _Judged, drawn: IntArray) -> Calibration:
    """Return the table by `value` (n,) of the rows that chance drew. Within a set the moves of
    other products count too: a row's m is less the set's mean of it."""
    frame, seen = judged.told.frame, judged.told.frame.seen
    label, group = np.unique(value[drawn].round(6), return_inverse=True)
    size = len(label)
    weight = seen.weight[seen.set_of]
    mean = frame.by_set(judged.chance * judged.move)[seen.set_of]
    taken = weight * judged.chance
    score = (seen.bought - taken) * judged.move
    told = taken * judged.move * (judged.move - mean)
    left = np.bincount(group, score[drawn], size)
    known = np.maximum(np.bincount(group, told[drawn], size), 1e-12)
    far = left / known
    return Calibration(
        kind=kind,
        label=label,
        visits=np.bincount(group, weight[drawn], size),
        predicted=np.bincount(group, taken[drawn], size),
        seen=np.bincount(group, seen.bought[drawn], size),
        factor=1.0 + far,
        sd=known**-0.5,
        p_value=float(chdtrc(size, float((far**2 * known).sum()))),
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """How much better another fit predicts held-out days than the served one, and whether it
    replaces it: `gain` of log-likelihood a day with `low` and `high`, an interval of 95 % over
    days."""

    gain: float
    low: float
    high: float
    days: int

    @staticmethod
    def of(by_day: FloatArray) -> Compared:
        """Return the mean of gains by day (D,) with the interval of their mean.

        >>> Compared.of(np.array([1.0, 2.0, 3.0])).low > 0.0, Compared.of(np.ones(1)).replaces
        (False, False)
        """
        days = len(by_day)
        if days < 2:
            return Compared(float(by_day.sum()), -np.inf, np.inf, days)
        wide = float(stdtrit(days - 1, (1.0 + SURE) / 2.0) * by_day.std(ddof=1) / days**0.5)
        mean = float(by_day.mean())
        return Compared(mean, mean - wide, mean + wide, days)

    @property
    def replaces(self) -> bool:
        """Return whether the other is surely better: the interval lies above 0."""
        return self.low > 0.0


def find_gains(
    served: ChoiceFit, other: ChoiceFit, held_out: Impressions, others: Impressions
) -> FloatArray:
    """Return what `other` gains over `served` by day (D,), on days that neither has seen.

    Levels are fitted to the days for both, so that what is compared is response and choice, not
    forecast. `others` are the same impressions with the columns of `other`.
    """
    before, after = _judge(served, held_out), _judge(other, others)
    _, day = np.unique(np.floor(before.told.frame.seen.day), return_inverse=True)
    return np.bincount(day, after.value - before.value)
