"""Training data of the weekly demand models: a year of items by weeks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray

COLUMNS = (
    "level",
    "log_price",
    "display",
    "mailer",
    "rival_log_price",
    "rival_display",
    "rival_mailer",
)
OWN_PRICE = COLUMNS.index("log_price")


def build_design(
    log_price: FloatArray,
    display: FloatArray,
    mailer: FloatArray,
    category: IntArray,
    sales: FloatArray,
    *,
    competitor: FloatArray | None = None,
) -> FloatArray:
    """Return the design (N, G, W, K) of N items, G groups of stores and W weeks.

    `log_price` (N, W) is centred on the item's usual log price; `display` and `mailer` (N, G, W)
    are shares in [0, 1]; `category` (N,) numbers 0..C-1; `sales` (N,) weighs rivals. Rivals are
    the other items of the category: their average price, display and mailer. `competitor` (N, W),
    other shops' log price beside its usual one, becomes one column more after COLUMNS.

    >>> x = build_design(
    ...     np.array([[0.0], [-0.2]]), np.zeros((2, 1, 1)), np.zeros((2, 1, 1)),
    ...     np.array([0, 0]), np.ones(2),
    ... )
    >>> x[:, 0, 0, COLUMNS.index("rival_log_price")].tolist()
    [-0.2, 0.0]
    """
    items, groups, weeks = display.shape
    price = np.broadcast_to(log_price[:, None, :], (items, groups, weeks))
    columns: tuple[FloatArray, ...] = (
        np.ones((items, groups, weeks)),
        price,
        display,
        mailer,
        rival_mean(price, category, sales),
        rival_mean(display, category, sales),
        rival_mean(mailer, category, sales),
    )
    if competitor is not None:
        columns += (np.broadcast_to(competitor[:, None, :], (items, groups, weeks)),)
    return np.stack(columns, axis=-1)


def rival_mean(values: FloatArray, category: IntArray, sales: FloatArray) -> FloatArray:
    """Return the sales-weighted mean of the other items of each item's category, same shape.

    0 for an item alone in its category.

    >>> rival_mean(np.array([[1.0], [2.0], [9.0]]), np.array([0, 0, 1]), np.ones(3)).tolist()
    [[2.0], [1.0], [0.0]]
    """
    count = int(category.max(initial=-1)) + 1
    weight = sales.reshape((-1,) + (1,) * (values.ndim - 1))
    weighted = values * weight
    total = np.zeros((count, *values.shape[1:]))
    np.add.at(total, category, weighted)
    weights = np.bincount(category, sales, count).reshape((-1,) + (1,) * (values.ndim - 1))
    others = weights[category] - weight
    has_rivals = others > 1e-12
    mean: FloatArray = np.where(
        has_rivals, (total[category] - weighted) / np.where(has_rivals, others, 1.0), 0.0
    )
    return mean


def usual_log_price(log_price: FloatArray) -> FloatArray:
    """Return each item's usual log price: its median over the weeks (N,).

    >>> usual_log_price(np.log(np.array([[4.0, 4.0, 2.0]]))).round(4).tolist()
    [1.3863]
    """
    usual: FloatArray = np.median(log_price, axis=1)
    return usual


PLACEMENT = ("display", "mailer")


@dataclass(frozen=True, slots=True)
class TrainingCells:
    """A year of items by weeks. Items (N,) ascend by `variant_id`; matrices are (N, W).

    `units` are those of a whole week, `on_sale` the share of it in which there was something to
    sell. `family` and `department` number 0.. into `family_id` and `department_id`.
    `competitor` is the log of the lowest competitor's price beside its usual one, 0 where nobody
    said anything; None: nobody ever did. With the own log price it holds the gap between the two.
    """

    variant_id: IntArray
    units: FloatArray
    price_minor: FloatArray
    display: FloatArray
    mailer: FloatArray
    on_sale: FloatArray
    family: IntArray
    family_id: IntArray
    department: IntArray
    department_id: IntArray
    week_of_year: IntArray
    competitor: FloatArray | None = None


def design_cells(
    cells: TrainingCells, known_weeks: int, until: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the champion's design of the weeks before `until` (all without it), (N, 1, W, K), and
    usual log prices (N,). Usual prices and rivals' weights come from the `known_weeks` only.
    """
    weeks = slice(None, until)
    log_price = np.log(cells.price_minor[:, weeks])
    usual = usual_log_price(log_price[:, :known_weeks])
    design = build_design(
        log_price - usual[:, None],
        cells.display[:, None, weeks],
        cells.mailer[:, None, weeks],
        cells.family,
        cells.units[:, :known_weeks].sum(axis=1),
        competitor=None if cells.competitor is None else cells.competitor[:, weeks],
    )
    return design, usual


def take_items(cells: TrainingCells, item: IntArray) -> TrainingCells:
    """Return the cells of some items; families and departments keep their numbers."""
    matrices = (
        "units",
        "price_minor",
        "display",
        "mailer",
        "on_sale",
        "competitor",
    )
    rows = {
        name: getattr(cells, name)[item]
        for name in ("variant_id", "family", "department", *matrices)
        if getattr(cells, name) is not None
    }
    return replace(cells, **rows)


def tabulate(cells: TrainingCells, item: IntArray, rows: BoolArray | None = None) -> dict[str, Any]:
    """Return item-weeks of some items as columns, for estimators that take frames: those of `rows`
    (N, W), without it all that were on sale.

    `exposures` are one number for all whole weeks, as weekly sales have no visits and chances need
    to be small; of a week with products on the shelf for a share of it, that share of both.
    """
    weeks = cells.units.shape[1]
    shown = (cells.on_sale > 0 if rows is None else rows)[item].ravel()

    def flat(matrix: NDArray[Any]) -> NDArray[Any]:
        return matrix[item].ravel()[shown]

    columns: dict[str, Any] = {
        "item": np.repeat(cells.variant_id[item], weeks)[shown],
        "category": np.repeat(cells.family[item], weeks)[shown],
        "department": np.repeat(cells.department[item], weeks)[shown],
        "week": np.tile(np.arange(weeks, dtype=np.float64), len(item))[shown],
        "price": flat(cells.price_minor),
        "display": flat(cells.display),
        "mailer": flat(cells.mailer),
        "purchases": flat(cells.units * cells.on_sale),
        "exposures": usual_exposures(cells) * flat(cells.on_sale),
    }
    if cells.competitor is not None:
        columns["competitor"] = flat(cells.competitor)
    return columns


def usual_exposures(cells: TrainingCells) -> float:
    """Return how many chances to sell each whole item-week is taken to have had."""
    return 5.0 * max(float(cells.units.max()), 1.0)


def name_features(cells: TrainingCells) -> tuple[str, ...]:
    """Return the columns beside price and week that say something about demand."""
    return PLACEMENT if cells.competitor is None else (*PLACEMENT, "competitor")


def best_sold(cells: TrainingCells, most: int) -> IntArray:
    """Return positions of the `most` items with most units, ascending."""
    order = np.argsort(-cells.units.sum(axis=1), kind="stable")[:most]
    return np.sort(order).astype(np.int64)
