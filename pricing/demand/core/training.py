"""Training of a served model: fit, validation on the latest weeks, refusal of implausible fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy

from pricing.base.core.values import BoolArray, FloatArray
from pricing.demand.core.families import CHAMPION
from pricing.demand.core.fitted_family import (
    FittedFamily,
    fit_family,
    measure_curve,
    measure_loss,
    read_slopes,
    serve_family,
)
from pricing.demand.core.leaderboard import (
    Forecast,
    ask_board,
    build_board,
    calibration_error,
    elasticity_by_department,
    price_strata,
    weekly_figures,
)
from pricing.demand.core.metrics import (
    FORECAST_FLOOR,
    count_interval,
    interval_coverage,
    mean_poisson_deviance,
    wmape,
)
from pricing.demand.core.pooled import PRIOR_ELASTICITY, PRIOR_ELASTICITY_SD, PooledPoisson
from pricing.demand.core.served import WEEKS_OF_YEAR, ServedDemand, serve
from pricing.demand.core.slopes import Shown
from pricing.demand.core.training_cells import OWN_PRICE, TrainingCells, design_cells
from pricing.optimum.core.signals import SignalWeights

BLOCKS, BLOCK_WEEKS = 3, 4
# What may be chosen, drawn evenly in the logarithm: (least, most).
SPACE = {
    "season_prior": (10.0, 3_000.0),
    "level_half_life": (0.7, 8.0),
    "level_prior": (5.0, 500.0),
}
# A setting other than the usual one must forecast better by this many standard errors.
SURE = 1.0


@dataclass(frozen=True, slots=True)
class DemandSettings:
    """What `PooledPoisson` does not learn by itself; the usual values were chosen on the train part
    of the Complete Journey.

    >>> DemandSettings.read({"level_prior": 20.0, "unknown": 1.0}).level_prior
    20.0
    """

    season_prior: float = 100.0
    level_half_life: float = 2.0
    level_prior: float = 50.0

    def make(self) -> PooledPoisson:
        """Return an unfitted model."""
        return PooledPoisson(**asdict(self))

    @staticmethod
    def read(numbers: Mapping[str, float]) -> DemandSettings:
        """Return settings from stored numbers; unknown names are left out."""
        return DemandSettings(**{name: float(numbers[name]) for name in SPACE if name in numbers})


@dataclass(frozen=True, slots=True)
class SettingResult:
    """One setting, tried: mean deviance and WMAPE of the later weeks, how much lower the deviance
    is than with the usual setting and the standard error of that, over items."""

    number: int
    settings: DemandSettings
    deviance: float
    wmape: float
    gain: float
    gain_se: float

    def as_numbers(self) -> dict[str, Any]:
        """Return the trial for storage; `read` reads it back."""
        return asdict(self)

    @staticmethod
    def read(numbers: Mapping[str, Any]) -> SettingResult:
        """Return a stored trial."""
        return SettingResult(
            **dict(numbers) | {"settings": DemandSettings.read(numbers["settings"])}
        )


def draw_settings(seed: int, number: int) -> DemandSettings:
    """Return the settings of a trial: the usual ones first, then draws of (seed, number).

    A trial is the same whichever run makes it, so a search that was cut off goes on where it was.

    >>> draw_settings(1, 0) == DemandSettings(), draw_settings(1, 5) == draw_settings(1, 5)
    (True, True)
    """
    if number == 0:
        return DemandSettings()
    rng = np.random.default_rng([seed, number])
    drawn = {
        name: float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.4g}")
        for name, (low, high) in SPACE.items()
    }
    return DemandSettings(**drawn)


def can_tune(cells: TrainingCells) -> bool:
    """Return whether there are weeks to forecast and twice as many to learn from."""
    return cells.units.shape[1] >= 3 * BLOCKS * BLOCK_WEEKS and len(cells.variant_id) > 1


def try_settings(
    cells: TrainingCells, number: int, settings: DemandSettings, usual: FloatArray | None
) -> tuple[SettingResult, FloatArray]:
    """Return a trial and its deviance by item (N,); `usual` is that of the usual settings.

    The last BLOCKS x BLOCK_WEEKS weeks are forecast block by block, each by a model of all weeks
    before it and of none after: time-blocked cross-validation with a rolling origin (Hyndman and
    Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., sec. 5.10).
    """
    deviance, misses, sold, counted = (np.zeros(len(cells.variant_id)) for _ in range(4))
    weeks = cells.units.shape[1]
    for block in range(BLOCKS, 0, -1):
        cut = weeks - block * BLOCK_WEEKS
        forecast = np.maximum(_forecast(cells, settings, cut), FORECAST_FLOOR)
        later = slice(cut, cut + BLOCK_WEEKS)
        actual = cells.units[:, later]
        kept = (cells.on_sale[:, later] > 0) & cells.on_sale[:, :cut].any(axis=1, keepdims=True)
        terms = 2.0 * (xlogy(actual, actual / forecast) - (actual - forecast))
        deviance += (terms * kept).sum(axis=1)
        misses += (np.abs(actual - forecast) * kept).sum(axis=1)
        sold += (actual * kept).sum(axis=1)
        counted += kept.sum(axis=1)
    total = max(float(counted.sum()), 1.0)
    gap = deviance - (deviance if usual is None else usual)
    trial = SettingResult(
        number=number,
        settings=settings,
        deviance=float(deviance.sum() / total),
        wmape=float(misses.sum() / max(sold.sum(), 1.0)),
        gain=float(0.0 - gap.sum() / total),
        gain_se=float(gap.std() * len(gap) ** 0.5 / total),
    )
    return trial, deviance


def choose_settings(trials: Sequence[SettingResult]) -> DemandSettings:
    """Return the best tried settings, or the usual ones where no trial is surely better.

    >>> usual = SettingResult(0, DemandSettings(), 3.0, 0.5, 0.0, 0.0)
    >>> unsure = SettingResult(1, DemandSettings(level_prior=9.0), 2.9, 0.5, 0.1, 0.2)
    >>> choose_settings([usual, unsure])
    DemandSettings(season_prior=100.0, level_half_life=2.0, level_prior=50.0)
    """
    sure = [trial for trial in trials if trial.number and trial.gain > SURE * trial.gain_se]
    if not sure:
        return DemandSettings()
    return min(sure, key=lambda trial: trial.deviance).settings


def _forecast(cells: TrainingCells, settings: DemandSettings, cut: int) -> FloatArray:
    """Return units of the block after `cut` (N, BLOCK_WEEKS), price and promotion known."""
    design, _ = design_cells(cells, cut, cut + BLOCK_WEEKS)
    model = settings.make().fit(
        design[:, :, :cut],
        cells.units[:, None, :cut],
        cells.family,
        cells.department,
        cells.on_sale[:, None, :cut],
    )
    return model.predict_units(design[:, :, cut:], cells.department)[:, 0]


HELD_OUT_WEEKS = 8
MIN_ITEMS = 10
# A price that hardly ever moves says nothing about elasticity: such items are not counted.
PRICE_MOVED = 0.02
TOO_LITTLE = "there is too little history to fit another family"

USUAL = DemandSettings()

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model ready to serve, its figures, and why it may not be used ("" if it may)."""

    served: ServedDemand
    metrics: dict[str, Any]
    refusal: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Which family was fitted, whose slot it is, and what was shown: drawn prices judge both."""

    family: str
    holder: str
    shown: Shown | None


OWN_SLOT = Slot(CHAMPION, CHAMPION, None)


def train(
    cells: TrainingCells,
    weights: SignalWeights,
    progress: Progress,
    settings: DemandSettings = USUAL,
    *,
    slot: Slot = OWN_SLOT,
    solver: str = "",
) -> Trained:
    """Fit the family of `slot` on all weeks; measure on the last HELD_OUT_WEEKS with a model that
    never saw them.

    The champion is fitted with `settings`, any other family with `solver` ("": its usual one).
    """
    if slot.family != CHAMPION:
        return _train_family(cells, weights, progress, slot, solver)
    if len(cells.variant_id) < MIN_ITEMS:
        return Trained(prior_model(weights), {"items": len(cells.variant_id)}, "")
    metrics: dict[str, Any] = {}
    weeks = cells.units.shape[1]
    if weeks >= 3 * HELD_OUT_WEEKS:
        progress("checking on held-out weeks")
        metrics |= _back_test(cells, weeks - HELD_OUT_WEEKS, settings)
    progress("fitting")
    fitted = fit_served(cells, weights, settings)
    raw, dispersion = -fitted.model.coef_[:, OWN_PRICE], fitted.model.dispersion_
    metrics |= describe_slopes(cells, fitted.served, raw, dispersion)
    metrics["settings"] = asdict(settings)
    return _finish(cells, fitted.served, metrics, progress, slot)


def _finish(
    cells: TrainingCells,
    served: ServedDemand,
    metrics: dict[str, Any],
    progress: Progress,
    slot: Slot,
) -> Trained:
    """Return a model with its leaderboard, and the gate's verdict on its family."""
    found = dict(metrics)
    found["elasticity_by_department"] = elasticity_by_department(cells, served)
    found["leaderboard"] = build_board(
        cells,
        slot.shown,
        lambda name: progress(f"comparing models: {name}"),
        holder=slot.holder,
    )
    found["gate"] = ask_board(found["leaderboard"], slot.family, slot.holder)
    return Trained(served, found, find_refusal(served, found))


