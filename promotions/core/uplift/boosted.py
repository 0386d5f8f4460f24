"""S-learner: one boosted model of the outcome with depth among its features, monotone in it."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from promotions.core.uplift.base import UpliftModel
from promotions.core.uplift.features import FloatArray
from promotions.core.uplift.trial import Trial


class MonotoneBoosting(UpliftModel):
    """P(buy | x, depth) by boosted trees that never fall with depth, `bags` of them on bootstrap
    samples: their mean is the response, their spread the sd of the uplift.

    Learned: `trees_`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < 0.2 + 2 * depth * spend
    >>> model = MonotoneBoosting(bags=2).fit({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> low, high = model.predict_uplift({"spend": [0.1, 0.9]}, [0.2])[:, 0]
    >>> bool(low < 0.15 < high)
    True
    """

    trees_: list[HistGradientBoostingClassifier]

    def __init__(
        self, *, bags: int = 4, iterations: int = 120, leaves: int = 12, seed: int = 0
    ) -> None:
        self.bags = bags
        self.iterations = iterations
        self.leaves = leaves
        self.seed = seed

    def _learn(self, trial: Trial) -> None:
        rng = np.random.default_rng(self.seed)
        inputs = np.column_stack([trial.features, trial.depth])
        outcome = trial.outcome > 0
        self.trees_ = []
        for bag in range(self.bags):
            rows = rng.integers(0, len(inputs), len(inputs)) if self.bags > 1 else slice(None)
            self.trees_.append(self._make(bag, inputs.shape[1]).fit(inputs[rows], outcome[rows]))

    def _make(self, bag: int, columns: int) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            learning_rate=0.06,
            max_iter=self.iterations,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=60,
            l2_regularization=5.0,
            monotonic_cst=[0] * (columns - 1) + [1],
            random_state=self.seed * 1_000 + bag,
        )

    def _respond(self, features: FloatArray, depths: FloatArray) -> tuple[FloatArray, FloatArray]:
        chance = np.empty((self.bags, len(features), len(depths)))
        for at, depth in enumerate(depths):
            inputs = np.column_stack([features, np.full(len(features), depth)])
            for bag, trees in enumerate(self.trees_):
                chance[bag, :, at] = trees.predict_proba(inputs)[:, 1]
        gained = chance - chance[:, :, :1]
        sd = gained.std(axis=0, ddof=1) if self.bags > 1 else np.zeros(gained.shape[1:])
        return chance.mean(axis=0), sd
