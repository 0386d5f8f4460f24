"""Cost of privacy noise: elasticities estimated on simulated sales with and without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.arrays import FloatArray
from pricing.demand.core.design import build_design, usual_log_price
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import TrainingCells
from pricing.private.core.private_cells import elasticity_error, find_clear

LEAST_ITEMS = 10


@dataclass(frozen=True, slots=True)
class PrivacyCost:
    """Elasticity error at one epsilon: mean absolute share, over the items that stand out."""

    error: float
    items: int


def measure_cost(
    cells: TrainingCells,
    noise_sd: Mapping[str, float],
    *,
    noise_inside: float = 0.0,
    random_state: int,
) -> dict[str, PrivacyCost]:
    """Return the cost by name of each noise sd (households per cell; 0: none).

    A model is fitted to `cells` and taken for the truth; sales are drawn from it (Poisson, with
    the fitted dispersion by a gamma mixture, less what noise of sd `noise_inside`, which the cells
    came with, adds to it), noise is added, and elasticities are fitted anew. Cells that were
    released privately are the only input, so this spends no privacy.
    """
    rng = np.random.default_rng(random_state)
    design = _design(cells)
    model = _fit(cells, design)
    mean = model.predict_units(design, cells.department)[:, 0, :] * cells.on_sale
    usual = mean.sum(axis=1) / np.maximum(cells.on_sale.sum(axis=1), 1.0)
    own = model.dispersion_ - noise_inside**2 / np.maximum(usual, 1e-9)
    spread = np.maximum(own - 1.0, 1e-6)[:, None]
    drawn = rng.poisson(rng.gamma(np.maximum(mean, 1e-9) / spread, spread)).astype(np.float64)
    is_released = cells.on_sale.any(axis=0)
    found = {}
    for name, sd in noise_sd.items():
        noisy = drawn + rng.normal(0.0, sd, drawn.shape) if sd else drawn
        is_clear = find_clear(noisy, np.full(len(is_released), sd), is_released)
        found[name] = _refit(cells, noisy, np.flatnonzero(is_clear), model.elasticity_)
    return found


def _refit(
    cells: TrainingCells, noisy: FloatArray, item: np.ndarray, true: FloatArray
) -> PrivacyCost:
    if len(item) < LEAST_ITEMS:
        return PrivacyCost(float("nan"), len(item))
    kept = replace(take_items(cells, item), units=np.maximum(noisy[item], 0.0))
    model = _fit(kept, _design(kept))
    return PrivacyCost(elasticity_error(model.elasticity_, true[item]), len(item))


def take_items(cells: TrainingCells, item: np.ndarray) -> TrainingCells:
    """Return the cells of some items (positions), families and departments numbered anew."""
    family_at, family = np.unique(cells.family[item], return_inverse=True)
    department_at, department = np.unique(cells.department[item], return_inverse=True)
    return replace(
        cells,
        variant_id=cells.variant_id[item],
        units=cells.units[item],
        price_minor=cells.price_minor[item],
        display=cells.display[item],
        mailer=cells.mailer[item],
        on_sale=cells.on_sale[item],
        family=family.astype(np.int64),
        family_id=cells.family_id[family_at],
        department=department.astype(np.int64),
        department_id=cells.department_id[department_at],
        competitor=None if cells.competitor is None else cells.competitor[item],
    )


def _design(cells: TrainingCells) -> FloatArray:
    log_price = np.log(cells.price_minor)
    return build_design(
        log_price - usual_log_price(log_price)[:, None],
        cells.display[:, None, :],
        cells.mailer[:, None, :],
        cells.family,
        cells.units.sum(axis=1),
    )


def _fit(cells: TrainingCells, design: FloatArray) -> PooledPoisson:
    return PooledPoisson().fit(
        design, cells.units[:, None, :], cells.family, cells.department, cells.on_sale[:, None, :]
    )
