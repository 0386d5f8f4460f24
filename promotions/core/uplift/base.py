"""One interface for all uplift models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from promotions.core.uplift.features import FloatArray, Frame, read_frame
from promotions.core.uplift.isotone import make_isotone
from promotions.core.uplift.trial import Trial


class UpliftModel(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn ships no types
    """Common part: reading the trial, depth 0 beside every question, isotonic over depth.

    A model says `_learn(trial)` and `_respond(features, depths)` -> (chance (n, k), sd of the
    uplift (n, k)); the first of the depths it is asked for is always 0.
    """

    names_: tuple[str, ...]

    def fit(self, X: Frame, depth: Any, outcome: Any, propensity: Any) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from a randomised arm. Raises ValueError where nothing can be learned."""
        trial = Trial.read(X, depth, outcome, propensity)
        self.names_ = trial.names
        self._learn(trial)
        return self

    def fit_trial(self, trial: Trial) -> Self:
        """Learn from a trial that was read before."""
        self.names_ = trial.names
        self._learn(trial)
        return self

    def predict(self, X: Frame, depths: ArrayLike) -> FloatArray:  # noqa: N803 - scikit-learn's own name
        """Return the chance to buy at each of k depths, (n, k), never falling with depth."""
        return self.respond(read_frame(X, self.names_), np.asarray(depths, dtype=float))[0]

    def predict_uplift(self, X: Frame, depths: ArrayLike) -> FloatArray:  # noqa: N803 - scikit-learn's own name
        """Return what each depth adds to the chance to buy without an offer, (n, k)."""
        with_none = np.concatenate([[0.0], np.asarray(depths, dtype=float)])
        chance = self.respond(read_frame(X, self.names_), with_none)[0]
        return chance[:, 1:] - chance[:, :1]

    def predict_sd(self, X: Frame, depths: ArrayLike) -> FloatArray:  # noqa: N803 - scikit-learn's own name
        """Return the standard deviation of that uplift, (n, k)."""
        return self.respond(read_frame(X, self.names_), np.asarray(depths, dtype=float))[1]

    def respond(self, features: FloatArray, depths: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return chance and sd of the uplift at `depths` in any order, (n, k) each."""
        if not ((depths >= 0) & (depths < 1)).all():
            raise ValueError("a depth is a share of the price, below 1")
        ladder, place = np.unique(np.concatenate([[0.0], depths]), return_inverse=True)
        chance, sd = self._respond(features, ladder)
        chance = np.clip(make_isotone(chance), 0.0, 1.0)
        return chance[:, place[1:]], sd[:, place[1:]]

    @abstractmethod
    def _learn(self, trial: Trial) -> None: ...

    @abstractmethod
    def _respond(
        self, features: FloatArray, depths: FloatArray
    ) -> tuple[FloatArray, FloatArray]: ...
