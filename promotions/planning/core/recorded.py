"""Effect of a draft on recorded carts, with intervals.

Recorded carts are what people bought without the draft: nobody buys more here because of it. So
uptake and cost are those of the same baskets; what the draft brings on top is not estimated.
Remaining budgets and gifts are used up cart by cart, in order of time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from promotions.engine.api import CartValue, Evaluation, GiftStock, OfferValue

type Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One recorded cart, evaluated without and with the draft. Minor units.

    `cost_minor` is what more is given away, gifts and delivery too; `margin_minor` what is left of
    the products whose cost is known, with the draft, and `margin_before_minor` without it; gifts at
    their cost and cuts of the delivery are taken off both. `spent_minor` counts against the draft's
    budget. All of them as if the budget were open; `is_refused`: in the order of the carts too
    little of it was left, and `burnt_minor` is what the draft gave then.
    """

    day: int
    shopper_id: int | None
    value_minor: int
    is_reached: bool
    cost_minor: int
    margin_before_minor: int
    margin_minor: int
    displaced: tuple[int, ...] = ()
    at_floor: bool = False
    spent_minor: int = 0
    burnt_minor: int = 0
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class BurnDay:
    """A day of the window: carts that got the draft, what they cost its budget, carts refused."""

    day: int
    carts: int
    burnt_minor: int
    left_minor: int
    refused: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """A day of the window with 80 % intervals: carts that get the draft, what it gave since the
    window began, and the margin of the day's carts. Minor units."""

    day: int
    uses: Interval
    given_minor: Interval
    margin_minor: Interval


@dataclass(frozen=True, slots=True)
class Forecast:
    """Figures of the window, each with an 80 % interval over redrawn carts.

    `spent_out` is the share of redraws in which the budget is used up, `spent_out_day` the median
    day of it (None: in fewer than half). `is_capped`: amounts stop at the budget.
    """

    carts: int
    people: int
    uptake: Interval
    cost_minor: Interval
    margin_minor: Interval
    margin_change_minor: Interval
    displaced: int
    at_floor: int
    spent_out: float
    spent_out_day: int | None
    days: tuple[ForecastDay, ...] = ()


def forecast(
    outcomes: Sequence[Outcome],
    *,
    budget_minor: int | None = None,
    draws: int = 2_000,
    rng: np.random.Generator,
) -> Forecast:
    """Return the forecast of a window like the recorded one, oldest outcome first.

    Poisson bootstrap over carts: each counts k ~ Poisson(1) times in a redraw, so the number of
    carts varies too. In each redraw the budget ends the draft at the cart that exceeds it.

    >>> one = Outcome(0, 1, 1_000, True, 100, 300, 200)
    >>> found = forecast([one] * 50, rng=np.random.default_rng(1), draws=500)
    >>> found.uptake.estimate, found.cost_minor.estimate, found.margin_change_minor.estimate
    (1.0, 5000.0, -5000.0)
    """
    reached = _column([one.is_reached for one in outcomes])
    cost = _column([one.cost_minor for one in outcomes])
    spent = _column([one.spent_minor for one in outcomes])
    before = _column([one.margin_before_minor for one in outcomes])
    after = _column([one.margin_minor for one in outcomes])
    ones = np.ones((1, len(outcomes)))
    drawn = rng.poisson(1.0, (draws, len(outcomes))).astype(np.float64)
    is_open, ends = _until_spent(np.vstack([ones, drawn]), spent, budget_minor)
    weights = np.vstack([ones, drawn])
    served = weights * is_open
    carts = np.maximum(weights.sum(axis=1), 1.0)
    margin = served @ after + (weights - served) @ before
    days = [outcomes[at].day for at in ends[1:] if at < len(outcomes)]
    used_up = len(days) / draws
    return Forecast(
        carts=len(outcomes),
        people=len({one.shopper_id for one in outcomes if one.is_reached} - {None}),
        uptake=_interval(served @ reached / carts),
        cost_minor=_interval(served @ cost),
        margin_minor=_interval(margin),
        margin_change_minor=_interval(margin - weights @ before),
        displaced=sum(bool(one.displaced) for one in outcomes),
        at_floor=sum(one.at_floor for one in outcomes),
        spent_out=used_up,
        spent_out_day=int(np.median(days)) if used_up >= 0.5 else None,
        days=_forecast_days(
            [one.day for one in outcomes],
            uses=served * reached,
            given=served * spent,
            margin=served * after + (weights - served) * before,
        ),
    )


def _forecast_days(
    days: Sequence[int], *, uses: Column, given: Column, margin: Column
) -> tuple[ForecastDay, ...]:
    """Return the days up to the last one with a cart; columns are redraws by carts, as recorded
    first."""
    last = max(days, default=-1) + 1
    of_day = np.zeros((len(days), last))
    of_day[np.arange(len(days)), np.array(days, dtype=np.int64)] = 1.0
    by_day = [one @ of_day for one in (uses, given, margin)]
    by_day[1] = np.cumsum(by_day[1], axis=1)
    return tuple(
        ForecastDay(day, *(_interval(one[:, day]) for one in by_day)) for day in range(last)
    )


