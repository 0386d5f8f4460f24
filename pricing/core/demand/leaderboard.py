"""Which model is how good, measured on later weeks; and which may take the slot.

    from pricing.core.demand import compare, judge

Forecast error is shown, but the slot is won only on causal and calibration figures: a forecaster
may be right about next week and wrong about what a price would change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from pricing.core.arrays import FloatArray
from pricing.core.demand.frames import Coding, Frame, count_rows, read_numbers, read_sales
from pricing.core.demand.metrics import (
    count_interval,
    interval_coverage,
    mean_poisson_deviance,
    wmape,
)

BINS = 10
# What a challenger must reach, whatever the champion does.
MOST_WRONG_SIGNS, MOST_ECE = 0.01, 0.02
COVERAGE_FROM, COVERAGE_TO = 0.85, 0.95
MIN_RANDOMIZED = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Figures of one model over later weeks it had not seen.

    `ece` is the calibration error over ten bins of forecasts, as a share of sales; `coverage_90`
    the share of cells inside 90 % intervals; `wrong_sign_share` of items whose elasticity is not
    negative; `causal_gap` the mean relative distance to shock-identified elasticities, None where
    too few items have any.
    """

    name: str
    wmape: float
    deviance: float
    ece: float
    coverage_90: float
    wrong_sign_share: float
    causal_gap: float | None

    def as_numbers(self) -> dict[str, Any]:
        """Return the figures for a model's metrics."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger may take the slot, and each reason against it."""

    may_take: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShockEvidence:
    """Elasticities d ln q / d ln p of items (N,) that randomised prices back."""

    items: Any
    elasticity: FloatArray


def compare(
    models: Mapping[str, Any],
    frame: Frame,
    *,
    blocks: int = 2,
    block_weeks: int = 4,
    evidence: ShockEvidence | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Standing]:
    """Return the standing of each model, best deviance first.

    The last `blocks` x `block_weeks` weeks are forecast block by block, each from all weeks before
    it. Columns as in `Challenger`; `week` and `purchases` are needed. Models are cloned, not
    touched; one that cannot learn from these cells is left out.
    """
    rows = count_rows(frame, "item")
    week = read_numbers(frame, "week", rows)
    weeks = np.unique(week)
    if len(weeks) < (blocks + 2) * block_weeks:
        return []
    found = []
    for name, model in models.items():
        if progress is not None:
            progress(name)
        parts = []
        for block in range(blocks, 0, -1):
            begin = weeks[len(weeks) - block * block_weeks]
            end = begin + block_weeks
            past, later = take(frame, week < begin), take(frame, (week >= begin) & (week < end))
            parts.append(score(clone(model), past, later, evidence))
        found.append(_average(name, parts))
    return sorted(found, key=lambda standing: standing.deviance)


def score(
    model: Any, past: Frame, later: Frame, evidence: ShockEvidence | None = None
) -> dict[str, float]:
    """Return figures of one model learned from `past` and measured on `later` weeks."""
    model.fit(past)
    known = np.isin(np.asarray(later["item"]), np.asarray(past["item"]))
    later = take(later, known)
    exposures, sales = read_sales(later, None, int(known.sum()))
    mean, sd, elasticity = model.predict(None, later)
    forecast = mean * exposures
    own = getattr(model, "dispersion_of", None)
    phi = float(getattr(model, "dispersion_", 1.0)) if own is None else own(later)
    low, high = count_interval(forecast, phi * forecast + (sd * exposures) ** 2, 0.9)
    by_item = mean_by_item(later["item"], elasticity)
    return {
        "wmape": wmape(sales, forecast),
        "deviance": mean_poisson_deviance(sales, forecast),
        "ece": calibration_error(sales, forecast),
        "coverage_90": interval_coverage(sales, low, high),
        "wrong_sign_share": float(np.mean(by_item[1] >= 0.0)),
        "causal_gap": causal_gap(by_item, evidence),
    }


def calibration_error(sales: FloatArray, forecast: FloatArray, bins: int = BINS) -> float:
    """Return sum over bins of |sales - forecast| / all sales; bins hold equal counts of cells.

    With one bin it is the bias; with chances instead of counts it is the expected calibration
    error relative to the mean chance (Naeini, Cooper and Hauskrecht 2015).

    >>> calibration_error(np.array([1.0, 3.0]), np.array([2.0, 2.0]), bins=1)
    0.0
    """
    order = np.argsort(forecast, kind="stable")
    gap = sum(abs(float(part.sum())) for part in np.array_split((sales - forecast)[order], bins))
    return gap / max(float(sales.sum()), 1e-12)


def causal_gap(by_item: tuple[Any, FloatArray], evidence: ShockEvidence | None) -> float:
    """Return the mean relative distance to what shocks identify; NaN if unknown."""
    if evidence is None:
        return float("nan")
    at = Coding(by_item[0]).encode(evidence.items)
    both = at >= 0
    if both.sum() < MIN_RANDOMIZED:
        return float("nan")
    gap = np.abs(by_item[1][at[both]] - evidence.elasticity[both])
    return float(np.mean(gap / np.abs(evidence.elasticity[both])))


def mean_by_item(item: Any, values: FloatArray) -> tuple[Any, FloatArray]:
    """Return the labels of items, ascending, and the mean of each one's values."""
    labels, number = np.unique(np.asarray(item), return_inverse=True)
    sums = np.bincount(number.ravel(), values, len(labels))
    return labels, sums / np.bincount(number.ravel(), minlength=len(labels))


def judge(challenger: Standing, champion: Standing) -> Verdict:
    """Return whether a challenger may take the champion's slot, with every reason against it.

    Forecast error is not among them: an accurate forecaster with a wrong price slope loses money.

    >>> champion = Standing("champion", 0.5, 3.0, 0.02, 0.9, 0.0, 0.30)
    >>> judge(Standing("trees", 0.4, 2.5, 0.01, 0.9, 0.0, None), champion).reasons
    ('no randomised prices to compare its elasticities with',)
    """
    reasons = []
    if challenger.causal_gap is None or champion.causal_gap is None:
        reasons.append("no randomised prices to compare its elasticities with")
    elif challenger.causal_gap >= champion.causal_gap:
        reasons.append(
            f"its elasticities are {challenger.causal_gap:.0%} from the randomised ones,"
            f" the champion's {champion.causal_gap:.0%}"
        )
    if challenger.wrong_sign_share > MOST_WRONG_SIGNS:
        reasons.append(f"{challenger.wrong_sign_share:.0%} of its elasticities are not negative")
    if challenger.ece > max(MOST_ECE, champion.ece):
        reasons.append(
            f"its calibration error is {challenger.ece:.1%}, the champion's {champion.ece:.1%}"
        )
    if not COVERAGE_FROM <= challenger.coverage_90 <= COVERAGE_TO:
        reasons.append(f"its 90 % intervals hold {challenger.coverage_90:.0%}")
    return Verdict(not reasons, tuple(reasons))


def take(frame: Frame, rows: Any) -> dict[str, Any]:
    """Return some rows of a frame, as a dict of arrays."""
    names = getattr(getattr(frame, "dtype", None), "names", None)
    return {name: np.asarray(frame[name])[rows] for name in (names or list(frame))}


def _average(name: str, parts: list[dict[str, float]]) -> Standing:
    mean = {figure: float(np.mean([part[figure] for part in parts])) for figure in parts[0]}
    gap = mean.pop("causal_gap")
    return Standing(name=name, causal_gap=None if np.isnan(gap) else gap, **mean)
