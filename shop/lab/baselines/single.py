"""Baselines that learn each item by itself, as most shops would begin."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines.rows import (
    Encoder,
    fill_costs,
    list_ratios,
    read_sales,
    spread_prices,
)

_NEWTON_STEPS = 10
_DRAWS = 100  # so that every probability is a whole number of percents


class Static:
    """Business as usual: the public price for everybody."""

    def __init__(self, random_state: int = 0) -> None:
        """Nothing to draw; `random_state` is taken so that all agents are made alike."""

    def propose(self, context: Context) -> Proposal:
        """Return public prices."""
        prices = np.tile(context.public_prices, (context.shoppers, 1))
        return Proposal(prices, np.ones_like(prices))

    def observe(self, outcomes: Outcomes) -> None:
        """Learn nothing."""


class PerItemThompson:
    """Thompson sampling per item: each day 100 posterior draws per item, each drawing a best price
    point; shoppers get one of those price points by lot, so its probability is known exactly."""

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        self._encoder = Encoder(with_shoppers=False)
        self._rng = np.random.default_rng(random_state)

    def propose(self, context: Context) -> Proposal:
        """Return price points drawn with the probability that they are best."""
        rows = self._encoder.encode(context)
        ratios = list_ratios(context)
        drawn = np.nanargmax(self._draw_profits(context, ratios), axis=2)  # (draws, m)
        pick = self._rng.integers(0, _DRAWS, len(rows.column))
        price_points = drawn[pick, rows.column]
        share = np.mean(drawn[:, rows.column] == price_points, axis=0)
        prices = spread_prices(context, rows, ratios[rows.column, price_points])
        probabilities = np.ones_like(prices)
        probabilities[rows.shopper, rows.column] = share
        return Proposal(prices, probabilities)

    def observe(self, outcomes: Outcomes) -> None:
        """Update the items that were shown."""
        rows = self._encoder.encode(outcomes.context)
        ratio, is_bought = read_sales(outcomes, rows)
        self._update(outcomes.context, rows.column, ratio, is_bought.astype(float))

    def _draw_profits(self, context: Context, ratios: FloatArray) -> FloatArray:
        """Return drawn expected profits, (draws, m, K), NaN where there is no price point."""
        raise NotImplementedError

    def _update(
        self, context: Context, column: IntArray, ratio: FloatArray, bought: FloatArray
    ) -> None:
        raise NotImplementedError


class BetaThompson(PerItemThompson):
    """One Beta(1, 1) arm per item and price point; no structure at all between prices.

    Logged prices off the ladder count for the nearest price point.
    """

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        super().__init__(random_state)
        self._wins: FloatArray | None = None
        self._losses = np.empty(0)

    def _draw_profits(self, context: Context, ratios: FloatArray) -> FloatArray:
        wins, losses = self._arms(ratios)
        chance = self._rng.beta(1 + wins, 1 + losses, (_DRAWS, *wins.shape))
        return chance * (ratios - fill_costs(context)[:, None])

    def _update(
        self, context: Context, column: IntArray, ratio: FloatArray, bought: FloatArray
    ) -> None:
        ratios = list_ratios(context)
        wins, losses = self._arms(ratios)
        distance = np.abs(ratios[column] - ratio[:, None])
        price_point = np.nanargmin(distance, axis=1)
        np.add.at(wins, (column, price_point), bought)
        np.add.at(losses, (column, price_point), 1 - bought)

    def _arms(self, ratios: FloatArray) -> tuple[FloatArray, FloatArray]:
        if self._wins is None:
            self._wins, self._losses = np.zeros(ratios.shape), np.zeros(ratios.shape)
        return self._wins, self._losses


class LogitThompson(PerItemThompson):
    """One logit per item, logit P = a - b (ratio - 1), with a Gaussian posterior of (a, b);
    nothing is shared between items, shoppers are not told apart.

    Prior a ~ N(-2.5, 3^2), b ~ N(2, 3^2); each day a Laplace step with yesterday as prior.
    """

    _prior = (np.array([-2.5, 2.0]), np.diag([1 / 9, 1 / 9]))

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        super().__init__(random_state)
        self._mean = np.empty((0, 2))
        self._precision = np.empty((0, 2, 2))

    def _draw_profits(self, context: Context, ratios: FloatArray) -> FloatArray:
        self._start(context)
        lower = np.linalg.cholesky(np.linalg.inv(self._precision))
        noise = self._rng.normal(size=(_DRAWS, len(lower), 2))
        drawn = self._mean + np.einsum("mij,dmj->dmi", lower, noise)
        index = drawn[..., :1] - np.maximum(drawn[..., 1:], 0.3) * (ratios - 1.0)
        chance = 1.0 / (1.0 + np.exp(-np.clip(index, -30, 30)))
        return chance * (ratios - fill_costs(context)[:, None])

    def _update(
        self, context: Context, column: IntArray, ratio: FloatArray, bought: FloatArray
    ) -> None:
        self._start(context)
        x = np.stack([np.ones_like(ratio), 1.0 - ratio], axis=1)
        prior_mean, prior = self._mean, self._precision
        theta, precision = prior_mean.copy(), prior
        for _ in range(_NEWTON_STEPS):
            index = np.einsum("ri,ri->r", x, theta[column])
            chance = 1.0 / (1.0 + np.exp(-np.clip(index, -30, 30)))
            gradient = -np.einsum("mij,mj->mi", prior, theta - prior_mean)
            np.add.at(gradient, column, x * (bought - chance)[:, None])
            precision = prior.copy()
            weight = chance * (1 - chance)
            np.add.at(precision, column, weight[:, None, None] * x[:, :, None] * x[:, None, :])
            step = np.linalg.solve(precision, gradient[..., None])[..., 0]
            # From a vague prior a free step may overshoot for good.
            reach = np.maximum(np.abs(step[:, :1]) + np.abs(step[:, 1:]), 1e-12)
            theta = theta + step * np.minimum(1.0, 2.0 / reach)
        self._mean, self._precision = theta, precision

    def _start(self, context: Context) -> None:
        if len(self._mean) != context.items:
            self._mean = np.tile(self._prior[0], (context.items, 1))
            self._precision = np.tile(self._prior[1], (context.items, 1, 1))
