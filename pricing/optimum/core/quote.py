"""Personal prices: one vectorised pure function for one shopper and a page, or for thousands.

Each shopper's elasticity is e (1 + z) with z >= 0 from `signals` and e that of a shopper without
any: the market's over its buyers' mean of 1 + z (`drop_signals`). Of
the feasible price points the one with the highest posterior expected payoff is taken. The ratio of
the payoffs of a lower and a higher price point grows with z (single crossing), so more activity can
only lower a price: monotone by construction, not by luck.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from pricing.base.core.price_points import log_ratio, personal_price_points
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.signals import ShopperSignals, SignalWeights, sensitivity_boost
from pricing.optimum.core.thompson import (
    DRAWS,
    Draw,
    Lines,
    break_points,
    choose_drawn,
    count_dearer,
    percents,
)
from pricing.policy.core import Gated, apply_gate

MIN_ELASTICITY = 1.3


def constant_elasticity_price(cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Return c * e / (e - 1), the best price under q = k p^-e (Lerner 1934).

    `elasticity` is the magnitude e; below MIN_ELASTICITY the optimum runs away, so e is held there.

    >>> round(float(constant_elasticity_price(2.0, 3.0)), 6)
    3.0
    """
    e = np.maximum(np.asarray(elasticity, dtype=np.float64), MIN_ELASTICITY)
    result: FloatArray = np.asarray(cost, dtype=np.float64) * e / (e - 1.0)
    return result


