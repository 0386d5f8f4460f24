"""Comparison of models on later weeks, the decision which may be used, and what a backtest says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.families import CHAMPION, make_families
from pricing.demand.core.frames import Frame, count_rows, read_numbers, read_sales
from pricing.demand.core.metrics import (
    count_interval,
    interval_coverage,
    mean_poisson_deviance,
    wmape,
)
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.slopes import Elasticities, Shown, SlopeCheck, check_elasticities
from pricing.demand.core.training_cells import TrainingCells, best_sold, name_features, tabulate

# Forecasts are shown, but the slot is won on prices that chance drew: a forecaster may be right
# about next week and wrong about what a price would change.

BINS = 10
# What a challenger must reach, whatever the champion does.
MOST_WRONG_SIGNS = 0.01


@dataclass(frozen=True, slots=True)
class Standing:
    """Figures of one model over later weeks it had not seen.

    `ece` is the calibration error over ten bins of forecasts, as a share of sales; `coverage_90`
    the share of cells inside 90 % intervals; `wrong_sign_share` of items whose elasticity is not
    negative; `slopes` how its elasticities stand beside randomised prices of these weeks, None
    where too little was bought at such prices.
    """

    name: str
    wmape: float
    deviance: float
    ece: float
    coverage_90: float
    wrong_sign_share: float
    slopes: SlopeCheck | None

    def as_numbers(self) -> dict[str, Any]:
        """Return the figures for a model's metrics, those of slopes as numbers of their own."""
        found = {name: getattr(self, name) for name in self.__slots__ if name != "slopes"}
        slopes = {} if self.slopes is None else asdict(self.slopes)
        return found | {f"slope_{name}": value for name, value in slopes.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger may take the slot, and each reason against it."""

    may_take: bool
    reasons: tuple[str, ...]


def compare(
    models: Mapping[str, Any],
    frame: Frame,
    *,
    holder: str,
    blocks: int = 2,
    block_weeks: int = 4,
    shown: Shown | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Standing]:
    """Return the standing of each model, best deviance first; elasticities stand beside those of
    the `holder` of the slot, which is one of them.

    The last `blocks` x `block_weeks` weeks are forecast block by block, each from all weeks before
    it; of what was `shown` in a block, drawn prices judge the elasticities. Columns as in
    `Challenger`; `week` and `purchases` are needed. Models are cloned, not touched.
    """
    week = read_numbers(frame, "week", count_rows(frame, "item"))
    weeks = np.unique(week)
    if len(weeks) < (blocks + 2) * block_weeks:
        return []
    begins = [weeks[len(weeks) - block * block_weeks] for block in range(blocks, 0, -1)]
    ends = [*begins[1:], np.inf]
    items = np.unique(np.asarray(frame["item"]))
    held_out = [
        Impressions.nothing() if shown is None else shown.take_weeks(items, begin, end)
        for begin, end in zip(begins, ends, strict=True)
    ]
    figures, told = {}, {}
    for name, model in models.items():
        if progress is not None:
            progress(name)
        parts = [
            score(
                copy(model), take(frame, week < begin), take(frame, (week >= begin) & (week < end))
            )
            for begin, end in zip(begins, ends, strict=True)
        ]
        figures[name] = _average([part[0] for part in parts])
        told[name] = [part[1] for part in parts]
    found = [
        Standing(name=name, slopes=check_elasticities(told[name], told[holder], held_out), **mean)
        for name, mean in figures.items()
    ]
    return sorted(found, key=lambda standing: standing.deviance)


def score(model: Any, past: Frame, later: Frame) -> tuple[dict[str, float], Elasticities]:
    """Return figures of one model learned from `past` and measured on `later` weeks, and the mean
    elasticity of each item in these."""
    model.fit(past)
    known = np.isin(np.asarray(later["item"]), np.asarray(past["item"]))
    later = take(later, known)
    exposures, sales = read_sales(later, None, int(known.sum()))
    found = model.predict(None, later)
    forecast = found.units(exposures)
    own = getattr(model, "dispersion_of", None)
    phi = float(getattr(model, "dispersion_", 1.0)) if own is None else own(later)
    low, high = count_interval(forecast, phi * forecast + found.sd_units(exposures) ** 2, 0.9)
    by_item = mean_by_item(later["item"], found.elasticity)
    figures = {
        "wmape": wmape(sales, forecast),
        "deviance": mean_poisson_deviance(sales, forecast),
        "ece": calibration_error(sales, forecast),
        "coverage_90": interval_coverage(sales, low, high),
        "wrong_sign_share": float(np.mean(by_item.elasticity >= 0.0)),
    }
    return figures, by_item


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


def mean_by_item(item: Any, values: FloatArray) -> Elasticities:
    """Return the mean of each item's values, items ascending."""
    labels, number = np.unique(np.asarray(item), return_inverse=True)
    sums = np.bincount(number.ravel(), values, len(labels))
    return Elasticities(labels, sums / np.bincount(number.ravel(), minlength=len(labels)))


def judge(challenger: Standing) -> Verdict:
    """Return whether a challenger may take the slot, with every reason against it.

    No figure of a forecast is among them: an accurate forecaster with a wrong price slope loses
    money.

    >>> judge(Standing("trees", 0.4, 2.5, 0.01, 0.9, 0.0, None)).reasons
    ('no randomised prices to judge its elasticities by',)
    """
    reasons, slopes = [], challenger.slopes
    if slopes is None:
        reasons.append("no randomised prices to judge its elasticities by")
    elif not slopes.is_better:
        reasons.append(
            "on randomised prices it is not surely better than the champion:"
            f" log-likelihood {slopes.gain:+.2f} a day, {slopes.low:+.2f} to {slopes.high:+.2f}"
        )
    if challenger.wrong_sign_share > MOST_WRONG_SIGNS:
        reasons.append(f"{challenger.wrong_sign_share:.0%} of its elasticities are not negative")
    return Verdict(not reasons, tuple(reasons))


def take(frame: Frame, rows: Any) -> dict[str, Any]:
    """Return some rows of a frame, as a dict of arrays."""
    names = getattr(getattr(frame, "dtype", None), "names", None)
    return {name: np.asarray(frame[name])[rows] for name in (names or list(frame))}


def _average(parts: list[dict[str, float]]) -> dict[str, float]:
    return {figure: float(np.mean([part[figure] for part in parts])) for figure in parts[0]}


# As many items as all families can learn twice within some ten seconds.
BOARD_ITEMS = 150
MIN_BOARD_ITEMS = 50
NOT_COMPARED = "too few goods or weeks to compare models"


def build_board(
    cells: TrainingCells,
    shown: Shown | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    holder: str = CHAMPION,
) -> list[dict[str, Any]]:
    """Return one row per family: its figures, whether it may take the slot, and why not.

    Elasticities are judged by drawn prices among what was `shown`. The slot is the `holder`'s.
    Empty if there are too few items or weeks to compare anything.
    """
    item = best_sold(cells, BOARD_ITEMS)
    if len(item) < MIN_BOARD_ITEMS:
        return []
    features = name_features(cells)
    frame, models = tabulate(cells, item), make_families(features)
    board = compare(models, frame, holder=holder, shown=shown, progress=progress)
    return [_describe(one, is_holder=one.name == holder) for one in board]


def _describe(one: Standing, *, is_holder: bool) -> dict[str, Any]:
    verdict = judge(one)
    return {name: _short(value) for name, value in one.as_numbers().items()} | {
        "is_champion": is_holder,
        "may_take": verdict.may_take and not is_holder,
        "reasons": [] if is_holder else list(verdict.reasons),
    }


def ask_board(board: Sequence[Mapping[str, Any]], family: str, holder: str) -> dict[str, Any]:
    """Return whether `family` may stand in the slot after `holder`, and each reason against it.

    >>> ask_board([], "trees", "pooled_poisson")["reasons"]
    ['too few goods or weeks to compare models']
    >>> ask_board([], "trees", "trees")["may_take"]
    True
    """
    row = next((one for one in board if one["name"] == family), None)
    if family == holder:
        verdict: dict[str, Any] = {"may_take": True, "reasons": []}
    elif row is None:
        verdict = {"may_take": False, "reasons": [NOT_COMPARED]}
    else:
        verdict = {"may_take": row["may_take"], "reasons": row["reasons"]}
    return verdict | {"holder": holder}


def elasticity_by_department(
    cells: TrainingCells, served: ServedDemand
) -> list[dict[str, float | int]]:
    """Return the sales-weighted mean elasticity (negative) of each department with a 90 % interval.

    The interval holds the posterior of the items; what they share through their families makes it
    wider than independent items would: half the variance is taken as shared.
    """
    rows: list[dict[str, float | int]] = []
    weight = cells.units.sum(axis=1)
    for number, department in enumerate(cells.department_id.tolist()):
        own = cells.department == number
        total = weight[own].sum()
        if not total:
            continue
        share = weight[own] / total
        sd = served.elasticity_sd[own]
        variance = 0.5 * float(share**2 @ sd**2) + 0.5 * float(share @ sd) ** 2
        mean = -float(share @ served.elasticity[own])
        half = 1.645 * float(np.sqrt(variance))
        rows.append(
            {
                "department_id": int(department),
                "items": int(own.sum()),
                "elasticity": round(mean, 4),
                "low": round(mean - half, 4),
                "high": round(min(mean + half, 0.0), 4),
            }
        )
    return rows


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 5) if np.isfinite(value) else None


