"""Satisfaction without a database: scores from one to five, their mean and share with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

LOWEST, HIGHEST = 1, 5
# From this score on a shopper counts as satisfied.
SATISFIED = 4
LONGEST_WORDS = 1_000
# Two-sided 95 %.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Answers of a group: `counts` of the scores 1 to 5, mean and share satisfied (0 to 1).

    Each with the bounds of its 95 % interval; without answers None.
    """

    counts: tuple[int, int, int, int, int]
    mean: float | None = None
    mean_low: float | None = None
    mean_high: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    @property
    def answers(self) -> int:
        """Return how many orders were rated."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class DaySatisfaction:
    """The answers of one business day."""

    day: date
    found: Satisfaction


@dataclass(frozen=True, slots=True)
class CampaignSatisfaction:
    """Answers about orders that a campaign made cheaper."""

    campaign_id: int
    found: Satisfaction


@dataclass(frozen=True, slots=True)
class SatisfactionReport:
    """How satisfied buyers were with orders rated in a period. `delivered`: orders that arrived in
    the period and could be rated; `personal` and `public` split the answers by whether a line of
    the order had a personal price."""

    delivered: int
    all: Satisfaction
    personal: Satisfaction
    public: Satisfaction
    days: tuple[DaySatisfaction, ...]
    campaigns: tuple[CampaignSatisfaction, ...]


def summarize_scores(counts: Sequence[int]) -> Satisfaction:
    """Return mean and share satisfied of `counts` (5,) of the scores 1 to 5.

    Share: Wilson's interval. Mean: normal, within the scale; of a single answer the whole scale.

    >>> found = summarize_scores((0, 0, 0, 1, 3))
    >>> found.answers, found.mean, found.share
    (4, 4.75, 1.0)
    >>> round(found.share_low or 0, 3)
    0.51
    """
    ones, twos, threes, fours, fives = counts
    kept = (ones, twos, threes, fours, fives)
    n = sum(kept)
    if not n:
        return Satisfaction(kept)
    mean = sum(score * count for score, count in enumerate(kept, LOWEST)) / n
    low, high = _mean_interval(kept, mean, n)
    share = sum(kept[SATISFIED - LOWEST :]) / n
    share_low, share_high = _wilson(share, n)
    return Satisfaction(kept, mean, low, high, share, share_low, share_high)


def _mean_interval(counts: Sequence[int], mean: float, n: int) -> tuple[float, float]:
    if n == 1:
        return float(LOWEST), float(HIGHEST)
    spread = sum(count * (score - mean) ** 2 for score, count in enumerate(counts, LOWEST))
    half = Z * sqrt(spread / (n - 1) / n)
    return max(float(LOWEST), mean - half), min(float(HIGHEST), mean + half)


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's interval (Brown, Cai and DasGupta, Statistical Science, 2001)."""
    square = Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
