"""Regularised maximum likelihood pricing (RMLP)."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines.pooled import choose_price_points
from shop.lab.baselines.rows import Encoder, Rows, list_ratios, read_sales, spread_prices

_FIRST_EPISODE = 1_000  # visits
_PENALTY = 0.02  # times sqrt(log d / n); the paper's constant is a bound, chosen for its proof
_STEPS = 150
MOST_ROWS = 150_000


class RegularisedLikelihood:
    """RMLP (Javanmard, Nazerzadeh, "Dynamic pricing in high-dimensions", JMLR 2019).

    A valuation is linear in the features plus logistic noise, v = x' theta + z / beta, so
    logit P(buy) = x' (beta theta) - beta * ratio: heterogeneity moves the intercept, the slope is
    one number. Time is cut into episodes of doubling length. At the start of each, theta and beta
    are refitted by maximum likelihood with an l1 penalty that falls as sqrt(log d / n); within it
    the price is the optimum under that fit. As the scale of the noise is not known, each episode of
    n visits begins with sqrt(n) random prices. The paper fits on the last episode alone; here, in
    the baseline's favour, on everything seen (an even sample of 150,000 rows of it): in one episode
    prices follow the features so closely that beta is hardly identified, and it lost half of the
    profit.
    """

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        self._encoder = Encoder()
        self._rng = np.random.default_rng(random_state)
        self._theta: FloatArray | None = None
        self._rows: list[tuple[FloatArray, FloatArray, BoolArray]] = []
        self._length, self._seen = _FIRST_EPISODE, 0
        self._rows_of_past = 0  # that the first entry of _rows stands for
        self._is_online = False

    def propose(self, context: Context) -> Proposal:
        """Return the optimum of the fit; random prices first in each episode and before any fit."""
        if not self._is_online and self._rows:
            self._end_episode()
        self._is_online = True
        rows = self._encoder.encode(context)
        ratios = list_ratios(context)[rows.column]
        count = np.sum(np.isfinite(ratios), axis=1)
        lots = self._rng.integers(0, count)
        if self._theta is None:
            price_points, exploring = lots, np.ones(len(lots), dtype=bool)
        else:
            exploring = rows.shopper + self._seen < np.sqrt(self._length)
            level, slope = self._read_curves(rows, self._theta)
            price_points = np.where(
                exploring, lots, choose_price_points(context, rows, level, slope)
            )
        prices = spread_prices(context, rows, ratios[np.arange(len(price_points)), price_points])
        probabilities = np.ones_like(prices)
        probabilities[rows.shopper, rows.column] = np.where(exploring, 1.0 / count, 1.0)
        return Proposal(prices, probabilities)

    def observe(self, outcomes: Outcomes) -> None:
        """Keep the day; at the end of an episode, fit."""
        rows = self._encoder.encode(outcomes.context)
        self._rows.append((rows.levels, *read_sales(outcomes, rows)))
        self._seen += outcomes.context.shoppers
        if self._is_online and self._seen >= self._length:
            self._end_episode()
            self._length *= 2

    def _end_episode(self) -> None:
        parts = [np.concatenate(part) for part in zip(*self._rows, strict=True)]
        chosen = self._sample_evenly()
        levels, ratio, is_bought = (part[chosen] for part in parts)
        x = np.concatenate([levels, -(ratio - 1.0)[:, None]], axis=1)
        self._theta = fit_l1_logit(x, is_bought, self._theta)
        self._rows = [(levels, ratio, is_bought)]
        self._seen = 0

    def _sample_evenly(self) -> IntArray:
        """Return at most MOST_ROWS rows, each of the past as likely as each of this episode."""
        kept = len(self._rows[0][1]) if self._rows_of_past else 0
        fresh = sum(len(ratio) for _, ratio, _ in self._rows) - kept
        total = self._rows_of_past + fresh
        from_fresh = min(fresh, round(fresh * min(1.0, MOST_ROWS / total)))
        from_past = min(kept, MOST_ROWS - from_fresh)
        self._rows_of_past = total
        past = self._rng.choice(kept, from_past, replace=False) if from_past else np.empty(0, int)
        new = kept + self._rng.choice(fresh, from_fresh, replace=False)
        return np.asarray(np.concatenate([past, new]), dtype=np.int64)

    def _read_curves(self, rows: Rows, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        slope = np.full(len(rows.shopper), max(float(theta[-1]), 0.3))
        return rows.levels @ theta[:-1], slope


def fit_l1_logit(x: FloatArray, is_bought: BoolArray, start: FloatArray | None) -> FloatArray:
    """Return argmin of mean logistic loss + l1 penalty, the first and last column unpenalised.

    FISTA (Beck, Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM 2009) with the
    step 1 / L, L = largest eigenvalue of x'x / 4n.
    """
    n, d = x.shape
    penalty = np.full(d, _PENALTY * np.sqrt(np.log(d) / n))
    penalty[[0, -1]] = 0.0
    scale = np.sqrt(np.mean(x**2, axis=0)) + 1e-9  # balances one-hot columns and prices
    z = x / scale
    step = 1.0 / (0.25 * np.linalg.eigvalsh(z.T @ z / n)[-1])
    theta = np.zeros(d) if start is None else start * scale
    if start is None:
        share = np.clip(is_bought.mean(), 1e-3, 0.999)
        theta[0] = np.log(share / (1 - share)) * scale[0]
    ahead, momentum = theta.copy(), 1.0
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(z @ ahead, -30, 30)))
        moved = ahead - step * (z.T @ (chance - is_bought) / n)
        shrunk = np.sign(moved) * np.maximum(np.abs(moved) - step * penalty / scale, 0.0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = shrunk + (momentum - 1) / following * (shrunk - theta)
        theta, momentum = shrunk, following
    return theta / scale
