"""A pooled choice model learned day by day, and agents that price with it."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines.rows import (
    Encoder,
    Rows,
    fill_costs,
    list_ratios,
    read_sales,
    spread_prices,
)
from shop.lab.substitutes import choose_best_price_points

_NEWTON_STEPS = 15
_LONGEST_STEP = 2.0  # of any row's index: a free step from a vague prior may overshoot for good
_SETTLED = 1e-4
_LEAST_SLOPE = 0.3
# Prior sd of what one item or feature adds: of 0.3, 0.5, 1, 1.5, 2 and 3 the one with which the
# agents below earn most over the worlds here, so that they are beaten, if at all, at their best.
_SPREAD = 2.0


class ChoiceModel:
    """Hierarchical (multinomial) logit with a Gaussian posterior, updated by Newton on each day.

    log v = levels' a - (ratio - 1) * slopes' b; a shopper takes item j of those shown with
    probability v_j / (1 + sum v). Prior: common terms N(0 or 2, 3^2), each item's and feature's
    deviation N(0, sd^2). After a day the posterior is the Laplace approximation with yesterday's
    as prior (recursive Laplace, as in Chapelle, Li, "An empirical evaluation of Thompson
    sampling", NIPS 2011, with the full covariance).
    """

    def __init__(self, levels: int, slopes: int, *, spread: float = _SPREAD) -> None:
        """Start from the prior with so many columns of each kind."""
        self.mean = np.zeros(levels + slopes)
        self.mean[0], self.mean[levels] = -2.5, 2.0
        sd = np.full(levels + slopes, spread)
        sd[0] = sd[levels] = 3.0
        self.precision = np.diag(sd**-2.0)
        self._levels = levels

    def update(self, rows: Rows, ratio: FloatArray, is_bought: BoolArray) -> None:
        """Learn from one day's rows."""
        x = np.concatenate([rows.levels, -(ratio - 1.0)[:, None] * rows.slopes], axis=1)
        _, starts, group = np.unique(rows.shopper, return_index=True, return_inverse=True)
        groups = len(starts)
        prior_mean, prior = self.mean, self.precision
        theta = prior_mean.copy()
        for _ in range(_NEWTON_STEPS):
            v = np.exp(np.clip(x @ theta, -30.0, 30.0))
            p = v / (1.0 + np.bincount(group, weights=v, minlength=groups)[group])
            gradient = x.T @ (is_bought - p) - prior @ (theta - prior_mean)
            hessian = (x * p[:, None]).T @ x + prior
            mixed = x * p[:, None]
            if groups < len(group):
                mixed = np.add.reduceat(mixed, starts, axis=0)
            hessian -= mixed.T @ mixed
            step = cho_solve(cho_factor(hessian), gradient)
            reach = float(np.abs(x @ step).max())
            theta = theta + step * min(1.0, _LONGEST_STEP / max(reach, 1e-12))
            if reach < _SETTLED:
                break
        self.mean, self.precision = theta, hessian

    def draw(self, rng: np.random.Generator, scale: float) -> FloatArray:
        """Return one draw of the parameters, posterior sd times `scale`."""
        lower = np.linalg.cholesky(self.precision)
        noise = rng.normal(size=len(self.mean))
        return np.asarray(self.mean + scale * solve_triangular(lower.T, noise))

    def read_curves(self, rows: Rows, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return level and (positive) slope of log v for each row."""
        level = rows.levels @ theta[: self._levels]
        return level, np.maximum(rows.slopes @ theta[self._levels :], _LEAST_SLOPE)


class PooledGreedy:
    """Prices at the optimum of the pooled model's mean: no exploration but what shoppers bring."""

    with_shoppers = True
    spread = _SPREAD

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        self._encoder = Encoder(with_shoppers=self.with_shoppers)
        self._model: ChoiceModel | None = None
        self._rng = np.random.default_rng(random_state)

    def propose(self, context: Context) -> Proposal:
        """Return the best price point of each shopper and item by the model."""
        rows = self._encoder.encode(context)
        price_points = self._choose(context, rows, self._prepare(rows))
        ratio = list_ratios(context)[rows.column, price_points]
        prices = spread_prices(context, rows, ratio)
        return Proposal(prices, np.ones_like(prices))

    def observe(self, outcomes: Outcomes) -> None:
        """Update the model."""
        rows = self._encoder.encode(outcomes.context)
        if len(rows.shopper):
            self._prepare(rows).update(rows, *read_sales(outcomes, rows))

    def _prepare(self, rows: Rows) -> ChoiceModel:
        if self._model is None:
            widths = rows.levels.shape[1], rows.slopes.shape[1]
            self._model = ChoiceModel(*widths, spread=self.spread)
        return self._model

    def _parameters(self, model: ChoiceModel) -> FloatArray:
        return model.mean

    def _choose(self, context: Context, rows: Rows, model: ChoiceModel) -> IntArray:
        """Return the best price point of each row, items shown together priced together."""
        level, slope = model.read_curves(rows, self._parameters(model))
        return choose_price_points(context, rows, level, slope)


def choose_price_points(
    context: Context, rows: Rows, level: FloatArray, slope: FloatArray
) -> IntArray:
    """Return the best price point of each row if log v = level - slope * (ratio - 1)."""
    ratio = list_ratios(context)[rows.column]
    margin = context.public_prices[rows.column][:, None] * (
        ratio - fill_costs(context)[rows.column][:, None]
    )
    v = np.exp(np.clip(level[:, None] - slope[:, None] * (ratio - 1.0), -30.0, 30.0))
    groups, group, counts = np.unique(rows.shopper, return_inverse=True, return_counts=True)
    place = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(groups), int(counts.max(initial=1)), ratio.shape[1])
    attraction, gain = np.zeros(shape), np.zeros(shape)
    attraction[group, place], gain[group, place] = v, margin
    return choose_best_price_points(attraction, gain)[0][group, place]


class PooledThompson(PooledGreedy):
    """The pooled model with one draw of its parameters a day, sd halved."""

    scale = 0.5

    def _parameters(self, model: ChoiceModel) -> FloatArray:
        return model.draw(self._rng, self.scale)


class LearnedUniform(PooledThompson):
    """The best single price of each item, learned: the pooled model without shoppers."""

    with_shoppers = False
