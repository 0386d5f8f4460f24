"""Price tests: what may be drawn, the prices of their arms, and what their weeks taught."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from math import ceil

import numpy as np

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.optimum.core.feasible import Limits
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core import PublicBounds
from profiles.lots import draw_evenly


@dataclass(frozen=True, slots=True)
class Arms:
    """Arms of experiments with the public prices of m variants, arrays (m,).

    `base_minor` is the price without the experiment; `is_tested` says that an experiment has the
    variant, `factor` what its arm makes of the price (1: nothing); `is_closed`, that the price is
    left alone all the same. `is_intact` says that the price is still the one an arm set, now or
    before.
    """

    base_minor: IntArray
    factor: FloatArray
    is_tested: BoolArray
    is_closed: BoolArray
    is_intact: BoolArray

    @property
    def sets(self) -> BoolArray:
        """Where arms set prices unless staff do, (m,)."""
        return self.is_tested & ~self.is_closed

    @staticmethod
    def nothing(public_minor: IntArray) -> Arms:
        """Return prices (m,) that no experiment has."""
        no = np.zeros(len(public_minor), dtype=np.bool_)
        return Arms(public_minor, np.ones(len(public_minor)), no, no, no)

    def rest(self, calm_minor: IntArray, is_stopped: BoolArray, bounds: PublicBounds) -> Arms:
        """Return the arms over the prices without what chance did, (m,), inside hard bounds.

        Products that a kill switch stops are left alone.
        """
        most = np.minimum(bounds.ceiling_minor, bounds.emergency_minor)
        inside = np.minimum(np.maximum(calm_minor, bounds.floor_minor), most)
        base = np.where(self.is_tested, np.maximum(inside, 1), calm_minor)
        return replace(self, base_minor=base, is_closed=self.is_closed | is_stopped)


def multiply_prices(base_minor: IntArray, factor: FloatArray, floor_minor: IntArray) -> IntArray:
    """Return min(base, max(base x factor rounded down, floor)), (m,), in minor units.

    >>> multiply_prices(np.array([400, 399, 400]), np.array([0.95, 0.95, 1.5]),
    ...                 np.array([300, 390, 300])).tolist()
    [380, 390, 400]
    """
    exact = np.round(base_minor.astype(np.float64) * factor, 9)
    return np.minimum(base_minor, np.maximum(np.floor(exact).astype(np.int64), floor_minor))


def least_factor(step_cap: float) -> float:
    """Return the lowest factor from which one step of `step_cap` leads back to the base, rounded up
    to a tenth of a percent: further down, a turn could not end when it is over.

    >>> least_factor(0.10), least_factor(0.25)
    (0.91, 0.8)
    """
    return ceil(round(1_000.0 / (1.0 + step_cap), 9)) / 1_000.0


# Turns begin at any hour, weeks on Monday, and a week's price is read in its middle: what its
# mean log price was beside that is its shift.


@dataclass(frozen=True, slots=True)
class ArmPeriods:
    """n treatment periods of variants' public prices, arrays (n,): from `begin` to `end` (seconds
    since the epoch) at `shown_minor`, where `other_minor` was as likely."""

    variant_id: IntArray
    begin: FloatArray
    end: FloatArray
    shown_minor: FloatArray
    other_minor: FloatArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def take(self, where: BoolArray) -> ArmPeriods:
        """Return the treatment periods where a mask says so."""
        return ArmPeriods(**{name: getattr(self, name)[where] for name in self.__slots__})


def shift_weeks(
    spells: ArmPeriods, item: IntArray, items: int, edges: FloatArray, middle: IntArray
) -> FloatArray:
    """Return what each week's mean log price is above that of its middle, (N, W): `item` (n,) is
    the row of each treatment period, `edges` (W + 1,) where weeks begin, the last one's end among
    them, `middle` (W,) where their price is read; seconds.

    >>> spells = ArmPeriods(
    ...     np.array([7]), np.array([0.0]), np.array([4.0]), np.array([380.0]), np.array([400.0])
    ... )
    >>> edges, middle = np.array([0.0, 10.0]), np.array([5])
    >>> shift_weeks(spells, np.array([0]), 1, edges, middle).round(4).tolist()
    [[-0.0205]]
    """
    shift = np.zeros((items, len(middle)))
    # Below the price without the experiment; the plain arm's is that price.
    move = np.minimum(np.log(spells.shown_minor) - np.log(spells.other_minor), 0.0)
    begin, end = spells.begin[:, None], spells.end[:, None]
    inside = np.minimum(end, edges[None, 1:]) - np.maximum(begin, edges[None, :-1])
    share = np.maximum(inside, 0.0) / np.diff(edges)
    holds = (begin <= middle) & (middle < end)
    at, week = np.nonzero(share > 0.0)
    np.add.at(shift, (item[at], week), (share[at, week] - holds[at, week]) * move[at])
    return shift


# What chance moved, nothing else did: an elasticity measured on such weeks is causal. At a flat
# optimum a move of 5 % costs about 1.5 % of the profit of the products concerned, so 5 % of them
# cost less than 0.1 % of the profit, and everybody still sees one public price.

# What a week teaches grows with the square of the move: one of 2 % teaches a quarter of what this
# does.
LEAST_MOVE = 0.04
# A price that is wrong because a log elasticity is costs about half its variance e / (e - 1) of the
# profit: below CALM tests become rarer in proportion, down to LEAST_SHARE, which keeps history
# causal. Above it the policy's share, which two people agreed to, is the most.
CALM, LEAST_SHARE = 0.024, 0.01


@dataclass(frozen=True, slots=True)
class PriceTestPlan:
    """Directions of a week's shocks, (m,): -1 or +1 price point, 0 for most; and the probability
    that this very move was drawn (0 where none could be). `chances` (m, 2) are those of a price
    point down and of one up, also of products that nothing was drawn for."""

    direction: IntArray
    probability: FloatArray
    chances: FloatArray


@dataclass(frozen=True, slots=True)
class PriceTests:
    """Shocks of m variants, arrays (m,). `base_minor` is the price without them.

    `running_minor` is what a shock of before set the price to (0: none); `is_intact` says that it
    still does, `holds` that it goes on; `is_stopped` where a kill switch lets chance move nothing.
    `direction` is what was drawn for the week that begins on Monday `week` (0: nothing), with which
    `probability`; `chances` (m, 2) are those of a price point down and up, of products that nothing
    was drawn for too. `seed` is that of the place.
    """

    base_minor: IntArray
    running_minor: IntArray
    is_intact: BoolArray
    holds: BoolArray
    is_stopped: BoolArray
    direction: IntArray
    probability: FloatArray
    chances: FloatArray
    seed: str
    week: date

    @property
    def returns(self) -> BoolArray:
        """Where a price goes back to what it was, (m,)."""
        return self.is_intact & ~self.holds

    @staticmethod
    def running(
        base_minor: IntArray,
        running_minor: IntArray,
        *,
        is_intact: BoolArray,
        holds: BoolArray,
        is_stopped: BoolArray,
        seed: str,
        week: date,
    ) -> PriceTests:
        """Return the shocks that run, nothing drawn yet for the week."""
        count = len(base_minor)
        return PriceTests(
            base_minor=base_minor,
            running_minor=running_minor,
            is_intact=is_intact,
            holds=holds,
            is_stopped=is_stopped,
            direction=np.zeros(count, dtype=np.int64),
            probability=np.zeros(count),
            chances=np.zeros((count, 2)),
            seed=seed,
            week=week,
        )


def size_tests(terms: VariantTerms, most: float) -> FloatArray:
    """Return the share of products (m,) to test in each one's category: what is learned decides.

    In proportion to the mean variance of log elasticities, (sd / e)^2, up to CALM; from there on
    `most`. At least LEAST_SHARE, unless `most` is less. What is no number tells no doubt, and is
    tested like what is not known.

    >>> from dataclasses import replace
    >>> from pricing.optimum.core.quote import example_terms
    >>> sure = replace(example_terms(), elasticity_sd=np.array([0.2]))
    >>> [size_tests(one, 0.05).round(3).tolist() for one in (example_terms(), sure)]
    [[0.05], [0.026]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        doubt = (terms.elasticity_sd / terms.elasticity) ** 2
    doubt = np.where(np.isfinite(doubt), np.minimum(doubt, CALM), CALM)
    _, place = np.unique(terms.category_id, return_inverse=True)
    mean = (np.bincount(place, doubt) / np.maximum(np.bincount(place), 1))[place]
    # Rounded, so that a chance on record is a number somebody would write.
    return np.clip(np.round(most * mean / CALM, 6), min(most, LEAST_SHARE), most)


def draw_shocks(
    shocks: PriceTests, terms: VariantTerms, limits: Limits, *, may_move: BoolArray, most: float
) -> PriceTests:
    """Return `shocks` with those drawn for the week that begins, of products that `may_move`: in
    each category the share that `size_tests` says, `most` at most."""
    may_fall, may_rise = find_ways(shocks.base_minor, limits, may_move, terms.exponent)
    plan = plan_price_tests(
        variant_id=terms.variant_id,
        category_id=terms.category_id,
        may_fall=may_fall,
        may_rise=may_rise,
        share=size_tests(terms, most),
        seed=shocks.seed,
        week=shocks.week,
    )
    return replace(
        shocks, direction=plan.direction, probability=plan.probability, chances=plan.chances
    )


def target_prices(shocks: PriceTests, exponent: int) -> IntArray:
    """Return the prices chance asks for, (m,): 0 where it asks for none."""
    below, above = shock_price_points(shocks.base_minor, exponent)
    drawn = np.where(shocks.direction < 0, below, above)
    held = np.where(shocks.holds, shocks.running_minor, 0)
    return np.where(shocks.direction != 0, drawn, held)


def shock_price_points(base_minor: IntArray, exponent: int = 2) -> tuple[IntArray, IntArray]:
    """Return the next price points below and above each price, (m,) each; the price where there is
    none.

    A price point less than LEAST_MOVE away teaches nothing and is passed over.

    >>> below, above = shock_price_points(np.array([400, 459]))
    >>> below.tolist(), above.tolist()
    ([379, 439], [419, 479])
    """
    ladder = price_ladder(exponent)
    low = np.searchsorted(ladder, base_minor * (1.0 - LEAST_MOVE), side="right") - 1
    high = np.searchsorted(ladder, base_minor * (1.0 + LEAST_MOVE), side="left")
    below = np.where(low >= 0, ladder[np.maximum(low, 0)], base_minor)
    above = np.where(high < len(ladder), ladder[np.minimum(high, len(ladder) - 1)], base_minor)
    return below, above


def find_ways(
    base_minor: IntArray, limits: Limits, may_move: BoolArray, exponent: int = 2
) -> tuple[BoolArray, BoolArray]:
    """Return which prices (m,) chance may move a price point down and which up, of those that
    `may_move`.

    A price point outside floor, ceiling or step cap, or up above the competitors' band, is none.

    >>> from pricing.optimum.core.feasible import example_limits
    >>> limits = example_limits(current=459, floor=300, ceiling=459, step=0.1)
    >>> [way.tolist() for way in find_ways(np.array([459]), limits, np.array([True]))]
    [[True], [False]]
    """
    below, above = shock_price_points(base_minor, exponent)
    lowest = np.maximum(limits.floor_minor, limits.step_low)
    highest = np.minimum(np.minimum(limits.ceiling_minor, limits.step_high), limits.band_high)
    may_fall: BoolArray = may_move & (below < base_minor) & (below >= lowest)
    may_rise: BoolArray = may_move & (above > base_minor) & (above <= highest)
    return may_fall, may_rise


def plan_price_tests(
    *,
    variant_id: IntArray,
    category_id: IntArray,
    may_fall: BoolArray,
    may_rise: BoolArray,
    share: FloatArray | float,
    seed: str,
    week: date,
) -> PriceTestPlan:
    """Return which variants (m,) move by a price point in `week`, the same for the same arguments.

    They are drawn evenly within each category, apart for products that may go both ways, only down
    and only up: each has the probability `share` (m,), one for each category, and the number taken
    differs from share x n by less than one. Where both ways are open, down and up alternate, so
    that a category's mean price stays where it was.

    >>> plan = plan_price_tests(
    ...     variant_id=np.arange(1, 401), category_id=np.ones(400, dtype=np.int64),
    ...     may_fall=np.ones(400, dtype=np.bool_), may_rise=np.ones(400, dtype=np.bool_),
    ...     share=0.05, seed="us/online", week=date(2026, 11, 23),
    ... )
    >>> np.bincount(plan.direction + 1).tolist(), float(plan.probability[0])
    ([10, 380, 10], 0.025)
    """
    count = len(variant_id)
    direction = np.zeros(count, dtype=np.int64)
    way, share = may_fall.astype(np.int64) + 2 * may_rise, np.broadcast_to(share, count)
    chance = np.where(way == 3, 0.5 * share, np.where(way > 0, share, 0.0))
    at = np.flatnonzero((way > 0) & (share > 0.0))
    at = at[np.lexsort((way[at], category_id[at]))]
    ends = np.flatnonzero(np.diff(category_id[at] * 4 + way[at])) + 1
    for members in np.split(at, ends) if len(at) else ():
        kind = int(way[members[0]])
        name = f"{int(category_id[members[0]])}/{kind}"
        drawn = draw_evenly(
            variant_id[members],
            float(share[members[0]]),
            seed=seed,
            group=name,
            turn=week.isoformat(),
        )
        direction[members] = np.choose(kind, [0, -abs(drawn), abs(drawn), drawn])
    chances = np.stack([np.where(way & 1, chance, 0.0), np.where(way & 2, chance, 0.0)], axis=1)
    return PriceTestPlan(direction, chance, chances)
