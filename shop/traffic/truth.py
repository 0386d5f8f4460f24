"""The demand of simulated visitors, known exactly: what the shop's models should find out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, pi

import numpy as np
from numpy.typing import NDArray

from shop.ground.kernel.hashing import stable_draw

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a visitor looks at together: m products, arrays (m,).

    Prices are minor units; `list_minor` is the reference of a price and `rival_minor` the price of
    the competitor, 0 where none is known. `popularity` is relative to the category's mean.
    """

    variant_id: IntArray
    family_id: IntArray
    popularity: FloatArray
    price_minor: IntArray
    list_minor: IntArray
    rival_minor: IntArray

    def __len__(self) -> int:
        return len(self.variant_id)


@dataclass(frozen=True, slots=True)
class Truth:
    """A multinomial logit of the products of one page and of buying none of them.

    The utility of a good at price p with list price r is

        level + log(popularity) / 2 + season(family, day) + rival log(q / p)
            - slope(family) (1 + own) log(p / r)

    where q is the competitor's price (that part is 0 without one), `own` in [0, 1] is the shopper's
    sensitivity and slopes lie between `least_slope` and `most_slope`, by family. Everything follows
    from `seed`.

    >>> truth = Truth(seed=1)
    >>> bool(3.0 <= truth.slope(7) <= 5.0), truth.slope(7) == Truth(seed=1).slope(7)
    (True, True)
    """

    seed: int = 1
    level: float = -3.4
    least_slope: float = 3.0
    most_slope: float = 5.0
    rival: float = 0.6
    season: float = 0.25

    def slope(self, family_id: int) -> float:
        """Return the price slope of a family at list price, for a shopper without sensitivity."""
        return self.least_slope + (self.most_slope - self.least_slope) * self._share(
            "slope", family_id
        )

    def sensitivity(self, shopper: str) -> float:
        """Return how much steeper a shopper's demand is, 0 to 1: the same for all products."""
        return self._share("sensitivity", shopper)

    def season_of(self, family_id: int, moment: datetime) -> float:
        """Return what the day of the week adds to the utility of a family's products."""
        phase = self._share("season", family_id)
        return self.season * cos(2.0 * pi * (moment.weekday() / 7.0 - phase))

    def utilities(self, shelf: Shelf, own: float, moment: datetime) -> FloatArray:
        """Return the utility of each good, (m,); that of buying none is 0."""
        families, row = np.unique(shelf.family_id, return_inverse=True)
        slope = np.array([self.slope(one) for one in families.tolist()])[row]
        season = np.array([self.season_of(one, moment) for one in families.tolist()])[row]
        price = shelf.price_minor.astype(np.float64)
        rival = np.where(shelf.rival_minor > 0, shelf.rival_minor, price)
        utility: FloatArray = (
            self.level
            + 0.5 * np.log(np.maximum(shelf.popularity, 0.05))
            + season
            + self.rival * np.log(rival / price)
            - slope * (1.0 + own) * np.log(price / shelf.list_minor)
        )
        return utility

    def chances(self, shelf: Shelf, own: float, moment: datetime) -> FloatArray:
        """Return the chance of each good to be the one that is bought, (m,); they sum below 1.

        >>> one = np.ones(2, dtype=np.int64)
        >>> shelf = Shelf(one, one, np.ones(2), np.array([400, 360]), 400 * one, 0 * one)
        >>> chance = Truth().chances(shelf, 0.0, datetime(2026, 11, 23))
        >>> bool(chance[1] > chance[0]), bool(chance.sum() < 1.0)
        (True, True)
        """
        weight = np.exp(self.utilities(shelf, own, moment))
        chance: FloatArray = weight / (1.0 + weight.sum())
        return chance

    def rival_minor(self, variant_id: int, list_minor: int, week: int) -> int:
        """Return what the competitor asks in a week: 8 % below the list price to 6 % above it."""
        share = self._share("rival", variant_id, week)
        return max(1, round(list_minor * (0.92 + 0.14 * share)))

    def _share(self, *parts: int | str) -> float:
        return stable_draw("simulated-visits", str(self.seed), *map(str, parts))


def take_one(chances: FloatArray, draw: float) -> int:
    """Return the position that a draw in [0, 1) falls on, -1 for none of them.

    >>> take_one(np.array([0.2, 0.3]), 0.1), take_one(np.array([0.2, 0.3]), 0.4)
    (0, 1)
    >>> take_one(np.array([0.2, 0.3]), 0.6)
    -1
    """
    at = int(np.searchsorted(np.cumsum(chances), draw, side="right"))
    return at if at < len(chances) else -1


def describe(truth: Truth, families: Sequence[int]) -> dict[str, float]:
    """Return the figures of the truth that people compare a model with."""
    slopes = [truth.slope(one) for one in families] or [0.0]
    return {
        "slope_low": round(min(slopes), 2),
        "slope_mean": round(sum(slopes) / len(slopes), 2),
        "slope_high": round(max(slopes), 2),
        "sensitivity_mean": 0.5,
    }
