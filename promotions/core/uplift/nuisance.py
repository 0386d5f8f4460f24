"""What both smooth models stand on: a boosted outcome model, each shopper judged by other folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promotions.core.uplift.boosted import MonotoneBoosting
from promotions.core.uplift.features import FloatArray
from promotions.core.uplift.trial import Trial

FOLDS = 4


@dataclass(frozen=True, slots=True)
class Nuisance:
    """`mean` (n, 1 + k): P(buy) at no offer and at each depth given, out of fold; `whole` the same
    model on everybody, for shoppers that come later."""

    mean: FloatArray
    whole: MonotoneBoosting


def cross_fit(trial: Trial, seed: int) -> Nuisance:
    """Return the outcome model of a trial, cross-fitted in FOLDS folds.

    >>> rng = np.random.default_rng(0)
    >>> depth = rng.choice([0.0, 0.2], 2_000)
    >>> bought, half = (rng.random(2_000) < 0.3 + depth), np.full(2_000, 0.5)
    >>> found = cross_fit(Trial.read({"spend": rng.random(2_000)}, depth, bought, half), 0)
    >>> found.mean.mean(axis=0).round(1).tolist()
    [0.3, 0.5]
    """
    depths = np.concatenate([[0.0], trial.depths])
    fold = np.random.default_rng(seed).permutation(len(trial.depth)) % FOLDS
    mean = np.empty((len(trial.depth), len(depths)))
    for each in range(FOLDS):
        out: NDArray[np.bool_] = fold == each
        model = _make(seed).fit_trial(trial.take(~out))
        mean[out] = model.respond(trial.features[out], depths)[0]
    return Nuisance(mean, _make(seed).fit_trial(trial))


def _make(seed: int) -> MonotoneBoosting:
    return MonotoneBoosting(bags=1, iterations=80, leaves=10, seed=seed)