Band = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecasts of items by weeks, all (N, W): means, an 80 % and a 90 % band."""

    mean: FloatArray
    band_80: Band
    band_90: Band


def weekly_figures(
    actual: FloatArray, forecast: Forecast, kept: BoolArray, first_week: int
) -> list[dict[str, Any]]:
    """Return one row of figures per week that has cells, oldest first.

    `kept` (N, W) says which item-weeks were on sale; weeks are numbered from `first_week`. `bias`
    is (forecast - sales) / sales, `ece` the calibration error over ten bins as a share of sales.

    >>> import numpy as np
    >>> mean = np.array([[2.0, 3.0]])
    >>> whole = (np.zeros((1, 2)), np.full((1, 2), 9.0))
    >>> rows = weekly_figures(mean, Forecast(mean, whole, whole), mean > 0, 40)
    >>> [(row["week"], row["wmape"], row["coverage_90"]) for row in rows]
    [(40, 0.0, 1.0), (41, 0.0, 1.0)]
    """
    rows = []
    for week in range(actual.shape[1]):
        at = kept[:, week]
        sold, expected = actual[at, week], forecast.mean[at, week]
        if not sold.sum():
            continue
        rows.append(
            {
                "week": first_week + week,
                "cells": int(at.sum()),
                "units": float(sold.sum()),
                "forecast": round(float(expected.sum()), 1),
                "wmape": round(wmape(sold, expected), 4),
                "deviance": round(mean_poisson_deviance(sold, expected), 4),
                "bias": round(float(expected.sum() / sold.sum()) - 1.0, 4),
                "ece": round(calibration_error(sold, expected), 4),
                "coverage_80": round(_coverage(sold, forecast.band_80, (at, week)), 4),
                "coverage_90": round(_coverage(sold, forecast.band_90, (at, week)), 4),
            }
        )
    return rows


def _coverage(sold: FloatArray, band: Band, where: tuple[BoolArray, int]) -> float:
    at, week = where
    return interval_coverage(sold, band[0][at, week], band[1][at, week])


def price_strata(
    actual: FloatArray, forecast: FloatArray, log_price: FloatArray, kept: BoolArray
) -> list[dict[str, Any]]:
    """Return bias by how far the price was from usual: a slope too flat or steep shows here.

    All arguments (N, W); `log_price` is log(price / usual). A good model errs alike in every row.

    >>> import numpy as np
    >>> one = np.ones((1, 2))
    >>> price_strata(one, one, np.array([[-0.3, 0.0]]), one > 0)[0]["bias"]
    0.0
    """
    rows = []
    for low, high in ((-9.0, -0.2), (-0.2, -0.05), (-0.05, 0.05), (0.05, 9.0)):
        at = kept & (log_price >= low) & (log_price < high)
        sold = float(actual[at].sum())
        if sold:
            bias = float(forecast[at].sum()) / sold - 1.0
            rows.append({"from": low, "to": high, "cells": int(at.sum()), "bias": round(bias, 4)})
    return rows
