"""How good an uplift model is, from the randomised arm alone: calibration, Qini, value at budget.

Everything is weighted by 1 / propensity within an arm (Hajek), so arms may be of any size. Judge a
model on shoppers it has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promotions.core.uplift.features import FloatArray
from promotions.core.uplift.trial import Trial

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
    """`gained` (POINTS,): uplift per shopper from giving the offer to the best-ranked shares
    `share` of them; `low` and `high` its 95 % band; `area` between it and giving at random
    (what AUUC counts), with its interval."""

    share: FloatArray
    gained: FloatArray
    low: FloatArray
    high: FloatArray
    area: float
    area_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class BudgetValue:
    """What an allocation earned and cost per shopper by the randomised arm, with 95 % intervals."""

    value: float
    value_interval: tuple[float, float]
    cost: float


def calibrate(trial: Trial, uplift: FloatArray) -> Calibration:
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


def draw_qini(trial: Trial, score: FloatArray, depth: float, *, seed: int = 0) -> Qini:
    """Return the Qini curve of ranking by `score` (n,) for the arm of `depth` against control,
    with a band from DRAWS bootstrap samples of shoppers."""
    among = (trial.depth == depth) | (trial.depth == 0)
    arm = trial.take(among)
    order = np.argsort(-score[among], kind="stable")
    arm = arm.take(order)
    share = np.arange(1, POINTS + 1) / POINTS
    rng = np.random.default_rng(seed)
    middle = _curve(arm, np.ones(len(order)))
    drawn = np.stack([_curve(arm, _draw(rng, len(order))) for _ in range(DRAWS)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    areas = np.array([_area(curve, share) for curve in drawn])
    return Qini(
        share=share,
        gained=middle,
        low=low,
        high=high,
        area=_area(middle, share),
        area_interval=_interval(areas),
    )


def value_at_budget(
    trial: Trial, choice: NDArray[np.int32], margin: FloatArray, face: FloatArray, *, seed: int = 0
) -> BudgetValue:
    """Estimate what an allocation earns: `choice` (n,) is the index into `trial.depths` or -1,
    `margin` (n,) what a purchase earns before funding, `face` (n, k) what a redemption costs.

    value = mean(1{depth = chosen} y m / pi) - mean(1{depth = 0} y m / pi_0): inverse propensity,
    with weights normalised; the interval by bootstrap of shoppers.
    """
    ladder = np.concatenate([[0.0], trial.depths])
    agrees = trial.depth == ladder[choice + 1]
    paid = np.concatenate([np.zeros((len(face), 1)), face], axis=1)
    cost = paid[np.arange(len(face)), choice + 1]
    weight = trial.weight * agrees
    control = trial.weight * (trial.depth == 0)
    earned = trial.outcome * margin

    def estimate(times: FloatArray) -> tuple[float, float]:
        on, off = weight * times, control * times
        value = (on @ earned) / on.sum() - (off @ earned) / off.sum()
        return float(value), float((on @ (trial.outcome * cost)) / on.sum())

    rng = np.random.default_rng(seed)
    value, spend = estimate(np.ones(len(choice)))
    drawn = [estimate(_draw(rng, len(choice)))[0] for _ in range(DRAWS)]
    return BudgetValue(value, _interval(np.array(drawn)), spend)


def _arm_mean(trial: Trial, among: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the weighted mean outcome and its variance; nobody: 0 with no information."""
    weight = trial.weight[among]
    if not len(weight):
        return 0.0, np.inf
    share = weight / weight.sum()
    mean = float(share @ trial.outcome[among])
    return mean, float(share**2 @ (trial.outcome[among] - mean) ** 2) + 1e-9


def _curve(arm: Trial, times: FloatArray) -> FloatArray:
    """Return cumulative uplift per shopper at POINTS shares of shoppers in their given order."""
    treated = arm.depth > 0
    weight = arm.weight * times
    ends = (np.arange(1, POINTS + 1) * len(times)) // POINTS - 1

    def running(among: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        here = weight * among
        return np.cumsum(here * arm.outcome)[ends], np.cumsum(here)[ends]

    got, of = running(treated)
    kept, out = running(~treated)
    share = np.arange(1, POINTS + 1) / POINTS
    return np.asarray((got / np.maximum(of, 1e-9) - kept / np.maximum(out, 1e-9)) * share)


def _draw(rng: np.random.Generator, shoppers: int) -> FloatArray:
    """Return how often each shopper is in a bootstrap sample, (shoppers,)."""
    return rng.poisson(1.0, shoppers).astype(np.float64)


def _area(curve: FloatArray, share: FloatArray) -> float:
    return float(np.mean(curve - curve[-1] * share))


def _interval(drawn: FloatArray) -> tuple[float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
