"""Any family fitted to all items of a shop, and as the arrays that serve."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.families import make_family
from pricing.demand.core.leaderboard import take
from pricing.demand.core.metrics import mean_poisson_deviance, wmape
from pricing.demand.core.served import WEEKS_OF_YEAR, ServedDemand
from pricing.demand.core.shrink import learn_hierarchy, positive_moments
from pricing.demand.core.training_cells import (
    TrainingCells,
    name_features,
    tabulate,
    usual_exposures,
)
from pricing.optimum.core.signals import SignalWeights

# Families whose dense design has a column for each item learn so many items at a time.
PART_ITEMS = {"bayesian": 150}
NO_FEATURE = 0.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A model of some items: `item` (n,) are positions in the cells, `known` those it learned."""

    item: IntArray
    known: BoolArray
    model: Any


@dataclass(frozen=True, slots=True)
class FittedFamily:
    """A family fitted to the weeks before `until` of all items, part by part."""

    name: str
    cells: TrainingCells
    until: int
    parts: tuple[Part, ...]

    @property
    def known(self) -> BoolArray:
        """Which items the family learned anything of, (N,)."""
        known = np.zeros(len(self.cells.variant_id), dtype=np.bool_)
        for part in self.parts:
            known[part.item] = part.known
        return known

    @property
    def usual_minor(self) -> FloatArray:
        """Usual price of each item, (N,); NaN for what was not learned."""
        usual = np.full(len(self.cells.variant_id), np.nan)
        for part in self.parts:
            usual[part.item[part.known]] = part.model.reference_price_
        return usual

    def forecast(self, rows: BoolArray, price_minor: FloatArray) -> tuple[FloatArray, ...]:
        """Return mean, sd of the mean and dispersion of the units of item-weeks `rows` (N, W) at
        `price_minor` (N, W), each (N, W); NaN in other item-weeks and for unknown items."""
        grids = tuple(np.full(rows.shape, np.nan) for _ in range(3))
        wanted = rows & self.known[:, None]
        exposures = usual_exposures(self.cells)
        for part in self.parts:
            at = np.zeros_like(rows)
            at[part.item] = wanted[part.item]
            if not at.any():
                continue
            frame = tabulate(self.cells, part.item, at)
            # Parts hold ascending items, so rows of the frame stand in the order of the grid.
            found = part.model.predict(price_minor[at], frame)
            units, sd = found.units(exposures), found.sd_units(exposures)
            for grid, values in zip(
                grids, (units, sd, dispersion_of(part.model, frame)), strict=True
            ):
                grid[at] = values
        return grids

    def at_usual(self, ratio: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """Return weekly units and elasticity d ln q / d ln p of each item (N,), without promotion,
        at `ratio` times its usual price; NaN for unknown items."""
        units, slope = (np.full(len(self.cells.variant_id), np.nan) for _ in range(2))
        for part in self.parts:
            item = part.item[part.known]
            found = part.model.predict(ratio * part.model.reference_price_, self.quiet_frame(item))
            units[item] = found.units(usual_exposures(self.cells))
            slope[item] = found.elasticity
        return units, slope

    def quiet_frame(self, item: IntArray) -> dict[str, Any]:
        """Return one row per item, without any promotion.

        Each stands in a week of its own: families that let products of one week compete are asked
        for a price that moves alone.
        """
        cells = self.cells
        quiet = {name: np.full(len(item), NO_FEATURE) for name in name_features(cells)}
        return quiet | {
            "item": cells.variant_id[item],
            "category": cells.family[item],
            "department": cells.department[item],
            "week": np.arange(len(item), dtype=np.float64),
        }


def fit_family(
    name: str,
    cells: TrainingCells,
    until: int,
    progress: Progress = lambda _what: None,
    solver: str = "",
) -> FittedFamily:
    """Fit family `name` to the on-sale weeks before `until`. Raises KeyError for no family's name,
    UnknownSolver for a solver it has not.

    Items are split in the order of their categories, so that hardly any category is split.
    """
    groups = split_items(cells.family, PART_ITEMS.get(name))
    parts = []
    for number, item in enumerate(groups, 1):
        progress(f"fitting {name}" + (f", part {number} of {len(groups)}" if groups[1:] else ""))
        frame = tabulate(cells, item)
        frame = take(frame, frame["week"] < until)
        known = np.isin(cells.variant_id[item], frame["item"])
        if known.any():
            model = make_family(name, name_features(cells), solver=solver)
            parts.append(Part(item, known, model.fit(frame)))
    return FittedFamily(name, cells, until, tuple(parts))


def split_items(family: IntArray, most: int | None) -> Sequence[IntArray]:
    """Return groups of at most `most` positions (None: one group), each ascending.

    >>> [one.tolist() for one in split_items(np.array([1, 0, 1, 0]), 2)]
    [[1, 3], [0, 2]]
    """
    order = np.argsort(family, kind="stable")
    count = 1 if most is None else max(-(-len(order) // most), 1)
    return [np.sort(part).astype(np.int64) for part in np.array_split(order, count)]


def dispersion_of(model: Any, frame: Any) -> FloatArray:
    """Return a model's counting noise over Poisson's for each row, (n,)."""
    own = getattr(model, "dispersion_of", None)
    if own is not None:
        return np.asarray(own(frame), dtype=np.float64)
    return np.full(len(np.asarray(frame["item"])), float(model.dispersion_))


def count_bytes(model: Any) -> int:
    """Return how many bytes of arrays a model keeps, whatever it is built of.

    >>> count_bytes({"a": [np.zeros(2), (np.zeros(1),)]})
    24
    """
    if isinstance(model, np.ndarray):
        return int(model.nbytes)
    if isinstance(model, dict):
        return sum(count_bytes(one) for one in model.values())
    if isinstance(model, list | tuple):
        return sum(count_bytes(one) for one in model)
    return count_bytes(vars(model)) if hasattr(model, "__dict__") else 0


# Mean and sd of the square of a standard normal, its largest 5 % left out: odd items do not decide.
KEPT_SHARE = 0.95
TRIMMED_SQUARE, TRIMMED_SD = 0.759, 0.93
SMALLEST_SD, LARGEST_SD = 0.05, 2.0
# Prices, as shares of the usual one, at which the constant elasticity is held against the family.
CHECKED_RATIOS = (0.8, 0.9, 0.95, 1.05, 1.1)
FEWEST_SLOPES = 10


@dataclass(frozen=True, slots=True)
class Slopes:
    """Elasticity magnitudes of items (N,) as a family has them, their sd, and which it learned."""

    mean: FloatArray
    sd: FloatArray
    known: BoolArray


def read_slopes(fitted: FittedFamily) -> Slopes:
    """Return each item's elasticity magnitude at its usual price, and how much it is doubted.

    A family with a posterior of its slopes says so itself. Of any other the sales do: see
    `scatter_of_slopes`.
    """
    _, slope = fitted.at_usual()
    sd = np.full(len(slope), np.nan)
    for part in fitted.parts:
        item = part.item[part.known]
        sd[item] = _own_doubt(part.model, fitted.quiet_frame(item))
    if np.isnan(sd[fitted.known]).any():
        sd[:] = scatter_of_slopes(fitted, -slope)
    return Slopes(-slope, np.clip(sd, SMALLEST_SD, LARGEST_SD), fitted.known)


def _own_doubt(model: Any, frame: Any) -> FloatArray:
    rows = len(frame["item"])
    if hasattr(model, "predict_slope"):
        # d log P / d log p = -b (1 - P) at the usual price, and P is small or near enough known.
        chance = model.predict(model.reference_price_, frame).per_exposure
        return np.asarray(model.predict_slope(frame)[1] * (1.0 - chance), dtype=np.float64)
    if hasattr(model, "slope_sd"):
        frame = frame | {"reference_price": model.reference_price_}
        return np.asarray(model.slope_sd(frame), dtype=np.float64)
    return np.full(rows, np.nan)


def scatter_of_slopes(fitted: FittedFamily, elasticity: FloatArray) -> float:
    """Return the sd of items' true elasticities around those that serve (N,), as the sales tell it.

    Each item's sales are held against the curve that serves, m = f(context) (p / usual)^-e, with
    its level left free: one Newton step of a Poisson slope, d = -sum (y - m)(x - mx) / I with
    I = sum m (x - mx)^2 and variance phi / I. Were the slopes right, d^2 would be phi / I; the sd t
    that makes the mean of d^2 / (phi / I + t^2) that of a squared normal is what is missing
    (Paule and Mandel 1982, without the largest 5 %, so that a few odd items do not decide).
    """
    cells = fitted.cells
    rows = (cells.on_sale > 0) & (np.arange(cells.units.shape[1]) < fitted.until)
    usual = np.broadcast_to(fitted.usual_minor[:, None], rows.shape)
    at_usual, _, _ = fitted.forecast(rows, usual)
    mean = at_usual * (cells.price_minor / usual) ** -elasticity[:, None]
    weight = np.where(np.isfinite(mean), mean, 0.0)
    log_price = np.log(cells.price_minor)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    away = log_price - (weight * log_price).sum(axis=1, keepdims=True) / total
    kept = weight > 0
    sold = np.where(kept, cells.units, 0.0)
    level = sold.sum(axis=1, keepdims=True) / total
    gap = np.where(kept, sold - level * weight, 0.0)
    information = (level * weight * away**2).sum(axis=1)
    noise = (gap**2 / np.maximum(level * weight, 1e-9) * kept).sum(axis=1)
    dispersion = np.maximum(noise / np.maximum(kept.sum(axis=1) - 2, 1), 1.0)
    # An item whose price says nothing about its slope (sd above 3) cannot judge the family either.
    tells = information > dispersion / 9.0
    if tells.sum() < FEWEST_SLOPES:
        return LARGEST_SD
    step = (gap * away).sum(axis=1)[tells] / information[tells]
    return find_scatter(step, dispersion[tells] / information[tells])


def find_scatter(gap: FloatArray, variance: FloatArray) -> float:
    """Return the largest t for which the mean of gap^2 / (variance + t^2) is that of a squared
    normal within a standard error: few items leave more doubt.

    >>> rng = np.random.default_rng(0)
    >>> gap = rng.normal(0, 0.5, 2_000) + rng.normal(0, 0.3, 2_000)
    >>> round(find_scatter(gap, np.full(2_000, 0.09)), 1)
    0.5
    """
    least = TRIMMED_SQUARE - TRIMMED_SD / math.sqrt(len(gap))
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        ratio = np.sort(gap**2 / (variance + middle**2))
        is_above = ratio[: math.ceil(KEPT_SHARE * len(ratio))].mean() > least
        low, high = (middle, high) if is_above else (low, middle)
    return high


def serve_family(fitted: FittedFamily, slopes: Slopes, weights: SignalWeights) -> ServedDemand:
    """Return the serving arrays of a fitted family, its items ascending by variant.

    The sign is held by truncation, as the champion's is. An item without a model of its own takes
    its category's mean, categories scattered around that of all (`learn_hierarchy`).
    """
    cells, at = fitted.cells, np.flatnonzero(slopes.known)
    mean, sd = slopes.mean[at], slopes.sd[at]
    learned = learn_hierarchy(mean[:, None], (sd**2)[:, None, None], cells.family[at])
    within = float(learned.item_covariance[0, 0])
    count = len(learned.category_mean)
    family = positive_moments(
        learned.category_mean[:, 0], np.sqrt(within + learned.category_variance[:, 0])
    )
    between = float(learned.category_mean[:, 0].var())
    overall = positive_moments(learned.mean, np.sqrt(np.array([within + between])))
    elasticity, elasticity_sd = positive_moments(mean, sd)
    units, _ = fitted.at_usual()
    order = np.argsort(cells.family_id[:count])
    return ServedDemand(
        variant_id=cells.variant_id[at],
        elasticity=elasticity,
        elasticity_sd=elasticity_sd,
        base_log=np.log(np.maximum(units[at], 1e-6)),
        usual_minor=fitted.usual_minor[at],
        dispersion=_dispersion(fitted)[at],
        is_causal=np.zeros(len(at), dtype=np.bool_),
        family_id=cells.family_id[:count][order],
        family_elasticity=family[0][order],
        family_elasticity_sd=family[1][order],
        global_elasticity=np.array([overall[0][0], overall[1][0]]),
        department_id=cells.department_id,
        # What of a family's season there is stands in its levels of the last weeks.
        season=np.zeros((len(cells.department_id), WEEKS_OF_YEAR)),
        weights=weights,
    )


def _dispersion(fitted: FittedFamily) -> FloatArray:
    phi = np.ones(len(fitted.cells.variant_id))
    last = np.zeros(fitted.cells.units.shape, dtype=np.bool_)
    last[:, fitted.until - 1] = True
    found = fitted.forecast(last, fitted.cells.price_minor)[2][:, fitted.until - 1]
    return np.where(np.isfinite(found), found, phi)


def measure_curve(fitted: FittedFamily, served: ServedDemand) -> dict[str, Any]:
    """Return what a constant elasticity loses of the family's own curve, and what it saves.

    `curve_error` is the mean relative error of expected units at CHECKED_RATIOS of the usual price,
    weighted by units; `curve_error_p95` of items; bytes count the arrays of both.
    """
    at = np.searchsorted(fitted.cells.variant_id, served.variant_id)
    usual = fitted.at_usual()[0][at]
    errors = np.stack(
        [
            np.abs(usual * ratio**-served.elasticity / fitted.at_usual(ratio)[0][at] - 1.0)
            for ratio in CHECKED_RATIOS
        ]
    ).mean(axis=0)
    return {
        "curve_error": round(float(np.average(errors, weights=usual)), 5),
        "curve_error_p95": round(float(np.percentile(errors, 95)), 5),
        "model_bytes": sum(count_bytes(part.model) for part in fitted.parts),
        "served_bytes": sum(array.nbytes for array in served.arrays().values()),
    }


def measure_loss(
    fitted: FittedFamily, served: ServedDemand, kept: BoolArray, mean: FloatArray
) -> dict[str, float]:
    """Return forecast errors of the item-weeks `kept` (N, W): of the family's own `mean` (N, W),
    and of the same model with its price response replaced by the elasticities that serve."""
    cells = fitted.cells
    usual = np.broadcast_to(fitted.usual_minor[:, None], kept.shape)
    elasticity, _, _ = served.elasticities(cells.variant_id, cells.family_id[cells.family])
    at_usual, _, _ = fitted.forecast(kept, usual)
    curve = at_usual * (cells.price_minor / usual) ** -elasticity[:, None]
    actual = cells.units[kept]
    return {
        f"{name}_{kind}": round(figure(actual, forecast[kept]), 5)
        for kind, forecast in (("whole", mean), ("served", curve))
        for name, figure in (("wmape", wmape), ("deviance", mean_poisson_deviance))
    }