def implied_cost(price: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Return p * (1 - 1/e): the unit cost under which `price` is already optimal (Rosse 1970).

    >>> round(float(implied_cost(3.0, 3.0)), 6)
    2.0
    """
    e = np.maximum(np.asarray(elasticity, dtype=np.float64), MIN_ELASTICITY)
    result: FloatArray = np.asarray(price, dtype=np.float64) * (1.0 - 1.0 / e)
    return result


def expected_demand_ratio(
    log_ratio: FloatArray, elasticity: FloatArray, elasticity_sd: FloatArray, boost: FloatArray
) -> FloatArray:
    """Return E[q(p) / q(public)] when e ~ N(elasticity, sd^2), scaled by 1 + boost.

    q = k p^-e gives exp(-e x) with x = log(p / public), so the expectation is the lognormal mean
    exp(-mu x + (s x)^2 / 2). Arrays broadcast; usual shapes are (m, R), (m, 1), (m, 1), (n, m, 1).

    >>> x = np.array([[0.0, np.log(0.9)]])
    >>> one = np.ones((1, 1))
    >>> expected_demand_ratio(x, 2 * one, 0 * one, 0 * one).round(4).tolist()
    [[1.0, 1.2346]]
    """
    scale = 1.0 + boost
    spread = elasticity_sd * scale * log_ratio
    return np.exp(-elasticity * scale * log_ratio + 0.5 * spread * spread)


def expected_payoff_ratio(
    rung_price: FloatArray, unit_cost: FloatArray, demand_ratio: FloatArray
) -> FloatArray:
    """Return expected payoff of each price point relative to the public price in column 0 of the
    price points.

    (p - c) q(p) / ((p0 - c) q(p0)); `unit_cost` (m, 1) must lie below the public price. Where all
    price points are below cost the ratios are still ordered, since c < p0 holds.

    >>> prices, cost = np.array([[4.0, 3.6]]), np.array([[2.0]])
    >>> expected_payoff_ratio(prices, cost, np.array([[1.0, 1.3]])).round(4).tolist()
    [[1.0, 1.04]]
    """
    margin = rung_price - unit_cost
    return margin / margin[..., :1] * demand_ratio


def improvement_probability(
    price: FloatArray,
    other: FloatArray,
    unit_cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
) -> FloatArray:
    """Return P(payoff at `other` > payoff at `price`) when e ~ N(elasticity, sd^2). Shape (m,).

    The payoffs are equal at e* = log((p1 - c) / (p0 - c)) / log(p1 / p0): a lower price wins for
    e > e*, a higher one for e < e*. Where a price is not above cost, or both are equal, it is 0.

    >>> one = np.ones(1)
    >>> up = improvement_probability(4 * one, 4.4 * one, 2 * one, 1.2 * one, 0.2 * one)
    >>> round(float(up[0]), 3)
    1.0
    """
    is_open = (price > unit_cost) & (other > unit_cost) & (price != other)
    safe_price = np.where(is_open, price, 2.0)
    safe_other = np.where(is_open, other, 3.0)
    safe_cost = np.where(is_open, unit_cost, 1.0)
    ratio = np.log((safe_other - safe_cost) / (safe_price - safe_cost))
    break_even = ratio / np.log(safe_other / safe_price)
    sd = np.maximum(elasticity_sd, 1e-9)
    z = (elasticity - break_even) / sd
    chance = ndtr(np.where(safe_other < safe_price, z, -z))
    return np.where(is_open, chance, 0.0)


# A block of n x m x R numbers this large stays in the processor's cache.
BLOCK_NUMBERS = 250_000


@dataclass(frozen=True, slots=True)
class VariantTerms:
    """What prices of m variants are made of, arrays of shape (m,).

    Amounts are minor units; `unit_cost` is a float because it may be assumed or implied.
    `elasticity` is the magnitude e > 0 with posterior sd `elasticity_sd`: the market's where public
    prices are made, that of a shopper without signals where quotes are. `is_open` says that a
    personal price is possible at all (products that are not restricted, child-directed or
    sensitive, and not switched off). `extra_cost` is what a sale costs beside its unit cost: a
    piece that will be missing later, sales that siblings lose; nothing where it is not given.
    """

    variant_id: IntArray
    public_minor: IntArray
    list_minor: IntArray
    floor_minor: IntArray
    unit_cost: FloatArray
    elasticity: FloatArray
    elasticity_sd: FloatArray
    category_id: IntArray
    is_open: BoolArray
    exponent: int = 2
    extra_cost: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if len(self.extra_cost) != len(self.variant_id):
            object.__setattr__(self, "extra_cost", np.zeros(len(self.variant_id)))

    def __len__(self) -> int:
        return len(self.variant_id)

    def take(self, where: IntArray) -> VariantTerms:
        """Return the terms of the variants at positions `where`."""
        arrays = {name: getattr(self, name)[where] for name in self.__slots__ if name != "exponent"}
        return VariantTerms(**arrays, exponent=self.exponent)


@dataclass(frozen=True, slots=True)
class PricePointTable:
    """The price points of m variants, (m, R): prices, log ratios to public, price of spread; cost
    (m,).

    With a `draw` the best price point is that of a drawn elasticity, without one that of the
    expectation.
    """

    minor: IntArray
    log_ratio: FloatArray
    spread_price: FloatArray
    cost: FloatArray
    is_open: BoolArray
    draw: Draw | None = None

    def take(self, where: IntArray) -> PricePointTable:
        """Return the price points of the variants at positions `where`."""
        return PricePointTable(
            minor=self.minor[where],
            log_ratio=self.log_ratio[where],
            spread_price=self.spread_price[where],
            cost=self.cost[where],
            is_open=self.is_open[where],
            draw=None if self.draw is None else self.draw.take(where),
        )


@dataclass(frozen=True, slots=True)
class Quoted:
    """Prices of n shoppers for m variants, (n, m): before the gate, after it, and what it did."""

    model_minor: IntArray
    quoted_minor: IntArray
    actions: IntArray
    boost: FloatArray


def drop_signals(terms: VariantTerms, sensitivity_mean: FloatArray) -> VariantTerms:
    """Return the market's terms as those of a shopper without signals: e0 = e / m, sd0 = sd / m.

    m is `sensitivity_mean` (m,), the mean of 1 + z over buyers, so that e0 (1 + z) averages to the
    e that was estimated. The one way from a model's elasticity to a quote.

    >>> drop_signals(example_terms(), np.array([1.25])).elasticity.round(2).tolist()
    [1.44]
    """
    return replace(
        terms,
        elasticity=terms.elasticity / sensitivity_mean,
        elasticity_sd=terms.elasticity_sd / sensitivity_mean,
    )


def payoff_cost(terms: VariantTerms, policy: Policy) -> FloatArray:
    """Return the unit cost that payoffs are reckoned with, (m,).

    A won purchase is worth its margin plus `won_purchase_share` of the public price (the shopper
    comes back), less the `extra_cost` x; but never so much that the public price would be too high
    for a shopper without signals: max(c + x - v p0, p0 (1 - 1/e)). So for them the public price is
    the best price point. Where the public price is the best single one they would pay more still,
    and c + x - v p0 is the greater one.

    >>> terms = example_terms()
    >>> payoff_cost(terms, Policy()).round(1).tolist()
    [240.0]
    """
    public = terms.public_minor.astype(np.float64)
    worth = terms.unit_cost + terms.extra_cost - policy.won_purchase_share * public
    return np.maximum(worth, implied_cost(public, terms.elasticity))


def build_price_points(
    terms: VariantTerms, policy: Policy, place: IntArray | None = None
) -> PricePointTable:
    """Return the feasible price points of each variant; a variant sold below cost gets none below
    public.

    `place` (m,) are the quantiles that `draw_places` drew; without them, and under a policy that
    does not explore, the expected best price point is chosen.

    >>> build_price_points(example_terms(), Policy()).minor.tolist()
    [[400, 399, 389, 379, 369]]
    """
    cost = payoff_cost(terms, policy)
    is_finite = np.isfinite(cost) & np.isfinite(terms.elasticity) & np.isfinite(terms.elasticity_sd)
    is_open = terms.is_open & is_finite & (cost < terms.public_minor) & (terms.elasticity > 0)
    minor = personal_price_points(
        terms.public_minor, terms.floor_minor, policy.personal_cap, terms.exponent
    )
    x = log_ratio(minor)
    return PricePointTable(
        minor=minor,
        log_ratio=x,
        spread_price=np.exp(-0.5 * policy.spread_aversion * (x * x)),
        cost=cost,
        is_open=is_open,
        draw=None if place is None or policy.exploration <= 0 else Draw(place, policy.exploration),
    )


def payoff_ratios(terms: VariantTerms, rungs: PricePointTable, boost: FloatArray) -> FloatArray:
    """Return the expected payoff of each price point relative to the public price, (n, m, R).

    Includes the price of spread: without it the flat optimum of small elasticities would swing
    from the public price straight to the cap.
    """
    safe_cost = np.where(rungs.is_open, rungs.cost, 0.0)[:, None]
    demand = demand_ratios(terms, rungs, boost)
    payoff = expected_payoff_ratio(rungs.minor.astype(np.float64), safe_cost, demand)
    return payoff * rungs.spread_price


def demand_ratios(terms: VariantTerms, rungs: PricePointTable, boost: FloatArray) -> FloatArray:
    """Return expected demand at each price point relative to the public price, (n, m, R)."""
    elasticity = np.where(rungs.is_open, terms.elasticity, 1.0)[:, None]
    sd = np.where(rungs.is_open, terms.elasticity_sd, 0.0)[:, None]
    return expected_demand_ratio(rungs.log_ratio, elasticity, sd, boost[:, :, None])


def choose_price_points(terms: VariantTerms, rungs: PricePointTable, boost: FloatArray) -> IntArray:
    """Return the best rung's price for each shopper and variant, (n, m), before the gate.

    Without a signal (z = 0) there is no personal price. Of equal price points the first, the
    highest price, is taken. Works in blocks, so memory does not grow with n.
    """
    n, m = boost.shape
    width = rungs.minor.shape[1]
    chosen = np.empty((n, m), dtype=np.int64)
    rows = max(1, BLOCK_NUMBERS // max(1, m * width))
    columns = np.arange(m)
    for begin in range(0, n, rows):
        block = boost[begin : begin + rows]
        if rungs.draw is None:
            best = np.argmax(payoff_ratios(terms, rungs, block), axis=2)
        else:
            best = choose_drawn(price_point_lines(terms, rungs), block, rungs.draw)
        best = np.where((block > 0.0) & rungs.is_open, best, 0)
        chosen[begin : begin + rows] = rungs.minor[columns, best]
    return chosen


def price_point_percents(
    terms: VariantTerms, rungs: PricePointTable, boost: FloatArray
) -> IntArray:
    """Return with which probability each price point is chosen, (n, m, R) in whole percent.

    It sums to 100; padding has 0. Without a draw the best price point is certain.

    >>> rungs = build_price_points(example_terms(), Policy(), np.array([50]))
    >>> rungs.minor.tolist()
    [[400, 399, 389, 379, 369]]
    >>> price_point_percents(example_terms(), rungs, np.array([[0.7]])).tolist()
    [[[6, 22, 61, 11, 0]]]
    """
    if rungs.draw is None:
        best = np.argmax(payoff_ratios(terms, rungs, boost), axis=2)[..., None]
        sure = np.where(np.arange(rungs.minor.shape[1]) == best, DRAWS, 0)
    else:
        lines, scale = price_point_lines(terms, rungs), rungs.draw.scale
        sure = percents(count_dearer(break_points(lines, boost, scale), lines, scale))
    public = np.where(np.arange(rungs.minor.shape[1]) == 0, DRAWS, 0)
    return np.where(((boost > 0.0) & rungs.is_open)[..., None], sure, public)


def price_point_lines(terms: VariantTerms, rungs: PricePointTable) -> Lines:
    """Return the log payoffs of the prices as lines in the elasticity; harmless where closed."""
    margin = rungs.minor - np.where(rungs.is_open, rungs.cost, 0.0)[:, None]
    is_rung = (margin > 0.0) & (rungs.log_ratio < 0.0)
    is_rung[:, 0] = True
    return Lines(
        fixed=np.log(np.where(margin > 0.0, margin, 1.0)) + np.log(rungs.spread_price),
        log_ratio=rungs.log_ratio,
        is_rung=is_rung,
        mean=np.where(rungs.is_open, terms.elasticity, 1.0),
        sd=np.where(rungs.is_open, terms.elasticity_sd, 0.0),
    )


def quote_prices(
    signals: ShopperSignals,
    terms: VariantTerms,
    weights: SignalWeights,
    policy: Policy,
    *,
    is_allowed: BoolArray | bool = True,
    is_stale: bool = False,
    place: IntArray | None = None,
) -> Quoted:
    """Return personal prices (n, m) of n shoppers for m variants, after the gate.

    `is_allowed` broadcasts against (n, m): consent, law, holdout, kill switch. `place` (m,) are
    the draws of one shopper, or of the pairs of one row (see `build_price_points`).

    >>> none, three = np.zeros((1, 1)), np.array([[3.0]])
    >>> seen = ShopperSignals(three, none, none, three, three, none)
    >>> quote_prices(seen, example_terms(), SignalWeights(), Policy()).quoted_minor.tolist()
    [[389]]
    >>> nobody = ShopperSignals(none, none, none, none, none, none)
    >>> quote_prices(nobody, example_terms(), SignalWeights(), Policy()).quoted_minor.tolist()
    [[400]]
    """
    price_points = build_price_points(terms, policy, place)
    boost = sensitivity_boost(signals, weights)
    proposed = choose_price_points(terms, price_points, boost)
    gated: Gated = apply_gate(
        proposed,
        terms.public_minor,
        terms.floor_minor,
        policy,
        is_allowed=is_allowed & terms.is_open,
        is_stale=is_stale,
    )
    return Quoted(
        model_minor=proposed, quoted_minor=gated.minor, actions=gated.actions, boost=boost
    )


def example_terms() -> VariantTerms:
    """Return one variant at 4.00 with a cost of 2.80 and elasticity 1.8, for examples."""
    return VariantTerms(
        variant_id=np.array([1]),
        public_minor=np.array([400]),
        list_minor=np.array([449]),
        floor_minor=np.array([294]),
        unit_cost=np.array([280.0]),
        elasticity=np.array([1.8]),
        elasticity_sd=np.array([0.4]),
        category_id=np.array([1]),
        is_open=np.array([True]),
    )
