"""Impressions of public prices: one packed entry per page, with the alternatives of the draw.

Nobody is named in a look. What is kept is how often a price was looked at, and how likely it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray

HOUR_MS = 3_600_000
MOST_LETTERS = 16  # of a market or channel
MOST_VERSION = 2**31 - 1  # of a policy or book, as their tables keep it
LAST_MS = 2**43  # in the year 2248: a later page is none
LOOK_ROW = np.dtype([("variant_id", "<i8"), ("public_minor", "<i4")])


@dataclass(frozen=True, slots=True)
class ImpressionHeader:
    """What all impressions of one page share. `shopper_id` is 0 but for shoppers whose data prices
    may use: their segment is looked up when the page is counted, and the id forgotten."""

    market: str
    channel: str
    policy_version: int
    book_version: int
    now_ms: int
    shopper_id: int = 0


def encode_impressions(
    header: ImpressionHeader, variant_id: IntArray, public_minor: IntArray
) -> dict[str, bytes]:
    """Return the impressions of a page, prices in minor units, as the two fields of a stream entry.

    >>> header = ImpressionHeader("us", "online", 1, 7, 3_600_000)
    >>> fields = encode_impressions(header, np.array([4, 9]), np.array([399, 500]))
    >>> back, rows = decode_impressions(fields)
    >>> back == header, rows["variant_id"].tolist(), rows["public_minor"].tolist()
    (True, [4, 9], [399, 500])
    """
    rows = np.empty(len(variant_id), dtype=LOOK_ROW)
    rows["variant_id"], rows["public_minor"] = variant_id, public_minor
    # A list and no names: a page is waiting.
    packed = [getattr(header, name) for name in ImpressionHeader.__slots__]
    return {"h": json.dumps(packed).encode(), "v": rows.tobytes()}


def decode_impressions(fields: Mapping[str, bytes]) -> tuple[ImpressionHeader, NDArray[np.void]]:
    """Return the page of `encode_impressions`. Raises KeyError, ValueError or TypeError on others.

    >>> decode_impressions({"h": b'["us", "online", 1, 7, "noon", 0]', "v": b""})
    Traceback (most recent call last):
    ValueError: these are no looks
    """
    header = ImpressionHeader(*json.loads(fields["h"]))
    rows = np.frombuffer(fields["v"], dtype=LOOK_ROW)
    names = (header.market, header.channel)
    numbers = (
        (header.policy_version, MOST_VERSION),
        (header.book_version, MOST_VERSION),
        (header.now_ms, LAST_MS),
        (header.shopper_id, 2**62),
    )
    is_ours = all(type(one) is int and 0 <= one <= most for one, most in numbers)
    # What a table cannot hold (NUL, half a surrogate pair) is not printable.
    is_ours &= all(
        type(one) is str and 0 < len(one) <= MOST_LETTERS and one.isprintable() for one in names
    )
    if not is_ours or (rows["variant_id"] <= 0).any() or (rows["public_minor"] <= 0).any():
        raise ValueError("these are no looks")
    return header, rows


@dataclass(frozen=True, slots=True)
class WeekDraw:
    """What chance could do to the public prices of k variants (ascending ids) in a week.

    `base_minor`, `below_minor` and `above_minor` (k,) are the price at the draw and the price
    points next to it; `chance` (k, 2) is the probability of the price point below and of the one
    above; `direction` (k,) is what was drawn: -1, 0 or 1. It holds from book `book_version` on.
    """

    variant_id: IntArray
    base_minor: IntArray
    below_minor: IntArray
    above_minor: IntArray
    chance: FloatArray
    direction: IntArray
    book_version: int

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return everything but the book's version as named arrays."""
        return {name: getattr(self, name) for name in _DRAW_ARRAYS}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]], book_version: int) -> WeekDraw:
        """Return the draw that `arrays` was made from.

        >>> draw = example_draw()
        >>> WeekDraw.from_arrays(draw.arrays(), 5).chance.tolist() == draw.chance.tolist()
        True
        """
        kept = {name: arrays[name] for name in _DRAW_ARRAYS}
        return WeekDraw(**kept, book_version=book_version)