def _train_family(
    cells: TrainingCells, weights: SignalWeights, progress: Progress, slot: Slot, solver: str
) -> Trained:
    """Fit a family other than the champion and compress it to what serving reads.

    The backtest is of the family's own forecasts; `compression` says what is lost where its price
    response is replaced by the elasticities that serve. `gate` says whether it may take the slot:
    by its elasticities beside randomised prices, never by forecast error.
    """
    weeks = cells.units.shape[1]
    if len(cells.variant_id) < MIN_ITEMS or weeks < 3 * HELD_OUT_WEEKS:
        return Trained(prior_model(weights), {"items": len(cells.variant_id)}, TOO_LITTLE)
    progress("checking on held-out weeks")
    cut = weeks - HELD_OUT_WEEKS
    metrics = _back_test_family(fit_family(slot.family, cells, cut, progress, solver), weights)
    fitted = fit_family(slot.family, cells, weeks, progress, solver)
    progress("compressing")
    slopes = read_slopes(fitted)
    served = serve_family(fitted, slopes, weights)
    metrics["compression"] |= measure_curve(fitted, served)
    raw = slopes.mean[slopes.known]
    metrics |= describe_slopes(cells, served, raw, served.dispersion)
    metrics |= _own_wrong_signs(fitted) | _describe_end(fitted)
    return _finish(cells, served, metrics, progress, slot)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted champion and the arrays it serves."""

    model: PooledPoisson
    served: ServedDemand


def fit_served(
    cells: TrainingCells, weights: SignalWeights, settings: DemandSettings = USUAL
) -> Fitted:
    """Return the champion of all weeks as it is served, without looking at how good it is."""
    design, usual = design_cells(cells, cells.units.shape[1])
    model = settings.make().fit(
        design,
        cells.units[:, None, :],
        cells.family,
        cells.department,
        cells.on_sale[:, None, :],
    )
    served = serve(
        model,
        variant_id=cells.variant_id,
        usual_log_price=usual,
        family_id=cells.family_id,
        department_id=cells.department_id,
        week_of_year=cells.week_of_year,
        weights=weights,
    )
    return Fitted(model, served)


def find_refusal(served: ServedDemand, metrics: dict[str, Any]) -> str:
    """Return why a model must not make prices, "" if nothing speaks against it.

    >>> from pricing.demand.core.served import example_served
    >>> find_refusal(example_served(), {"wrong_sign_share": 0.4})
    'more than a quarter of the elasticities have the wrong sign'
    """
    numbers = (served.elasticity, served.elasticity_sd, served.family_elasticity)
    if not all(np.isfinite(one).all() and (one > 0).all() for one in numbers):
        return "an elasticity is not a positive number"
    if metrics.get("wrong_sign_share", 0.0) > 0.25:
        return "more than a quarter of the elasticities have the wrong sign"
    if not metrics.get("wmape", 0.0) < 2.0:
        return "the forecast of the held-out weeks is worse than useless"
    return ""


def prior_model(weights: SignalWeights) -> ServedDemand:
    """Return what is believed before anything was sold: one elasticity for all products."""
    none, ids = np.zeros(0), np.zeros(0, dtype=np.int64)
    return ServedDemand(
        variant_id=ids,
        elasticity=none,
        elasticity_sd=none,
        base_log=none,
        usual_minor=none,
        dispersion=none,
        is_causal=np.zeros(0, dtype=np.bool_),
        family_id=ids,
        family_elasticity=none,
        family_elasticity_sd=none,
        global_elasticity=np.array([PRIOR_ELASTICITY, PRIOR_ELASTICITY_SD]),
        department_id=ids,
        season=np.zeros((0, WEEKS_OF_YEAR)),
        weights=weights,
    )


def _back_test(cells: TrainingCells, cut: int, settings: DemandSettings) -> dict[str, Any]:
    design, _ = design_cells(cells, cut)
    past, later = slice(None, cut), slice(cut, None)
    model = settings.make().fit(
        design[:, :, past],
        cells.units[:, None, past],
        cells.family,
        cells.department,
        cells.on_sale[:, None, past],
    )
    mean = model.predict_units(design[:, :, later], cells.department)
    low, high = (band[:, 0] for band in model.predict_interval(mean, 0.8))
    low_90, high_90 = (band[:, 0] for band in model.predict_interval(mean, 0.9))
    forecast = Forecast(mean[:, 0], (low, high), (low_90, high_90))
    log_ratio = design[:, 0, later, OWN_PRICE]
    return _measure_forecast(cells, cut, forecast, log_ratio)


def _measure_forecast(
    cells: TrainingCells, cut: int, forecast: Forecast, log_ratio: FloatArray
) -> dict[str, Any]:
    """Return figures of a forecast of the weeks from `cut` on, its arrays (N, W - cut), of the
    item-weeks on sale whose item was on sale before; `log_ratio` is log(price / usual)."""
    kept = _held_out_rows(cells, cut)[:, cut:]
    actual = cells.units[:, cut:]
    (low, high), (low_90, high_90) = forecast.band_80, forecast.band_90
    return {
        "wmape": wmape(actual[kept], forecast.mean[kept]),
        "deviance": mean_poisson_deviance(actual[kept], forecast.mean[kept]),
        "ece": calibration_error(actual[kept], forecast.mean[kept]),
        "coverage_80": interval_coverage(actual[kept], low[kept], high[kept]),
        "coverage_90": interval_coverage(actual[kept], low_90[kept], high_90[kept]),
        "held_out_weeks": cells.units.shape[1] - cut,
        "backtest_weeks": weekly_figures(actual, forecast, kept, cut),
        "backtest_prices": price_strata(actual, forecast.mean, log_ratio, kept),
    }


def _held_out_rows(cells: TrainingCells, cut: int) -> BoolArray:
    """Return which item-weeks a backtest from week `cut` on looks at, (N, W)."""
    rows = cells.on_sale > 0
    rows &= rows[:, :cut].any(axis=1, keepdims=True)
    rows[:, :cut] = False
    return rows


def describe_slopes(
    cells: TrainingCells, served: ServedDemand, raw: FloatArray, dispersion: FloatArray
) -> dict[str, Any]:
    """Return figures of elasticities as served, and of their magnitudes `raw` (N,) before the sign
    was held, whose items are those of `served`."""
    moved = np.isin(served.variant_id, cells.variant_id[_moved(cells)])
    spread = np.percentile(served.elasticity, [10, 50, 90]).round(4).tolist()
    return {
        "items": len(served.variant_id),
        "cells": int((cells.on_sale > 0).sum()),
        "items_with_moved_price": int(moved.sum()),
        "negative_share": float(np.mean(served.elasticity > 0)),
        "wrong_sign_share": float(np.mean(raw[moved] <= 0)) if moved.any() else 0.0,
        "elasticity_p10_p50_p90": [-one for one in reversed(spread)],
        "elasticity_sd": float(np.median(served.elasticity_sd)),
        "dispersion": float(np.median(dispersion)),
    }


def _moved(cells: TrainingCells) -> BoolArray:
    moved: BoolArray = np.log(cells.price_minor).std(axis=1) > PRICE_MOVED
    return moved


def _describe_end(fitted: FittedFamily) -> dict[str, Any]:
    """Return how the solver of a fit ended, {} for a family that has none to choose."""
    ends = [part.model.solution_ for part in fitted.parts if hasattr(part.model, "solution_")]
    if not ends:
        return {}
    return {
        "solver": fitted.parts[0].model.solver,
        "solver_steps": sum(one.steps for one in ends),
        "solver_gradient_max": max(one.gradient_max for one in ends),
        "solver_converged": all(one.is_converged for one in ends),
    }


def _own_wrong_signs(fitted: FittedFamily) -> dict[str, float]:
    """Return the share of wrong signs as a family says it that holds them itself, {} else."""
    told = [
        (len(part.item), part.model.wrong_sign_share_)
        for part in fitted.parts
        if hasattr(part.model, "wrong_sign_share_")
    ]
    if not told:
        return {}
    counts, shares = zip(*told, strict=True)
    return {"wrong_sign_share": float(np.average(shares, weights=counts))}


def _back_test_family(past: FittedFamily, weights: SignalWeights) -> dict[str, Any]:
    cells, cut = past.cells, past.until
    rows = _held_out_rows(cells, cut)
    mean, sd, dispersion = past.forecast(rows, cells.price_minor)
    # Weeks nothing is asked of stay numbers: they are left out of every figure.
    mean, sd, dispersion = (
        np.nan_to_num(one, nan=fill) for one, fill in ((mean, 1.0), (sd, 0.0), (dispersion, 1.0))
    )
    later = (slice(None), slice(cut, None))
    variance = (dispersion * mean + sd**2)[later]
    forecast = Forecast(
        mean[later],
        count_interval(mean[later], variance, 0.8),
        count_interval(mean[later], variance, 0.9),
    )
    with np.errstate(invalid="ignore"):
        ratio = np.nan_to_num(np.log(cells.price_minor / past.usual_minor[:, None]))
    metrics = _measure_forecast(cells, cut, forecast, ratio[later])
    served = serve_family(past, read_slopes(past), weights)
    metrics["compression"] = measure_loss(past, served, rows, mean)
    return metrics
