"""The condition tree: AND, OR and NOT over facts about the cart and the shopper.

`failures` of a node is empty when it holds; otherwise it says why not, so that one walk answers
"does it apply", "why not" and "what is missing".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotions.core.carts import EVERYTHING, CartValue, Scope, ShopperFacts


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a condition does not hold. `is_near`: buying more of the right goods would mend it."""

    reason_code: str
    missing_minor: int = 0
    missing_quantity: int = 0
    detail: Mapping[str, int | str] = field(default_factory=dict)

    @property
    def is_near(self) -> bool:
        """Return whether more goods would make the condition hold."""
        return self.missing_minor > 0 or self.missing_quantity > 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a condition may look at."""

    cart: CartValue
    shopper: ShopperFacts
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class All:
    """Holds when every part holds; no parts: always.

    >>> All(()).failures(Circumstances(CartValue((), "USD", "us", "online"), ShopperFacts()))
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
        """Return nothing if a part holds, else the failures of the part that is closest to."""
        each = [part.failures(given) for part in self.parts]
        return min(each, key=_distance) if each else (Failure("no_alternative"),)


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when the part does not."""

    part: Condition

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure if the part holds."""
        return () if self.part.failures(given) else (Failure("excluded"),)


@dataclass(frozen=True, slots=True)
class CartHas:
    """Holds when lines in `scope` come to at least `min_quantity` units and `min_value_minor`.

    The value counts quoted prices before any offer, so it does not depend on which offer is
    looked at first. `reason_code` names what is missing: cart_value, cart_quantity, product,
    category or brand.

    >>> from promotions.core.carts import CartLineValue
    >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=1, unit_minor=2_800)
    >>> cart = CartValue((line,), "USD", "us", "online")
    >>> given = Circumstances(cart, ShopperFacts())
    >>> CartHas(min_value_minor=4_000).failures(given)[0].missing_minor
    1200
    """

    scope: Scope = EVERYTHING
    min_quantity: int = 1
    min_value_minor: int = 0
    reason_code: str = "cart_value_below"

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return what is missing, in units and in money."""
        lines = [line for line in given.cart.lines if self.scope.covers(line)]
        missing_quantity = max(0, self.min_quantity - sum(line.quantity for line in lines))
        missing_minor = max(0, self.min_value_minor - sum(line.value_minor for line in lines))
        if not missing_quantity and not missing_minor:
            return ()
        return (Failure(self.reason_code, missing_minor, missing_quantity),)


@dataclass(frozen=True, slots=True)
class SegmentIn:
    """Holds for shoppers of one of `codes`."""

    codes: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for everybody else."""
        return () if given.shopper.segment in self.codes else (Failure("not_in_segment"),)


@dataclass(frozen=True, slots=True)
class HasTag:
    """Holds for shoppers who carry one of `tags`."""

    tags: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for shoppers without any of the tags."""
        return (Failure("tag_missing"),) if self.tags.isdisjoint(given.shopper.tags) else ()


@dataclass(frozen=True, slots=True)
class ChannelIn:
    """Holds in one of `channels` ("online", "store", "app")."""

    channels: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure in other channels."""
        return () if given.cart.channel in self.channels else (Failure("wrong_channel"),)


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """Holds on a shopper's first order. Unknown counts as not the first."""

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for returning shoppers."""
        return () if given.shopper.is_first_order is True else (Failure("first_order_only"),)


@dataclass(frozen=True, slots=True)
class Member:
    """Holds for shoppers with an account."""

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for guests."""
        return () if given.shopper.is_member else (Failure("members_only"),)


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """Holds when one of `codes` (normalised) was entered."""

    codes: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure when none of the codes was entered."""
        return (Failure("code_missing"),) if self.codes.isdisjoint(given.codes) else ()


Condition = (
    All | Any | Not | CartHas | SegmentIn | HasTag | ChannelIn | FirstOrder | Member | CodeEntered
)
ALWAYS = All(())


def needed_facts(condition: Condition) -> frozenset[str]:
    """Return which costly facts `condition` looks at: segment, tags, first_order.

    Callers fetch only these.

    >>> sorted(needed_facts(All((FirstOrder(), Not(HasTag(frozenset({"x"})))))))
    ['first_order', 'tags']
    """
    match condition:
        case All(parts) | Any(parts):
            return frozenset().union(*(needed_facts(part) for part in parts))
        case Not(part):
            return needed_facts(part)
        case SegmentIn():
            return frozenset({"segment"})
        case HasTag():
            return frozenset({"tags"})
        case FirstOrder():
            return frozenset({"first_order"})
        case _:
            return frozenset()


def _distance(failures: tuple[Failure, ...]) -> tuple[int, int, int, int]:
    far = sum(not failure.is_near for failure in failures)
    missing_minor = sum(failure.missing_minor for failure in failures)
    missing_quantity = sum(failure.missing_quantity for failure in failures)
    return far, len(failures), missing_minor, missing_quantity


__all__ = [
    "ALWAYS",
    "All",
    "Any",
    "CartHas",
    "ChannelIn",
    "Circumstances",
    "CodeEntered",
    "Condition",
    "Failure",
    "FirstOrder",
    "HasTag",
    "Member",
    "Not",
    "SegmentIn",
    "needed_facts",
]