_DRAW_ARRAYS = tuple(name for name in WeekDraw.__annotations__ if name != "book_version")


@dataclass(frozen=True, slots=True)
class Propensities:
    """Prices that one variant could have had, highest first, the probability of each, and which
    way chance had moved the one that was shown."""

    rungs: tuple[int, ...]
    probabilities: tuple[float, ...]
    direction: int


@dataclass(frozen=True, slots=True)
class ArmDraw:
    """What a running experiment's fair coin made of a public price, and what the other side would
    have; `other_minor` 0: nothing was left to chance."""

    shown_minor: int
    other_minor: int

    def find_propensities(self, public_minor: int) -> Propensities:
        """Return the chances of a price everybody saw while the coin's turn lasted.

        A price that the coin does not explain (a guard, staff) was certain.

        >>> ArmDraw(380, 400).find_propensities(380)
        Propensities(rungs=(400, 380), probabilities=(0.5, 0.5), direction=-1)
        >>> ArmDraw(400, 380).find_propensities(400).direction
        0
        >>> ArmDraw(390, 0).find_propensities(390).rungs
        (390,)
        """
        is_drawn = self.other_minor not in (0, self.shown_minor)
        if not is_drawn or public_minor != self.shown_minor:
            return Propensities((public_minor,), (1.0,), 0)
        both = (max(self.shown_minor, self.other_minor), min(self.shown_minor, self.other_minor))
        return Propensities(both, (0.5, 0.5), -int(self.shown_minor < self.other_minor))


def find_propensities(
    draw: WeekDraw | None,
    variant_id: int,
    public_minor: int,
    book_version: int,
    coin: ArmDraw | None = None,
) -> Propensities:
    """Return what else the public price of a variant could have been in the week of `draw`.

    While an experiment has the variant its `coin` decides and no draw: shocks of its products end.

    A variant that nothing was drawn for may have moved since: what it costs now is what it costs
    without a shock, with the probability of no shock. A shock that holds stands beside the price
    it moved. A price that a shock no longer explains (staff spoke, a guard), and every price
    before the week's book, was certain.

    >>> draw = example_draw()
    >>> find_propensities(draw, 4, 400, 5)
    Propensities(rungs=(409, 400, 389), probabilities=(0.025, 0.95, 0.025), direction=0)
    >>> find_propensities(draw, 9, 489, 6)
    Propensities(rungs=(500, 489), probabilities=(0.95, 0.05), direction=-1)
    >>> find_propensities(draw, 9, 500, 4)
    Propensities(rungs=(500,), probabilities=(1.0,), direction=0)
    """
    if coin is not None:
        return coin.find_propensities(public_minor)
    certain = Propensities((public_minor,), (1.0,), 0)
    if draw is None or book_version < draw.book_version:
        return certain
    at = int(np.searchsorted(draw.variant_id, variant_id))
    if at >= len(draw.variant_id) or draw.variant_id[at] != variant_id:
        return certain
    direction = int(draw.direction[at])
    sides = (int(draw.below_minor[at]), int(draw.above_minor[at]))
    calm = public_minor
    if direction:
        if public_minor != sides[int(direction > 0)]:
            return certain
        calm = int(draw.base_minor[at])
    down, up = (float(one) for one in draw.chance[at])
    chances: dict[int, float] = {}
    for price, chance in ((calm, 1.0 - down - up), (sides[0], down), (sides[1], up)):
        if chance > 0.0:
            chances[price] = round(chances.get(price, 0.0) + chance, 12)
    price_points = tuple(sorted(chances, reverse=True))
    return Propensities(price_points, tuple(chances[one] for one in price_points), direction)


def example_draw() -> WeekDraw:
    """Return a week in which variant 9 went down a price and variant 4 stayed, for examples."""
    return WeekDraw(
        variant_id=np.array([4, 9]),
        base_minor=np.array([400, 500]),
        below_minor=np.array([389, 489]),
        above_minor=np.array([409, 509]),
        chance=np.array([[0.025, 0.025], [0.05, 0.0]]),
        direction=np.array([0, -1]),
        book_version=5,
    )
