"""Support vector regression on every cell, by scikit-learn: kernel approximation and descent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pricing.base.core.values import FloatArray
from pricing.demand.core.challenger import Cells, FeatureChallenger, log_rates

# So many cells are mapped at a time: a map of all of them would not fit into memory.
CHUNK = 16_384
# What descent sees in all: few cells are seen often, many at least `LEAST_PASSES` times.
SEEN, LEAST_PASSES, MOST_PASSES = 400_000, 3, 40


class SupportVectorDemand(FeatureChallenger):
    """Support vectors (Drucker et al. 1997) of log sales with a radial kernel, on **all** cells.

    The exact kernel costs the square of the cells; `Nystroem` (Williams and Seeger 2001) maps each
    cell onto its likeness to `landmarks` cells, and the epsilon-insensitive loss on that map is
    brought down by averaged stochastic descent, chunk by chunk. Learned: `scale_`, `kernel_`,
    `model_`. `predict` returns sales per exposure: see `Prediction`.

    >>> SupportVectorDemand(landmarks=50).landmarks
    50
    """

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        landmarks: int = 150,
        gamma: float = 0.1,
        epsilon: float = 0.1,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.landmarks = landmarks
        self.gamma = gamma
        self.epsilon = epsilon

    def _learn(self, cells: Cells) -> None:
        from sklearn.kernel_approximation import Nystroem  # noqa: PLC0415  # only workers that train load it
        from sklearn.linear_model import SGDRegressor  # noqa: PLC0415  # only workers that train load it
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  # only workers that train load it

        rows = len(cells.item)
        rng = np.random.default_rng(self.random_state)
        design, weight = self._features(cells), self._weights(cells)
        target = log_rates(cells) - self._log_level(cells)
        self.scale_ = StandardScaler().fit(design)
        few = rng.choice(rows, min(rows, CHUNK), replace=False)
        self.kernel_ = Nystroem(
            gamma=self.gamma,
            n_components=min(self.landmarks, len(few)),
            random_state=self.random_state,
        ).fit(self.scale_.transform(design[few]))
        self.model_ = SGDRegressor(
            loss="epsilon_insensitive",
            epsilon=self.epsilon,
            alpha=1e-6,
            learning_rate="invscaling",
            eta0=0.05,
            average=True,
            random_state=self.random_state,
        )
        for _ in range(int(np.clip(SEEN // rows, LEAST_PASSES, MOST_PASSES))):
            for part in np.array_split(rng.permutation(rows), -(-rows // CHUNK)):
                self.model_.partial_fit(self._map(design[part]), target[part], weight[part])

    def _rate(self, cells: Cells) -> FloatArray:
        design = self._features(cells)
        parts = np.array_split(design, max(-(-len(design) // CHUNK), 1))
        found = [self.model_.predict(self._map(part)) for part in parts if len(part)]
        added = np.concatenate(found) if found else np.zeros(0)
        return self._raised(cells, added)

    def _map(self, design: FloatArray) -> FloatArray:
        mapped: FloatArray = self.kernel_.transform(self.scale_.transform(design))
        return mapped
