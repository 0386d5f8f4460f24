"""Gifts for chosen shoppers that may come together: how much they are worth of what must be bought.

The cap of the cart knows products that are paid less for. A gift is no line that is paid for, so
the law asks at the release: of every cart, the gifts of all campaigns that one shopper can get at
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from profiles.values import MADE_SEGMENT
from promotions.engine import api as c
from promotions.engine.api import OfferPosition, exclude_each_other

# Of more gifts than this the dearest are looked at: sets of them are tried.
MOST_GIFTS = 20


@dataclass(frozen=True, slots=True)
class GiftOffer:
    """An offer that gives something away: its value, and the least that must be bought for it.

    `is_mine`: of the campaign that is to be released. Amounts are minor units.
    """

    code: str
    is_mine: bool
    value_minor: int
    least_minor: int
    place: OfferPosition
    condition: c.Condition
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Together:
    """The deepest set of gifts: their offers, and their share of cart and gifts, percent."""

    codes: tuple[str, ...]
    percent: float

    def exceed(self, cap: float) -> Mapping[str, str] | None:
        """Return the figures of the sentence if the gifts are worth more than `cap` percent.

        >>> Together(("a", "b"), 31.25).exceed(30.0)
        {'percent': '31.2', 'cap': '30', 'offers': 'a, b'}
        """
        if self.percent <= cap:
            return None
        named = ", ".join(self.codes)
        return {"percent": f"{self.percent:.1f}", "cap": f"{cap:g}", "offers": named}


def find_together(gifts: Sequence[GiftOffer]) -> Together | None:
    """Return the set of two or more gifts, one of them mine, that is worth most of its cart.

    A cart that is large enough for one of them has all that ask for no more. None: no two of them
    can come together.

    >>> from datetime import UTC
    >>> now, then = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    >>> def gift(code, value, least):
    ...     place = OfferPosition((), None, 0, 0)
    ...     return GiftOffer(code, code == "a", value, least, place, c.ALWAYS, now, then)
    >>> find_together([gift("a", 400, 1_600), gift("b", 300, 1_000)])
    Together(codes=('a', 'b'), percent=30.4)
    >>> find_together([gift("b", 400, 1_600), gift("c", 300, 1_000)])
    """
    ranked = sorted(gifts, key=lambda one: (-one.value_minor, one.code))[:MOST_GIFTS]
    apart = _part(ranked)
    best: Together | None = None
    for least in sorted({one.least_minor for one in ranked}):
        able = [i for i, one in enumerate(ranked) if one.least_minor <= least]
        value, chosen = _choose(ranked, able, apart)
        if len(chosen) > 1:
            percent = round(100.0 * value / max(1, value + least), 1)
            if best is None or percent > best.percent:
                best = Together(tuple(sorted(ranked[i].code for i in chosen)), percent)
    return best


def never_together(one: c.Condition, other: c.Condition) -> bool:
    """Return whether no shopper fits both: a shopper has one found segment and one tier, and is new
    or not, and a cart has one market and one channel.

    >>> never_together(c.SegmentIn(frozenset({"new"})), c.SegmentIn(frozenset({"loyal"})))
    True
    >>> never_together(c.SegmentIn(frozenset({"new"})), c.Member())
    False
    """
    mine, theirs = _require(one), _require(other)
    return any(kind in theirs and not accepted & theirs[kind] for kind, accepted in mine.items())


def _require(condition: c.Condition) -> dict[str, frozenset[object]]:
    """Return what must be one of which values for the condition to hold, by what it is."""
    match condition:
        case c.All(parts):
            found: dict[str, frozenset[object]] = {}
            for part in parts:
                for kind, accepted in _require(part).items():
                    found[kind] = accepted & found.get(kind, accepted)
            return found
        case c.SegmentIn(codes) if not any(code.startswith(MADE_SEGMENT) for code in codes):
            return {"segment": frozenset(codes)}
        case c.TierIn(tiers):
            return {"tier": frozenset(tiers)}
        case c.MarketIn(markets):
            return {"market": frozenset(markets)}
        case c.ChannelIn(channels):
            return {"channel": frozenset(channels)}
        case c.Newcomer(is_new):
            return {"newcomer": frozenset({is_new})}
    return {}


def _part(gifts: Sequence[GiftOffer]) -> list[set[int]]:
    """Return of each gift those that it never comes together with."""
    apart: list[set[int]] = [set() for _ in gifts]
    for i, j in combinations(range(len(gifts)), 2):
        one, other = gifts[i], gifts[j]
        meet = one.starts_at < other.ends_at and other.starts_at < one.ends_at
        if (
            not meet
            or exclude_each_other(one.place, other.place)
            or never_together(one.condition, other.condition)
        ):
            apart[i].add(j)
            apart[j].add(i)
    return apart


def _choose(
    gifts: Sequence[GiftOffer], able: Sequence[int], apart: Sequence[set[int]]
) -> tuple[int, tuple[int, ...]]:
    """Return the value of the dearest set of gifts, one of them mine, and which they are.

    Gifts come dearest first, so that what is left bounds what can still be added.
    """
    left = [0] * (len(able) + 1)
    for at in range(len(able) - 1, -1, -1):
        left[at] = left[at + 1] + gifts[able[at]].value_minor
    best: tuple[int, tuple[int, ...]] = (0, ())

    def walk(at: int, value: int, chosen: tuple[int, ...]) -> None:
        nonlocal best
        if value > best[0] and any(gifts[i].is_mine for i in chosen) and _fits(gifts, chosen):
            best = (value, chosen)
        if at == len(able) or value + left[at] <= best[0]:
            return
        i = able[at]
        if not apart[i] & {*chosen}:
            walk(at + 1, value + gifts[i].value_minor, (*chosen, i))
        walk(at + 1, value, chosen)

    walk(0, 0, ())
    return best


def _fits(gifts: Sequence[GiftOffer], chosen: Sequence[int]) -> bool:
    """Return whether no category has more offers than it may have in a cart."""
    counts: dict[str, int] = {}
    for i in chosen:
        category = gifts[i].place.category
        if category is not None and category.max_offers is not None:
            counts[category.code] = counts.get(category.code, 0) + 1
            if counts[category.code] > category.max_offers:
                return False
    return True
