"""Evaluation of an uplift model from the randomised arm alone: calibration and Qini.

Everything is weighted by 1 / propensity within an arm (Hajek), so arms may be of any size. Judge a
model on shoppers it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promotions.targeting.core.uplift.features import FloatArray
from promotions.targeting.core.uplift.treatment_log import TreatmentLog

GROUPS, POINTS, DRAWS = 10, 20, 200


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted against observed uplift in groups of equal size by prediction, (GROUPS,) each, with
    the sd of what was observed; `slope` of observed on predicted (1 is right; below, the model
    exaggerates) and its sd."""

    predicted: FloatArray
    observed: FloatArray
    sd: FloatArray
    slope: float
    slope_sd: float


@dataclass(frozen=True, slots=True)
class Qini:
    """`area` per shopper between giving the offer to the best-ranked first and giving it at random
    (what AUUC counts), with its 95 % interval."""

    area: float
    area_interval: tuple[float, float]


def calibrate(trial: TreatmentLog, uplift: FloatArray) -> Calibration:
    """Compare `uplift` (n, k), predicted at `trial.depths`, with what the arms show.

    Shoppers are grouped by their prediction, for each depth its own arm against control; groups of
    the same rank are pooled over depths by their precision.
    """
    predicted, observed, variance = (np.zeros((len(trial.depths), GROUPS)) for _ in range(3))
    for at, depth in enumerate(trial.depths):
        group = np.argsort(np.argsort(uplift[:, at], kind="stable")) * GROUPS // len(uplift)
        for each in range(GROUPS):
            among = group == each
            with_offer = _arm_mean(trial, among & (trial.depth == depth))
            without = _arm_mean(trial, among & (trial.depth == 0))
            predicted[at, each] = uplift[among, at].mean()
            observed[at, each] = with_offer[0] - without[0]
            variance[at, each] = with_offer[1] + without[1]
    weight = 1.0 / np.maximum(variance, 1e-12)
    total = weight.sum(axis=0)
    centred = predicted - (weight * predicted).sum() / weight.sum()
    spread = float((weight * centred**2).sum())
    slope = float((weight * centred * observed).sum()) / max(spread, 1e-12)
    return Calibration(
        predicted=(weight * predicted).sum(axis=0) / total,
        observed=(weight * observed).sum(axis=0) / total,
        sd=np.sqrt(1.0 / total),
        slope=slope,
        slope_sd=max(spread, 1e-12) ** -0.5,
    )


def draw_qini(trial: TreatmentLog, score: FloatArray, depth: float, *, seed: int = 0) -> Qini:
    """Return the Qini area of ranking by `score` (n,) for the arm of `depth` against control,
    with an interval from DRAWS bootstrap samples of shoppers."""
    among = (trial.depth == depth) | (trial.depth == 0)
    arm = trial.take(among)
    arm = arm.take(np.argsort(-score[among], kind="stable"))
    rng = np.random.default_rng(seed)
    shoppers = len(arm.depth)
    drawn = [_area(arm, rng.poisson(1.0, shoppers).astype(np.float64)) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Qini(_area(arm, np.ones(shoppers)), (float(low), float(high)))


def _arm_mean(trial: TreatmentLog, among: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the weighted mean outcome and its variance; nobody: 0 with no information."""
    weight = trial.weight[among]
    if not len(weight):
        return 0.0, np.inf
    share = weight / weight.sum()
    mean = float(share @ trial.outcome[among])
    return mean, float(share**2 @ (trial.outcome[among] - mean) ** 2) + 1e-9


def _area(arm: TreatmentLog, times: FloatArray) -> float:
    """Return the area of the curve of cumulative uplift per shopper over giving at random, at
    POINTS shares of shoppers in their given order, each counted `times`."""
    treated = arm.depth > 0
    weight = arm.weight * times
    ends = (np.arange(1, POINTS + 1) * len(times)) // POINTS - 1

    def running(among: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        here = weight * among
        return np.cumsum(here * arm.outcome)[ends], np.cumsum(here)[ends]

    got, of = running(treated)
    kept, out = running(~treated)
    share = np.arange(1, POINTS + 1) / POINTS
    curve = (got / np.maximum(of, 1e-9) - kept / np.maximum(out, 1e-9)) * share
    return float(np.mean(curve - curve[-1] * share))
