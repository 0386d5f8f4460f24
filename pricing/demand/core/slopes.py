"""Check of a family's elasticities against sales at randomized prices.

A family of the leaderboard tells how many units a price sells, and its forecast may be good while
its price response is wrong. So only moves that chance made tell of it (`Impressions.moved`), on
days that it has not learned from. Levels of products, days and shoppers are fitted to these days
for every family alike; what is left is answered by the price. The factor c, by which all
elasticities of a family should be multiplied, and the gain over another family's, are those of
`pricing.demand.core.choice.check`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.check import Compared, fit_levels
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.metrics import count_interval

# Fewer purchases at drawn prices tell nothing.
FEWEST_BOUGHT = 30.0
# Of a share of impressions that buy nobody takes more than this: an elasticity is a slope times the
# rest.
MOST_CHANCE = 0.9
WHO_STEPS = 2.0
WEEK_DAYS = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class Elasticities:
    """Own-price elasticities d ln q / d ln p (N,), negative as a rule, of items (N,), ascending."""

    item: IntArray
    elasticity: FloatArray


@dataclass(frozen=True, slots=True)
class SlopeCheck:
    """How a family's elasticities stand beside randomised prices.

    `factor` is what they should be multiplied by and `sd` its standard deviation: 1 is right, 2 is
    a market twice as sensitive. `p_value`: how likely a factor so far from 1 is by chance, if it is
    1. `bought` at drawn prices of `days`. `gain` in log-likelihood a day over the family in use,
    from `low` to `high` (95 %, over days).
    """

    factor: float
    sd: float
    p_value: float
    bought: float
    days: int
    gain: float
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        """Return whether the elasticities are surely nearer to what was bought: all of the interval
        lies above 0."""
        return self.low > 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What shoppers were shown, beside weekly sales whose week 0 begins on `first_day`, in days
    since 1970."""

    seen: Impressions
    first_day: float

    def take_weeks(self, item: IntArray, begin: float, end: float) -> Impressions:
        """Return the sets with a drawn price from week `begin` on, before week `end`, of items
        (N,) alone: what else a page showed is left out.

        >>> seen = Impressions.of(
        ...     set_id=[0, 0, 1], item=[1, 2, 1], category=[0, 0, 0], family=[0, 0, 0],
        ...     log_price=[0.1, 0.0, 0.0], moved=[0.1, np.nan, np.nan], bought=[0.0, 0.0, 0.0],
        ...     day=[107.0, 107.0, 108.0],
        ... )
        >>> Shown(seen, 100.0).take_weeks(np.array([1]), 1.0, 2.0).item.tolist()
        [1]
        """
        seen = self.seen
        week = (seen.day - self.first_day) // WEEK_DAYS
        own = np.isin(seen.item, item) & ((week >= begin) & (week < end))[seen.set_of]
        drawn = np.zeros(seen.sets, dtype=np.bool_)
        drawn[seen.set_of[own & np.isfinite(seen.moved) & (seen.moved != 0.0)]] = True
        rows = np.flatnonzero(own & drawn[seen.set_of])
        return seen.split(rows, seen.set_of[rows])


def check_elasticities(
    told: list[Elasticities], served: list[Elasticities], held_out: list[Impressions]
) -> SlopeCheck | None:
    """Return how elasticities `told` stand, and their gain over those `served`: of each time the
    families learned one, beside the days `held_out` then; None where too little was bought.

    >>> rng, price = np.random.default_rng(0), np.tile([-0.05, 0.05], 600)
    >>> seen = Impressions.of(
    ...     set_id=np.arange(1_200), item=np.arange(1_200) % 7, category=np.zeros(1_200),
    ...     family=np.zeros(1_200), log_price=price, moved=price, day=np.arange(1_200) // 60,
    ...     weight=np.full(1_200, 400.0), bought=rng.binomial(400, 0.05 * np.exp(-3.0 * price)),
    ... )
    >>> right, flat = (Elasticities(np.arange(7), np.full(7, one)) for one in (-3.0, -1.0))
    >>> good, bad = (check_elasticities([one], [flat], [seen]) for one in (right, flat))
    >>> bool(abs(good.factor - 1.0) < 0.15), good.p_value > 0.01, good.is_better
    (True, True, True)
    >>> bool(abs(bad.factor - 3.0) < 0.45), bad.p_value < 1e-6, bad.is_better, bad.gain
    (True, True, False, 0.0)
    """
    parts = [_tell(*one) for one in zip(told, served, held_out, strict=True) if len(one[2])]
    bought = sum(float(seen.bought.sum()) for seen in held_out)
    if not parts or bought < FEWEST_BOUGHT:
        return None
    left, known = (float(sum(one[at] for one in parts)) for at in (0, 1))
    known = max(known, 1e-12)
    far = left / known
    gains = Compared.of(np.concatenate([one[2] for one in parts]))
    return SlopeCheck(
        factor=1.0 + far,
        sd=known**-0.5,
        p_value=float(chdtrc(1, far**2 * known)),
        bought=bought,
        days=gains.days,
        gain=gains.gain,
        low=gains.low,
        high=gains.high,
    )


