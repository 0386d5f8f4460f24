"""The covariates of weekly demand, the same for training, forecasting and demand curves."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, IntArray

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
