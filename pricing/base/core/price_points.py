"""Price points, and the conversion of model amounts to exact minor units."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pricing.base.core.values import FloatArray, IntArray

# Minor units above this are refused: ten million in a currency with cents, far from int64's end.
LARGEST_MINOR = 1_000_000_000
NOT_A_PRICE = -1


def to_minor(amounts: ArrayLike) -> IntArray:
    """Return float amounts in minor units as int64, rounded half up (any shape).

    What is no price (NaN, infinite, not above zero after rounding, absurdly large) becomes
    NOT_A_PRICE, so that the gate sees it; it never becomes a plausible number.

    >>> to_minor([399.5, 398.49, float("nan"), float("inf"), -3.0, 0.2]).tolist()
    [400, 398, -1, -1, -1, -1]
    """
    values = np.asarray(amounts, dtype=np.float64)
    is_price = np.isfinite(values) & (values >= 0.5) & (values <= LARGEST_MINOR)
    rounded = np.floor(np.where(is_price, values, 0.0) + 0.5)
    return np.where(is_price, rounded, NOT_A_PRICE).astype(np.int64)


def share_up(minor: ArrayLike, share: float) -> IntArray:
    """Return ceil(minor * share): a lower bound rounded so that it is never undercut.

    The product is first rounded to 9 decimals: 0.9 is no binary fraction, and 1000 * 0.9 must be
    900, not 901.

    >>> share_up([1000, 399], 0.9).tolist()
    [900, 360]
    """
    exact = np.round(np.asarray(minor, dtype=np.float64) * share, 9)
    return np.ceil(exact).astype(np.int64)


def share_down(minor: ArrayLike, share: float) -> IntArray:
    """Return floor(minor * share): an upper bound rounded so that it is never passed.

    >>> share_down([1000, 399], 1.1).tolist()
    [1100, 438]
    """
    exact = np.round(np.asarray(minor, dtype=np.float64) * share, 9)
    return np.floor(exact).astype(np.int64)


MAX_PERSONAL_RUNGS = 16
# (from, to, endings, modulus) for a currency with two decimals: steps of about 2 to 5 %.
_ENDINGS: tuple[tuple[int, int, tuple[int, ...], int], ...] = (
    (1, 200, (5, 9), 10),
    (200, 1_000, (9,), 10),
    (1_000, 2_000, (29, 49, 79, 99), 100),
    (2_000, 5_000, (49, 99), 100),
    (5_000, 20_000, (99,), 100),
    (20_000, 100_000, (499, 999), 1_000),
    (100_000, 10_000_000, (4_999, 9_999), 10_000),
)


@lru_cache(maxsize=8)
def price_ladder(exponent: int = 2) -> IntArray:
    """Return all charm-ended prices in minor units, ascending, for a currency's exponent.

    Currencies with three decimals use the same endings on hundredths; currencies without decimals
    use them on whole units (398 yen climbs like 3.98 dollars).

    >>> ladder = price_ladder()
    >>> ladder[(ladder > 350) & (ladder < 400)].tolist()
    [359, 369, 379, 389, 399]
    """
    scale = 10 ** max(0, exponent - 2)
    parts = [
        base + np.array(endings, dtype=np.int64)
        for begin, end, endings, modulus in _ENDINGS
        for base in range(begin // modulus * modulus, end, modulus)
    ]
    ladder: IntArray = np.concatenate(parts) * scale
    ladder.setflags(write=False)
    return ladder


def neighbour_price_points(minor: IntArray, exponent: int = 2) -> tuple[IntArray, IntArray]:
    """Return the next price point strictly below and strictly above each price (the price at the
    ends).

    >>> below, above = neighbour_price_points(np.array([399, 400]))
    >>> below.tolist(), above.tolist()
    ([389, 399], [409, 409])
    """
    ladder = price_ladder(exponent)
    low = np.searchsorted(ladder, minor, side="left") - 1
    high = np.searchsorted(ladder, minor, side="right")
    below = np.where(low >= 0, ladder[np.maximum(low, 0)], minor)
    above = np.where(high < len(ladder), ladder[np.minimum(high, len(ladder) - 1)], minor)
    return below, above


def personal_price_points(
    public_minor: IntArray, floor_minor: IntArray, cap: float, exponent: int = 2
) -> IntArray:
    """Return the prices a shopper may be offered, shape (m, R), highest first.

    Column 0 is the public price; the others are charm-ended prices below it, at most `cap` below
    and not below the floor. Rows with fewer price points repeat the public price. R is at most
    MAX_PERSONAL_RUNGS: where more fit, every k-th is kept.

    >>> personal_price_points(np.array([399, 250]), np.array([200, 245]), 0.10).tolist()
    [[399, 389, 379, 369], [250, 249, 250, 250]]
    """
    ladder = price_ladder(exponent)
    lowest = np.maximum(share_up(public_minor, 1.0 - cap), floor_minor)
    first = np.searchsorted(ladder, public_minor, side="left") - 1
    last = np.searchsorted(ladder, lowest, side="left")
    count = np.maximum(first - last + 1, 0)
    stride = np.maximum(1, -(-count // (MAX_PERSONAL_RUNGS - 1)))
    width = int(min(MAX_PERSONAL_RUNGS - 1, count.max(initial=0)))
    steps = np.arange(width)
    at = first[:, None] - steps[None, :] * stride[:, None]
    is_rung = (at >= last[:, None]) & (at >= 0)
    lower = np.where(is_rung, ladder[np.maximum(at, 0)], public_minor[:, None])
    return np.concatenate([public_minor[:, None], lower], axis=1)


def log_ratio(rungs: IntArray) -> FloatArray:
    """Return log(price point / public price), shape (m, R); column 0 is 0, the others are not above
    it.

    >>> log_ratio(np.array([[400, 200]])).round(4).tolist()
    [[0.0, -0.6931]]
    """
    prices = rungs.astype(np.float64)
    return np.log(prices / prices[:, :1])
