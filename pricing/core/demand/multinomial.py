"""Multinomial logit inside a category: what each household takes from what it was shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from pricing.core.arrays import FloatArray
from pricing.core.demand.choice import (
    ChoiceSets,
    choice_chances,
    find_loyalty,
    log_likelihoods,
    log_prices_at,
    market_shares,
    read_choices,
    with_chosen,
)
from pricing.core.demand.choice_newton import (
    SLOPE_PRIOR,
    ChoiceFit,
    ChoiceProblem,
    usual_prior,
)
from pricing.core.demand.frames import Coding, Frame, Prediction, count_rows, read_labels

MEMORIES = (0.5, 0.6, 0.7, 0.8, 0.875, 0.925, 0.96)
VARIANCE_ROUNDS = 30
# As much belief in the variance of household intercepts as this many of them would give.
HYPER_COUNT, HYPER_VARIANCE = 1.0, 1.0


class MultinomialLogit(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """P(item j on occasion t) = exp v_htj / ([1 +] sum_k exp v_htk) over what was shown,

        v_htj = a_j + u_hj - b log p_tj + x_tj' g + l loyalty_htj

    `loyalty` is Guadagni and Little's recency-weighted share of earlier purchases (state
    dependence), `u_hj ~ N(0, s2)` the household's own taste, shrunk by empirical Bayes (MacKay's
    fixed point): without it habit takes the blame for taste. The 1 is buying nothing, with
    `has_outside`. The memory of the loyalty is chosen by evidence (tastes integrated
    out by Laplace) among MEMORIES if None.
    Sources: McFadden 1974; Guadagni and Little 1983; Heckman 1981 (taste against habit).

    Columns of X: one row per `occasion` and `item` shown, with `price` and `chosen` (or y, 0 or
    1); optional `household`, `time` (order within a household) and those in `features`.

    Learned: `levels_` (J,), `slope_` b and `slope_sd_`, `effects_` (K,), `loyalty_` and
    `loyalty_sd_`, `memory_`, `taste_variance_`, `intercepts_` (H, J), `shares_` (J,),
    `covariance_`, `log_likelihood_`, `items_`, `households_`, `is_wrong_sign_`.

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([2.0, 2.5, 3.0], (2_000, 2))
    >>> utility = -2.0 * np.log(price) + rng.gumbel(size=(2_000, 2))
    >>> X = {"occasion": np.repeat(np.arange(2_000), 2), "item": np.tile([0, 1], 2_000),
    ...      "price": price.ravel()}
    >>> model = MultinomialLogit().fit(X, (utility == utility.max(axis=1)[:, None]).ravel())
    >>> bool(abs(model.slope_ - 2.0) < 3 * model.slope_sd_ < 1.0)
    True
    """

    levels_: FloatArray
    intercepts_: FloatArray
    covariance_: FloatArray

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        has_outside: bool = False,
        has_loyalty: bool = False,
        has_taste: bool = False,
        memory: float | None = None,
        slope_prior: tuple[float, float] = SLOPE_PRIOR,
        tol: float = 1e-8,
    ) -> None:
        self.features = features
        self.has_outside = has_outside
        self.has_loyalty = has_loyalty
        self.has_taste = has_taste
        self.memory = memory
        self.slope_prior = slope_prior
        self.tol = tol

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from choices; y (n,) is 1 on the row that was chosen.

        Raises ValueError for bad columns, and for an occasion without a choice where there is no
        outside option.
        """
        rows = count_rows(X, "item")
        self.items_ = Coding.learn(X["item"])
        self.households_ = Coding.learn(read_labels(X, "household", rows))
        sets = read_choices(with_chosen(X, y), self.features, self.items_, self.households_)
        if not self.has_outside and (sets.chosen < 0).any():
            raise ValueError("nothing was chosen on an occasion and there is no outside option")
        self.shares_ = market_shares(sets)
        memories = (0.0,) if not self.has_loyalty else MEMORIES
        if self.has_loyalty and self.memory is not None:
            memories = (self.memory,)
        fits = [(self._fit_memory(sets, memory), memory) for memory in memories]
        (best, variance), self.memory_ = max(fits, key=lambda fit: fit[0][0].evidence)
        self._keep(best, variance)
        return self

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return chance, its sd and d log P / d log p of each row (n,), at its own `price` column
        or at `price`, the others of its occasion at theirs.

        The sd holds the doubt of levels and slopes, not of a household's own taste. Loyalty is as
        the rows' own history (`chosen`, in time order) says; a household never seen
        has no taste of its own and the market's shares as loyalty.
        """
        rows = count_rows(x, "item")
        sets = read_choices(x, self.features, self.items_, self.households_)
        row, shown = sets.row_of[sets.shown], sets.shown
        log_price = log_prices_at(sets, price, rows)
        chances, sd = np.empty(rows), np.empty(rows)
        effects = self._effects(sets, log_price, self.memory_)
        found = self._chances(sets, effects)
        gradient = self._gradient(found, effects)
        spread = np.einsum("tji,ik,tjk->tj", gradient, self.covariance_, gradient)
        chances[row], sd[row] = found[shown], np.sqrt(np.maximum(spread, 0.0))[shown]
        return Prediction(chances, sd, -max(self.slope_, 0.0) * (1.0 - chances))

    def cross_elasticities(self, x: Frame) -> FloatArray:
        """Return d log P_j / d log p_k (J, J), averaged over the occasions of `x`, weighted by P_j.

        Own elasticities stand on the diagonal: -b (1 - P_j); across: b P_k.
        """
        sets = read_choices(x, self.features, self.items_, self.households_)
        found = self._chances(sets, self._effects(sets, sets.log_price, self.memory_))
        total = np.maximum(found.sum(axis=0), 1e-12)
        across = self.slope_ * (found.T @ found) / total[:, None]
        return across - self.slope_ * np.eye(found.shape[1])

    def score(self, X: Frame, y: Any = None) -> float:  # noqa: N803 - scikit-learn's own name
        """Return the mean log likelihood of an occasion; 0 is certainty."""
        sets = read_choices(with_chosen(X, y), self.features, self.items_, self.households_)
        found = self._chances(sets, self._effects(sets, sets.log_price, self.memory_))
        return float(log_likelihoods(found, sets.chosen).mean())

    def _effects(self, sets: ChoiceSets, log_price: FloatArray, memory: float) -> FloatArray:
        """Return z (T, J, K): minus log price, features, loyalty."""
        parts = [-log_price[:, :, None], sets.context]
        if self.has_loyalty:
            parts.append(find_loyalty(sets, self.shares_, memory)[:, :, None])
        return np.concatenate(parts, axis=2)

    def _chances(self, sets: ChoiceSets, effects: FloatArray) -> FloatArray:
        own = np.where(
            sets.household[:, None] >= 0, self.intercepts_[np.maximum(sets.household, 0)], 0.0
        )
        utility = self.levels_ + effects @ self._slopes() + own
        return choice_chances(utility, sets.shown, has_outside=self.has_outside)

    def _slopes(self) -> FloatArray:
        habit = [self.loyalty_] if self.has_loyalty else []
        return np.concatenate([[self.slope_], self.effects_, habit])

    def _gradient(self, chances: FloatArray, effects: FloatArray) -> FloatArray:
        """Return d P_tj / d (levels, slopes), (T, J, J + K)."""
        own = chances[:, :, None] * (np.eye(chances.shape[1]) - chances[:, None, :])
        mean = np.einsum("tj,tjk->tk", chances, effects)
        slopes = chances[:, :, None] * (effects - mean[:, None, :])
        return np.concatenate([own, slopes], axis=2)

    def _fit_memory(self, sets: ChoiceSets, memory: float) -> tuple[ChoiceFit, float]:
        """Return the fit with one memory, and the variance of tastes (by empirical Bayes)."""
        effects = self._effects(sets, sets.log_price, memory)
        items, size = effects.shape[1:]
        usual = usual_prior(items, size, self.slope_prior)
        if not self.has_taste:
            problem = ChoiceProblem(sets, effects, usual, has_outside=self.has_outside)
            return problem.solve(tol=self.tol), 0.0
        variance, start = HYPER_VARIANCE, None
        for _ in range(VARIANCE_ROUNDS):
            prior = replace(usual, household=1.0 / variance)
            problem = ChoiceProblem(sets, effects, prior, has_outside=self.has_outside)
            fit = problem.solve(start, tol=self.tol)
            start, before = (fit.coef, fit.intercepts), variance
            known = (1.0 - fit.intercept_variance / variance).sum()
            variance = (float((fit.intercepts**2).sum()) + HYPER_COUNT * HYPER_VARIANCE) / (
                float(known) + HYPER_COUNT
            )
            if abs(np.log(variance / before)) < 0.01:
                break
        return fit, variance

    def _keep(self, fit: ChoiceFit, variance: float) -> None:
        items = len(self.items_)
        sd = np.sqrt(np.diag(fit.covariance))[items:]
        self.levels_, slopes = fit.coef[:items], fit.coef[items:]
        self.slope_, self.slope_sd_ = float(slopes[0]), float(sd[0])
        self.effects_ = slopes[1 : 1 + len(self.features)]
        self.loyalty_ = float(slopes[-1]) if self.has_loyalty else 0.0
        self.loyalty_sd_ = float(sd[-1]) if self.has_loyalty else 0.0
        self.taste_variance_ = variance
        self.intercepts_ = fit.intercepts
        self.covariance_ = fit.covariance
        self.log_likelihood_ = fit.log_likelihood
        self.is_converged_ = fit.is_converged
        self.is_wrong_sign_ = self.slope_ <= 0.0
