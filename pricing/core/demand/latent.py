"""Latent classes of taste: households of a few kinds, each with its own multinomial logit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator

from pricing.core.arrays import FloatArray
from pricing.core.demand.choice import (
    ChoiceSets,
    choice_chances,
    log_likelihoods,
    log_prices_at,
    read_choices,
    with_chosen,
)
from pricing.core.demand.choice_newton import ChoiceProblem, usual_prior
from pricing.core.demand.frames import Coding, Frame, Prediction, count_rows, read_labels

# One household's worth of belief that classes are equally large: none dies out.
SHARE_COUNT = 1.0
CLEAR = 0.9


class LatentClassLogit(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Each household h belongs to one of C classes, unseen, with shares pi_c:

        P(choices of h) = sum_c pi_c prod_t P_c(item on occasion t)

    P_c is the logit of `MultinomialLogit` (levels, price slope and effects of the class's own),
    without household intercepts. Found by expectation-maximisation, which never lowers the
    posterior; the best of `n_init` random starts is kept, classes ordered by slope, flattest first.
    Sources: Kamakura and Russell 1989, J. Marketing Research 26, 379-390; Dempster, Laird and
    Rubin 1977. `bic_` (lower is better) tells how many classes the choices bear out.

    Columns of X as in `MultinomialLogit`; `household` is needed to tell classes apart.

    Learned: `share_` (C,), `levels_` (C, J), `slopes_` (C,), `effects_` (C, K), `membership_`
    (H, C), `log_likelihood_`, `bic_`, `path_` (log posterior by step), `items_`, `households_`.

    >>> rng = np.random.default_rng(1)
    >>> slope = np.repeat([1.0, 5.0], 30)[np.repeat(np.arange(60), 40)]
    >>> price = rng.choice([2.0, 2.5, 3.0], (2_400, 2))
    >>> utility = -slope[:, None] * np.log(price) + rng.gumbel(size=price.shape)
    >>> X = {"occasion": np.repeat(np.arange(2_400), 2), "item": np.tile([0, 1], 2_400),
    ...      "household": np.repeat(np.arange(60), 80), "price": price.ravel()}
    >>> model = LatentClassLogit().fit(X, (utility == utility.max(axis=1)[:, None]).ravel())
    >>> model.slopes_.round().tolist()
    [1.0, 5.0]
    """

    share_: FloatArray
    slopes_: FloatArray
    membership_: FloatArray

    def __init__(
        self,
        *,
        classes: int = 2,
        features: Sequence[str] = (),
        has_outside: bool = False,
        n_init: int = 4,
        max_iter: int = 200,
        tol: float = 1e-7,
        random_state: int | None = 0,
    ) -> None:
        self.classes = classes
        self.features = features
        self.has_outside = has_outside
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from choices; y (n,) is 1 on the row that was chosen. Raises ValueError for bad
        columns, fewer than one class, or more classes than households."""
        rows = count_rows(X, "item")
        self.items_ = Coding.learn(X["item"])
        self.households_ = Coding.learn(read_labels(X, "household", rows))
        if not 1 <= self.classes <= len(self.households_):
            raise ValueError("there must be between one class and as many as households")
        sets = self._read(X, y)
        if not self.has_outside and (sets.chosen < 0).any():
            raise ValueError("nothing was chosen on an occasion and there is no outside option")
        rng = np.random.default_rng(self.random_state)
        starts = self.n_init if self.classes > 1 else 1
        runs = [self._climb(sets, rng) for _ in range(starts)]
        theta, share, membership, path, likelihood = max(runs, key=lambda run: run[3][-1])
        items = len(self.items_)
        order = np.argsort(theta[:, items])
        theta = theta[order]
        self.share_, self.membership_ = share[order], membership[:, order]
        self.levels_, self.slopes_ = theta[:, :items], theta[:, items]
        self.effects_ = theta[:, items + 1 :]
        self.log_likelihood_, self.path_ = likelihood, path
        # Without an outside option one level of each class is a matter of taste.
        free = theta.size + self.classes - 1 - (0 if self.has_outside else self.classes)
        self.bic_ = free * float(np.log(len(self.households_))) - 2.0 * likelihood
        return self

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return chance, its sd over classes, and d log P / d log p of each row (n,).

        A known household counts with its membership, one never seen with the shares. Prices as in
        `MultinomialLogit.predict`.
        """
        rows = count_rows(x, "item")
        sets = self._read(x, None)
        chances = self._chances(sets, log_prices_at(sets, price, rows))
        known = sets.household >= 0
        weight = np.where(
            known[:, None], self.membership_[np.maximum(sets.household, 0)], self.share_
        )
        mean = np.einsum("tc,ctj->tj", weight, chances)
        spread = np.einsum("tc,ctj->tj", weight, (chances - mean) ** 2)
        slope = np.maximum(self.slopes_, 0.0)[:, None, None] * chances * (1.0 - chances)
        bend = -np.einsum("tc,ctj->tj", weight, slope) / np.maximum(mean, 1e-300)
        columns = []
        for values in (mean, np.sqrt(spread), bend):
            column = np.empty(rows)
            column[sets.row_of[sets.shown]] = values[sets.shown]
            columns.append(column)
        return Prediction(*columns)

    def count_clear(self) -> float:
        """Return the share of households that belong to one class with probability CLEAR."""
        return float(np.mean(self.membership_.max(axis=1) >= CLEAR))

    def _read(self, frame: Frame, y: Any) -> ChoiceSets:
        return read_choices(with_chosen(frame, y), self.features, self.items_, self.households_)

    def _climb(
        self, sets: ChoiceSets, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, FloatArray, list[float], float]:
        """Return parameters (C, J + K), shares, memberships, log posterior by step, likelihood."""
        effects = np.concatenate([-sets.log_price[:, :, None], sets.context], axis=2)
        starts, households = sets.starts(), len(self.households_)
        owner = np.repeat(np.arange(households), np.diff(np.append(starts, len(sets.chosen))))
        prior = usual_prior(len(self.items_), effects.shape[2])
        membership = rng.dirichlet(np.ones(self.classes), households)
        theta = np.tile(prior.mean, (self.classes, 1))
        path: list[float] = []
        while True:
            share = (membership.sum(axis=0) + SHARE_COUNT) / (
                households + SHARE_COUNT * self.classes
            )
            for at in range(self.classes):
                problem = ChoiceProblem(
                    sets,
                    effects,
                    prior,
                    has_outside=self.has_outside,
                    weight=membership[owner, at],
                )
                theta[at] = problem.solve(
                    (theta[at], np.zeros((households, len(self.items_))))
                ).coef
            by_household = self._by_class(sets, effects, theta, starts) + np.log(share)
            total = logsumexp(by_household, axis=1)
            membership = np.exp(by_household - total[:, None])
            away = ((theta - prior.mean) ** 2 * prior.precision).sum()
            path.append(float(total.sum() - 0.5 * away + SHARE_COUNT * np.log(share).sum()))
            is_flat = len(path) > 1 and path[-1] - path[-2] < self.tol * abs(path[-1])
            if is_flat or len(path) >= self.max_iter:
                return theta, share, membership, path, float(total.sum())

    def _by_class(
        self, sets: ChoiceSets, effects: FloatArray, theta: FloatArray, starts: Any
    ) -> FloatArray:
        """Return the log likelihood of each household's choices in each class, (H, C)."""
        items = len(self.items_)
        found = []
        for own in theta:
            chances = choice_chances(
                own[:items] + effects @ own[items:], sets.shown, has_outside=self.has_outside
            )
            found.append(np.add.reduceat(log_likelihoods(chances, sets.chosen), starts))
        return np.stack(found, axis=1)

    def _chances(self, sets: ChoiceSets, log_price: FloatArray) -> FloatArray:
        """Return P (C, T, J) of each class."""
        effects = np.concatenate([-log_price[:, :, None], sets.context], axis=2)
        slopes = np.concatenate([self.slopes_[:, None], self.effects_], axis=1)
        return np.stack(
            [
                choice_chances(level + effects @ slope, sets.shown, has_outside=self.has_outside)
                for level, slope in zip(self.levels_, slopes, strict=True)
            ]
        )
