"""What is served: the logit's and the DR-learner's response, two to one."""

from __future__ import annotations

import numpy as np

from promotions.core.uplift.base import UpliftModel
from promotions.core.uplift.doubly_robust import DoublyRobust
from promotions.core.uplift.features import FloatArray
from promotions.core.uplift.logit import OffsetLogit
from promotions.core.uplift.nuisance import cross_fit
from promotions.core.uplift.trial import Trial

WEIGHTS = np.array([2.0, 1.0]) / 3.0


class UpliftBlend(UpliftModel):
    """`OffsetLogit` and `DoublyRobust`, weighted by WEIGHTS: the first is sharp where a discount
    moves log-odds evenly, the second right where it does not. The sd adds their disagreement.

    Learned: `models_`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < 0.2 + 2 * depth * spend
    >>> model = UpliftBlend().fit({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> model.predict({"spend": [0.5]}, [0.0, 0.1, 0.2]).round(1).tolist()
    [[0.2, 0.3, 0.4]]
    """

    models_: tuple[UpliftModel, ...]

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def _learn(self, trial: Trial) -> None:
        nuisance = cross_fit(trial, self.seed)
        logit, robust = OffsetLogit(seed=self.seed), DoublyRobust(seed=self.seed)
        logit.learn_beside(trial, nuisance)
        robust.learn_beside(trial, nuisance)
        self.models_ = (logit, robust)

    def _respond(self, features: FloatArray, depths: FloatArray) -> tuple[FloatArray, FloatArray]:
        each = [model.respond(features, depths) for model in self.models_]
        chance = np.stack([one[0] for one in each])
        gained = chance - chance[:, :, :1]
        middle = np.tensordot(WEIGHTS, gained, axes=1)
        own = np.tensordot(WEIGHTS, np.stack([one[1] ** 2 for one in each]), axes=1)
        apart = np.tensordot(WEIGHTS, (gained - middle) ** 2, axes=1)
        return np.tensordot(WEIGHTS, chance, axes=1), np.sqrt(own + apart)
