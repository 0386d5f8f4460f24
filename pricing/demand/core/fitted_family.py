"""Any family fitted to all items of a shop: in parts where one fit would not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.families import make_family
from pricing.demand.core.leaderboard import take
from pricing.demand.core.training_cells import (
    TrainingCells,
    name_features,
    tabulate,
    usual_exposures,
)

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

        Each stands in a week of its own: families that let goods of one week compete are asked for
        a price that moves alone.
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
