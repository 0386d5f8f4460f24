"""The condition tree: AND, OR, NOT and XOR over facts about the cart, the shopper and the clock.

`failures` of a node is empty when it holds; otherwise it says why not, so that one walk answers
"does it apply", "why not" and "what is missing". Three values: what nobody may know (behaviour of
a shopper who did not agree to its use) neither holds nor does its opposite.
"""

from __future__ import annotations

from dataclasses import dataclass

from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions.leaves import (
    CartHas,
    ChannelIn,
    Circumstances,
    CodeEntered,
    DifferentProducts,
    Failure,
    FirstOrder,
    GroupIn,
    HasTag,
    HoursIn,
    LastOrder,
    MarketIn,
    Member,
    Newcomer,
    OrdersIn,
    RegionIn,
    SegmentIn,
    SpentIn,
    TierIn,
    WeekdayIn,
    judge,
)

# Who the shop takes a shopper for, not what the shopper has said, joined or bought
PICKING_FACTS = frozenset({"segment", "tags"})


@dataclass(frozen=True, slots=True)
class All:
    """Holds when every part holds; no parts: always.

    >>> All(()).failures(None)
    ()
    """

    parts: tuple[Condition, ...]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return the failures of all parts."""
        return tuple(failure for part in self.parts for failure in part.failures(given))


@dataclass(frozen=True, slots=True)
class Any:
    """Holds when one part holds."""

    parts: tuple[Condition, ...]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return nothing if a part holds, else the failures of the part that is closest to.

        While nobody knows of a part, nobody knows of the whole.
        """
        each = [part.failures(given) for part in self.parts]
        if not each:
            return (Failure("no_alternative"),)
        closest = min(each, key=_distance)
        if not closest or judge(closest) is None:
            return closest
        unknown = [found for found in each if judge(found) is None]
        # What would mend it comes first for the shopper; that a part is unknown must not be lost
        return closest if not unknown else _as_unknown(closest)


@dataclass(frozen=True, slots=True)
class ExactlyOne:
    """Holds when one part holds and no other does (XOR)."""

    parts: tuple[Condition, ...]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return why none holds, or that too many do; unknown while one part is."""
        each = [part.failures(given) for part in self.parts]
        unknown = [found for found in each if judge(found) is None]
        holding = sum(not found for found in each)
        if holding > 1:
            return (Failure("too_many_hold"),)
        if unknown:
            return unknown[0]
        return () if holding else min(each, key=_distance)


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when the part does not."""

    part: Condition

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure if the part holds, its own failures while nobody knows."""
        failures = self.part.failures(given)
        verdict = judge(failures)
        if verdict is None:
            return failures
        return (Failure("excluded"),) if verdict else ()


Leaf = (
    CartHas
    | DifferentProducts
    | ChannelIn
    | MarketIn
    | RegionIn
    | WeekdayIn
    | HoursIn
    | CodeEntered
    | Member
    | SegmentIn
    | HasTag
    | FirstOrder
    | Newcomer
    | TierIn
    | GroupIn
    | LastOrder
    | OrdersIn
    | SpentIn
)
Condition = All | Any | ExactlyOne | Not | Leaf
ALWAYS = All(())


def needed_facts(condition: Condition) -> frozenset[str]:
    """Return which costly facts `condition` looks at: segment, tags, groups, orders_in:30, ...

    Callers fetch only these.

    >>> sorted(needed_facts(All((FirstOrder(), Not(OrdersIn(30, at_least=2))))))
    ['first_order', 'orders_in:30']
    """
    match condition:
        case All(parts) | Any(parts) | ExactlyOne(parts):
            return frozenset().union(*(needed_facts(part) for part in parts))
        case Not(part):
            return needed_facts(part)
        case _:
            return getattr(condition, "facts", frozenset())


def judge_clock(condition: Condition, given: Circumstances) -> tuple[bool, ...]:
    """Return which weekdays and hours in `condition` hold now: all of it that time changes, but
    for what a shopper did before.

    >>> from datetime import UTC, datetime, time
    >>> from promotions.engine.core.carts import CartValue, ShopperFacts
    >>> noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    >>> given = Circumstances(CartValue((), "USD", "us", "online"), ShopperFacts(), noon)
    >>> judge_clock(All((Member(), Not(HoursIn(time(9), time(12))), WeekdayIn({5}))), given)
    (False, True)
    """
    match condition:
        case All(parts) | Any(parts) | ExactlyOne(parts):
            return tuple(one for part in parts for one in judge_clock(part, given))
        case Not(part):
            return judge_clock(part, given)
        case WeekdayIn() | HoursIn():
            return (not condition.failures(given),)
        case _:
            return ()


def picks_shoppers(condition: Condition) -> bool:
    """Return whether the shop chooses by segment or tag who gets an offer.

    >>> picks_shoppers(All((Member(), Not(SegmentIn(frozenset({"loyal"}))))))
    True
    """
    return not PICKING_FACTS.isdisjoint(needed_facts(condition))


def list_scopes(condition: Condition) -> frozenset[Scope]:
    """Return which products `condition` asks for; else it looks at amounts and numbers of products.

    >>> milk = Scope(category_ids=frozenset({3}))
    >>> list_scopes(All((Member(), Not(CartHas(scope=milk))))) == {milk}
    True
    """
    match condition:
        case All(parts) | Any(parts) | ExactlyOne(parts):
            return frozenset().union(*(list_scopes(part) for part in parts))
        case Not(part):
            return list_scopes(part)
        case CartHas(scope=scope) | DifferentProducts(scope=scope):
            return frozenset({scope})
        case _:
            return frozenset()


def _distance(failures: tuple[Failure, ...]) -> tuple[int, int, int, int]:
    far = sum(not failure.is_near for failure in failures)
    missing_minor = sum(failure.missing_minor for failure in failures)
    missing_quantity = sum(failure.missing_quantity for failure in failures)
    return far, len(failures), missing_minor, missing_quantity


def _as_unknown(failures: tuple[Failure, ...]) -> tuple[Failure, ...]:
    return tuple(
        Failure(f.reason_code, f.missing_minor, f.missing_quantity, f.detail, is_unknown=True)
        for f in failures
    )


__all__ = [
    "ALWAYS",
    "All",
    "Any",
    "CartHas",
    "ChannelIn",
    "Circumstances",
    "CodeEntered",
    "Condition",
    "DifferentProducts",
    "ExactlyOne",
    "Failure",
    "FirstOrder",
    "GroupIn",
    "HasTag",
    "HoursIn",
    "LastOrder",
    "MarketIn",
    "Member",
    "Newcomer",
    "Not",
    "OrdersIn",
    "RegionIn",
    "SegmentIn",
    "SpentIn",
    "TierIn",
    "WeekdayIn",
    "list_scopes",
    "needed_facts",
]
