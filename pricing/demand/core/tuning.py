"""Choose the champion's settings by forecasts of later weeks: seeded, and trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import xlogy

from pricing.base.core.values import FloatArray
from pricing.demand.core.metrics import FORECAST_FLOOR
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import TrainingCells, design_cells

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
