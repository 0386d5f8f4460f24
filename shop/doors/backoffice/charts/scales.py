"""From numbers to places on a drawing: ticks and linear scales. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NARROW = 1e-9  # below this share of their size two numbers are one on a drawing
SMALLEST = 1e-3  # nothing drawn here is finer than a thousandth of a cent or of a piece
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map of [low, high] onto [start, end] (drawing units)."""

    low: float
    high: float
    start: float
    end: float

    def place(self, number: float) -> float:
        """Return where `number` lies, rounded to a tenth of a unit.

        >>> Scale(0, 10, 0, 100).place(2.5)
        25.0
        """
        share = (number - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def choose_step(span: float, wanted: int) -> float:
    """Return the smallest readable step (1, 2, 2.5 or 5 times a power of ten).

    At most about `wanted` steps cover `span`, which is positive.

    >>> choose_step(97, 5), choose_step(0.8, 4)
    (20.0, 0.2)
    """
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    factor = next(step for step in STEPS if raw <= step * power * (1 + 1e-9))
    return factor * power


def choose_ticks(low: float, high: float, wanted: int = 4) -> tuple[float, ...]:
    """Return round numbers that cover [low, high], ends included.

    An empty or single-valued range is widened, because a scale needs a length.

    >>> choose_ticks(0, 97)
    (0.0, 25.0, 50.0, 75.0, 100.0)
    >>> choose_ticks(3, 3)
    (2.0, 2.5, 3.0, 3.5, 4.0)
    """
    size = max(abs(low), abs(high))
    if high - low <= max(size, SMALLEST) * NARROW:
        low, high = low - max(1.0, size * 1e-3), low + max(1.0, size * 1e-3)
    step = choose_step(high - low, wanted)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(index * step, 10) for index in range(first, last + 1))


def choose_labels(count: int, most: int = 8) -> tuple[int, ...]:
    """Return which of `count` positions get a label so that at most `most` do; the last always.

    >>> choose_labels(28, 5)
    (3, 9, 15, 21, 27)
    >>> choose_labels(3)
    (0, 1, 2)
    """
    if count <= 0:
        return ()
    every = -(-count // most)
    return tuple(index for index in range(count) if (count - 1 - index) % every == 0)


def extent(rows: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    """Return the least and greatest known number of all rows; (0, 0) when there is none.

    >>> extent([(1, None), (3, -2)]), extent([])
    ((-2, 3), (0.0, 0.0))
    """
    known = [number for row in rows for number in row if number is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)