def burn_budget(outcomes: Sequence[Outcome], budget_minor: int) -> list[BurnDay]:
    """Return day by day how the budget burns in the order of the carts, days without any left out.

    >>> paid = Outcome(0, 1, 1_000, True, 60, 300, 240, spent_minor=60, burnt_minor=60)
    >>> late = Outcome(1, 2, 1_000, True, 60, 300, 240, spent_minor=60, is_refused=True)
    >>> [(one.day, one.left_minor, one.refused) for one in burn_budget([paid, late, late], 100)]
    [(0, 40, 0), (1, 40, 2)]
    """
    days: list[BurnDay] = []
    left = budget_minor
    for day in sorted({one.day for one in outcomes}):
        mine = [one for one in outcomes if one.day == day]
        burnt = sum(one.burnt_minor for one in mine)
        left -= burnt
        refused = sum(one.is_refused for one in mine)
        got = sum(one.is_reached and not one.is_refused for one in mine)
        days.append(BurnDay(day, got, burnt, left, refused))
    return days


def forecast_stock(
    units: NDArray[np.int64],
    stock: NDArray[np.int64],
    *,
    draws: int = 2_000,
    rng: np.random.Generator,
) -> Column:
    """Return, per variant, the chance that `units` (m,) sold in such a window exceed `stock` (m,).

    Units are Poisson with the recorded number as its mean: as much is bought as then.

    >>> rng = np.random.default_rng(1)
    >>> chance = forecast_stock(np.array([10, 10]), np.array([100, 1]), rng=rng)
    >>> chance.round(2).tolist()
    [0.0, 1.0]
    """
    sold = rng.poisson(np.maximum(units, 0), (draws, len(units)))
    return np.asarray((sold > stock).mean(axis=0), dtype=np.float64)


def _until_spent(
    weights: Column, cost: Column, budget_minor: int | None
) -> tuple[Column, NDArray[np.int64]]:
    """Return which carts of each redraw still get the draft, and at which one it ended."""
    if budget_minor is None:
        ends = np.full(len(weights), weights.shape[1], dtype=np.int64)
        return np.ones_like(weights), ends
    spent = np.cumsum(weights * cost, axis=1)
    is_open = (spent <= budget_minor).astype(np.float64)
    return is_open, is_open.sum(axis=1).astype(np.int64)


def _interval(values: Column) -> Interval:
    low, high = np.quantile(values[1:], (0.10, 0.90))
    return Interval(float(values[0]), float(low), float(high))


def _column(values: Sequence[float]) -> Column:
    return np.array(values, dtype=np.float64)


@dataclass(slots=True)
class RemainingBudgets:
    """What is left: minor units by campaign with a budget, pieces by variant that may be given.

    >>> budgets = RemainingBudgets({7: 100})
    >>> budgets.has(7, 101), budgets.has(7, 100), budgets.has(8, 10**9)
    (False, True, True)
    """

    left: dict[int, int] = field(default_factory=dict)
    gifts: dict[int, GiftStock] = field(default_factory=dict)

    def has(self, campaign_id: int, amount_minor: int) -> bool:
        """Return whether the campaign's budget has room for so much; without one it always has."""
        return self.left.get(campaign_id, amount_minor) >= amount_minor

    def is_like(self, other: RemainingBudgets, most_minor: int) -> bool:
        """Return whether what is bounded here gives a cart as much as there: the same is left, or
        `most_minor` and more.

        >>> RemainingBudgets({7: 100}).is_like(RemainingBudgets({7: 90, 8: 5}), 90)
        True
        >>> RemainingBudgets({7: 100}).is_like(RemainingBudgets({7: 90}), 91)
        False
        """
        pairs = [(minor, other.left[one]) for one, minor in self.left.items()]
        return self.gifts == other.gifts and all(
            mine == theirs or min(mine, theirs) >= most_minor for mine, theirs in pairs
        )

    def bound(
        self, offers: Iterable[OfferValue], *, free: Collection[int] = ()
    ) -> list[OfferValue]:
        """Return the offers with what their campaigns have left; those in `free` without bounds."""
        bounds = {**self.left, **dict.fromkeys(free)}
        return [
            replace(offer, left_minor=bounds[offer.campaign_id])
            if offer.campaign_id in bounds
            else offer
            for offer in offers
        ]

    def fill(self, cart: CartValue) -> CartValue:
        """Return the cart with the gifts that are there, beyond what it buys itself."""
        bought = {line.variant_id: line.quantity for line in cart.lines}
        gifts = tuple(
            replace(one, available=max(0, one.available - bought.get(one.variant_id, 0)))
            for one in self.gifts.values()
        )
        return replace(cart, gifts=gifts)

    def pay(self, found: Evaluation) -> None:
        """Take what an evaluation gave off money and gifts."""
        for one in found.applied:
            if one.campaign_id in self.left:
                self.left[one.campaign_id] -= one.amount_minor
        for gift in found.gifts:
            stock = self.gifts[gift.variant_id]
            self.gifts[gift.variant_id] = replace(stock, available=stock.available - gift.quantity)
