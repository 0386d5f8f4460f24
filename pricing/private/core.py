"""Releases with noise: their cells, and what they cost in privacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import TrainingCells, build_design, usual_log_price

# One household adds at most `most_cells` ones to the cells (item x week) of a quarter, chosen at
# random of all it has: two data sets that differ in one household differ by at most
# sqrt(most_cells) in Euclidean distance. That is the sensitivity the noise is made for; the noise
# itself is drawn elsewhere, by a library that is audited for it.

# Fewer households than this behind an item are no group to speak of.
LEAST_COHORT = 20


@dataclass(frozen=True, slots=True)
class PrivacyTerms:
    """What one release promises: (epsilon, delta) for everything a household did in a quarter.

    `most_cells` ones a household may add, `most_items` items are measured. Choosing them, the
    first time, takes `selection_share` of epsilon and delta; a household has a say in
    `most_choices` items there: signal grows with the bound, noise with its root only.

    >>> PrivacyTerms(epsilon=3.0).most_cells
    25
    """

    epsilon: float
    delta: float = 1e-6
    most_cells: int = 25
    most_items: int = 800
    most_choices: int = 150
    selection_share: float = 0.3

    def __post_init__(self) -> None:
        is_sane = 0.0 < self.epsilon <= 20.0 and 0.0 < self.delta < 1e-3
        if not (is_sane and 0.0 < self.selection_share < 1.0):
            raise ValueError("epsilon is in (0, 20], delta in (0, 0.001), the share in (0, 1)")
        if min(self.most_cells, self.most_items, self.most_choices) < 1:
            raise ValueError("a household adds one cell at least, and one item is measured")


def reach(most: int) -> float:
    """Return the largest Euclidean distance that a household of `most` ones makes, rounded up.

    >>> reach(25) >= 5.0, round(reach(25), 9)
    (True, 5.0)
    """
    return float(np.nextafter(np.sqrt(most), np.inf))


@dataclass(frozen=True, slots=True)
class Contributions:
    """Who bought what when (n,): household, item position, week number; each triple once."""

    household: IntArray
    item: IntArray
    week: IntArray

    def take(self, where: BoolArray | IntArray) -> Contributions:
        """Return some of the rows."""
        return Contributions(self.household[where], self.item[where], self.week[where])


def bound_contributions(rows: Contributions, most: int, rng: np.random.Generator) -> Contributions:
    """Return at most `most` rows of each household, drawn evenly from its own.

    >>> rows = Contributions(np.array([1, 1, 1, 2]), np.array([0, 1, 2, 0]), np.zeros(4, int))
    >>> kept = bound_contributions(rows, 2, np.random.default_rng(1))
    >>> np.bincount(kept.household).tolist()
    [0, 2, 1]
    """
    drawn = rng.permutation(len(rows.household))
    order = drawn[np.argsort(rows.household[drawn], kind="stable")]
    owner = rows.household[order]
    is_first = np.r_[True, owner[1:] != owner[:-1]] if len(owner) else np.zeros(0, np.bool_)
    begin = np.maximum.accumulate(np.where(is_first, np.arange(len(owner)), 0))
    return rows.take(np.sort(order[np.arange(len(owner)) - begin < most]))


def count_cells(rows: Contributions, items: int, weeks: int) -> IntArray:
    """Return how many households bought each item in each week, (items, weeks).

    >>> rows = Contributions(np.array([1, 2]), np.array([0, 0]), np.array([1, 1]))
    >>> count_cells(rows, 1, 2).tolist()
    [[0, 2]]
    """
    flat = np.bincount(rows.item * weeks + rows.week, minlength=items * weeks)
    return flat.reshape(items, weeks).astype(np.int64)


def choose_measured(noisy: FloatArray, noise_sd: float, most: int) -> IntArray:
    """Return positions of the items to measure, ascending, by noisy counts of households (N,).

    Those whose count is LEAST_COHORT at least by two standard deviations of the noise; of more
    than `most` the largest. Of many thousand items some are chosen by luck: their cells are noise
    around zero, and `find_clear` leaves them out.

    >>> choose_measured(np.array([100.0, 25.0, 60.0]), 10.0, 5).tolist()
    [0, 2]
    """
    good = np.flatnonzero(noisy - 2.0 * noise_sd >= LEAST_COHORT)
    largest = good[np.argsort(-noisy[good], kind="stable")[:most]]
    return np.sort(largest).astype(np.int64)


def find_clear(noisy: FloatArray, noise_sd: FloatArray, is_released: BoolArray) -> BoolArray:
    """Return which items (N,) stand out of the noise: a mean week of one noise sd at least.

    `noisy` (N, W) counts, `noise_sd` (W,) and `is_released` (W,) of each week. Below that, counts
    cut off at zero would be mostly noise, and their elasticities an artefact of the cut.

    >>> noisy = np.array([[9.0, 11.0], [1.0, -1.0]])
    >>> find_clear(noisy, np.array([5.0, 5.0]), np.array([True, True])).tolist()
    [True, False]
    """
    weeks = max(int(is_released.sum()), 1)
    sd = float(np.sqrt((noise_sd[is_released] ** 2).sum() / weeks))
    clear: BoolArray = noisy[:, is_released].sum(axis=1) / weeks >= max(sd, 1e-9)
    return clear


def elasticity_error(found: FloatArray, true: FloatArray) -> float:
    """Return the mean absolute error of elasticities as a share of the true ones.

    >>> round(elasticity_error(np.array([1.1, 1.8]), np.array([1.0, 2.0])), 2)
    0.1
    """
    return float(np.mean(np.abs(found / true - 1.0))) if len(true) else float("nan")


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
