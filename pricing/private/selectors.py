"""Read what was released privately: the only sales a private model learns from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.cells import Sales
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.selectors.training import Window, assemble_cells, find_positions, weeks_ending
from pricing.private.core import find_clear, take_items
from pricing.private.models.private import PrivateRelease
from profiles.events.api import start_of_week
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import unpack_arrays

DATA_SET = "purchases"


@dataclass(frozen=True, slots=True)
class PrivateCells:
    """Training cells made of releases, and what is known of the noise in them.

    `measured` items were released, those of the cells stand out of the noise. `noise_sd` is that of
    a cell (root mean square over weeks), `epsilon` and `delta` the most any quarter lost for it.
    """

    cells: TrainingCells
    window: Window
    measured: int
    weeks: int
    noise_sd: float
    epsilon: float
    delta: float
    most_cells: int


def released_until(budget_id: int) -> date | None:
    """Return the Monday up to which a quarter's cells were released. One query."""
    rows = PrivateRelease.objects.filter(budget=budget_id, purpose=PrivateRelease.Purpose.CELLS)
    return rows.order_by("-end_week").values_list("end_week", flat=True).first()


def find_measured() -> IntArray | None:
    """Return the variants chosen to be measured, ascending; None before the first choice."""
    rows = PrivateRelease.objects.filter(purpose=PrivateRelease.Purpose.SELECTION)
    packed = rows.order_by("-id").values_list("arrays", flat=True).first()
    if packed is None:
        return None
    measured: IntArray = unpack_arrays(packed)["variant_id"].astype(np.int64)
    return measured


def load_private_cells(*, as_of: datetime, weeks: int, place: tuple[str, str]) -> PrivateCells:
    """Return cells of the `weeks` whole weeks before `as_of` as far as they were released.

    Prices, placements and shocks are no secret of any household and come from where they always
    do; sales come from releases alone. Five queries, catalogue aside.
    """
    last = np.datetime64(start_of_week(as_of).date(), "D") - np.timedelta64(7, "D")
    window = weeks_ending(last, weeks)
    measured = find_measured()
    active = load_variant_arrays().variant_id
    none = np.zeros(0, dtype=np.int64)
    variant_id = np.intersect1d(none if measured is None else measured, active)
    rows = list(
        PrivateRelease.objects.filter(
            purpose=PrivateRelease.Purpose.CELLS,
            end_week__gt=window.start_date,
            first_week__lt=window.end_date,
        )
        .select_related("budget")
        .order_by("first_week")
    )
    noisy, sd = np.zeros((len(variant_id), weeks)), np.zeros(weeks)
    for row in rows:
        _lay(row, variant_id, window, noisy, sd)
    is_released = sd > 0.0
    return PrivateCells(
        cells=_assemble(variant_id, noisy, sd, window=window, as_of=as_of, place=place),
        window=window,
        measured=len(variant_id),
        weeks=int(is_released.sum()),
        noise_sd=float(np.sqrt((sd[is_released] ** 2).mean())) if is_released.any() else 0.0,
        epsilon=max((row.budget.epsilon_spent for row in rows), default=0.0),
        delta=max((row.budget.delta_spent for row in rows), default=0.0),
        most_cells=max((row.most_cells for row in rows), default=0),
    )


def _lay(
    row: PrivateRelease, variant_id: IntArray, window: Window, noisy: FloatArray, sd: FloatArray
) -> None:
    """Put a release's weeks where they belong in the window."""
    arrays = unpack_arrays(row.arrays)
    at, known = find_positions(arrays["variant_id"].astype(np.int64), variant_id)
    first = int(window.week_of(np.array([row.first_week], dtype="datetime64[D]"))[0])
    week = first + np.arange(arrays["noisy"].shape[1])
    inside = (week >= 0) & (week < len(sd))
    values = arrays["noisy"][at][:, inside]
    noisy[:, week[inside]] = np.where(known[:, None], values, 0.0)
    sd[week[inside]] = row.noise_sd


def _assemble(
    variant_id: IntArray,
    noisy: FloatArray,
    sd: FloatArray,
    *,
    window: Window,
    as_of: datetime,
    place: tuple[str, str],
) -> TrainingCells:
    is_released: BoolArray = sd > 0.0
    clear = find_clear(noisy, sd, is_released) & is_released.any()
    on_sale = np.broadcast_to(is_released.astype(np.float64), noisy[clear].shape).copy()
    nothing = np.zeros(0, dtype=np.int64)
    cells = assemble_cells(
        variant_id[clear],
        (np.maximum(noisy[clear], 0.0) * on_sale, on_sale),
        sales=Sales(nothing, nothing, np.zeros(0), np.zeros(0)),
        window=window,
        as_of=as_of,
        place=place,
    )
    # What the ledger knows no price of cannot be measured: prices of tills are sales, and secret.
    has_price = np.isfinite(cells.price_minor).all(axis=1)
    return take_items(cells, np.flatnonzero(has_price))