def _tell(
    told: Elasticities, served: Elasticities, seen: Impressions
) -> tuple[float, float, FloatArray]:
    """Return score and information of the factor, and the gain of each day (D,)."""
    own, other = _Answer.of(told, seen), _Answer.of(served, seen)
    move, taken = own.move, own.visits * own.chance
    mean = np.bincount(seen.set_of, own.chance * move, seen.sets)[seen.set_of]
    left, known = (seen.bought - taken) @ move, taken @ (move * (move - mean))
    # How much likelier what was bought is, if prices that chance moved do what is told of them.
    ahead = _centre(-(own.drop - other.drop) * other.drawn, other, seen)
    more = np.bincount(seen.set_of, other.chance * np.expm1(ahead), seen.sets)
    value = np.bincount(seen.set_of, seen.bought * ahead, seen.sets) - seen.weight * np.log1p(more)
    _, day = np.unique(np.floor(seen.day), return_inverse=True)
    return float(left), float(known), np.bincount(day, value)


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What elasticities say of rows (n,): chances with levels fitted, the fall of log chance with
    log price, the part of the log price that chance drew, and what that did."""

    chance: FloatArray
    visits: FloatArray
    drop: FloatArray
    drawn: FloatArray
    move: FloatArray

    @staticmethod
    def of(told: Elasticities, seen: Impressions) -> _Answer:
        visits = seen.weight[seen.set_of]
        _, item = np.unique(seen.item, return_inverse=True)
        rate = np.bincount(item, seen.bought) + 0.5
        rate = (rate / (np.bincount(item, visits) + 1.0))[item]
        at = np.minimum(np.searchsorted(told.item, seen.item), len(told.item) - 1)
        steep = np.where(told.item[at] == seen.item, -told.elasticity[at], 0.0)
        drop = steep / (1.0 - np.minimum(rate, MOST_CHANCE))
        usual = (np.bincount(item, seen.log_price) / np.bincount(item))[item]
        begun = np.minimum(rate * np.exp(-drop * (seen.log_price - usual)), MOST_CHANCE)
        # Who does more buys more, and may be drawn more.
        who = np.rint(WHO_STEPS * seen.response.sum(axis=1))
        chance = fit_levels(seen, begun, [seen.item, np.floor(seen.day)[seen.set_of], who])
        drawn = np.where(np.isfinite(seen.moved), seen.moved, 0.0)
        found = _Answer(chance, visits, drop, drawn, -drop * drawn)
        return _Answer(chance, visits, drop, drawn, _centre(found.move, found, seen))


def _centre(move: FloatArray, answer: _Answer, seen: Impressions) -> FloatArray:
    """Return moves (n,) less the mean of the good's: its level was fitted to these days."""
    _, item = np.unique(seen.item, return_inverse=True)
    taken = answer.visits * answer.chance
    mean = np.bincount(item, taken * move) / np.maximum(np.bincount(item, taken), 1e-300)
    centred: FloatArray = move - mean[item]
    return centred


GRID_LOW, GRID_HIGH = 0.6, 1.4


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand of one item: `units` a week at `price_minor`, elasticity magnitude and its sd."""

    units: float
    price_minor: float
    elasticity: float
    elasticity_sd: float
    dispersion: float = 1.0


def price_grid(price_minor: int, exponent: int = 2) -> IntArray:
    """Return charm-ended prices from 60 % to 140 % of a price, the price itself among them.

    >>> price_grid(100).tolist()[:4]
    [65, 69, 75, 79]
    """
    ladder = price_ladder(exponent)
    low, high = GRID_LOW * price_minor, GRID_HIGH * price_minor
    inside = ladder[(ladder >= low) & (ladder <= high)]
    return np.unique(np.append(inside, price_minor))


def expect_units(demand: Demand, grid: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, 5 % and 95 % quantile of weekly units at each price of the grid.

    E[q(p)] = q0 exp(-e x + (s x)^2 / 2) with x = log(p / p0); the variance adds the posterior of
    e to counting noise: phi m + m^2 (exp((s x)^2) - 1).

    >>> demand = Demand(10.0, 400.0, 2.0, 0.0)
    >>> expect_units(demand, np.array([400, 200]))[0].round(2).tolist()
    [10.0, 40.0]
    """
    x = np.log(grid / demand.price_minor)
    spread = (demand.elasticity_sd * x) ** 2
    mean = demand.units * np.exp(-demand.elasticity * x + 0.5 * spread)
    variance = demand.dispersion * mean + mean**2 * np.expm1(spread)
    low, high = count_interval(mean, variance, 0.9)
    return mean, low, high


def units_at(
    seen_price: FloatArray, seen_units: FloatArray, price_minor: float, elasticity: float
) -> float:
    """Return mean weekly units as if every week had had `price_minor`; 0 if nothing was seen.

    >>> units_at(np.array([400.0]), np.array([10.0]), 200.0, 2.0)
    40.0
    """
    if not len(seen_price):
        return 0.0
    return float(np.mean(seen_units * (price_minor / seen_price) ** -elasticity))
