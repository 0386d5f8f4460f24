"""Conditions on the shopper: what they are to the shop, and what they did.

`facts` names what a condition needs looked up. What was inferred or observed (segment, tags,
recency, frequency, value) is behaviour: of a shopper who did not agree to its use nothing is
known, so neither such a condition nor its opposite holds. Whether an order is the first is a
fact of the contract and asked of everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promotions.core.circumstances import Circumstances, Failure
from promotions.core.shoppers import COUNT_IN, LAST_ORDER, SPENT_IN

PRIVATE = (Failure("private", is_unknown=True),)


@dataclass(frozen=True, slots=True)
class SegmentIn:
    """Holds for shoppers of one of `codes`."""

    codes: frozenset[str]
    facts = frozenset({"segment"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for everybody else."""
        if given.shopper.is_private:
            return PRIVATE
        return () if given.shopper.segment in self.codes else (Failure("not_in_segment"),)


@dataclass(frozen=True, slots=True)
class HasTag:
    """Holds for shoppers who carry one of `tags`."""

    tags: frozenset[str]
    facts = frozenset({"tags"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for shoppers without any of the tags."""
        if given.shopper.is_private:
            return PRIVATE
        return (Failure("tag_missing"),) if self.tags.isdisjoint(given.shopper.tags) else ()


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """Holds on a shopper's first order. Unknown counts as not the first."""

    facts = frozenset({"first_order"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for returning shoppers."""
        return () if given.shopper.is_first_order is True else (Failure("first_order_only"),)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Holds for shoppers who never ordered (`is_new`), or for those who did."""

    is_new: bool
    facts = frozenset({"first_order"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for the others; unknown is neither."""
        if given.shopper.is_first_order is self.is_new:
            return ()
        reason = "new_only" if self.is_new else "returning_only"
        return (Failure(reason, is_unknown=given.shopper.is_first_order is None),)


@dataclass(frozen=True, slots=True)
class Member:
    """Holds for shoppers with an account."""

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for guests."""
        return () if given.shopper.is_member else (Failure("members_only"),)


@dataclass(frozen=True, slots=True)
class TierIn:
    """Holds for members of one of the loyalty `tiers`."""

    tiers: frozenset[str]
    facts = frozenset({"tier"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for everybody else."""
        return () if given.shopper.tier in self.tiers else (Failure("tier_missing"),)


@dataclass(frozen=True, slots=True)
class GroupIn:
    """Holds for shoppers who proved that they belong to one of `groups` (student, ...)."""

    groups: frozenset[str]
    facts = frozenset({"groups"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for everybody else."""
        return (Failure("group_missing"),) if self.groups.isdisjoint(given.shopper.groups) else ()


@dataclass(frozen=True, slots=True)
class LastOrder:
    """Recency: holds when the last order is at least, or at most, so many days ago.

    Who never ordered has no last order: it does not hold.
    """

    at_least_days: int | None = None
    at_most_days: int | None = None
    facts = frozenset({LAST_ORDER})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for orders too late or too early."""
        history = given.shopper.history
        if given.shopper.is_private or history is None:
            return PRIVATE
        if history.last_at is None:
            return (Failure("returning_only"),)
        ago = given.now - history.last_at
        if self.at_least_days is not None and ago < timedelta(days=self.at_least_days):
            return (Failure("ordered_recently", detail={"days": self.at_least_days}),)
        if self.at_most_days is not None and ago > timedelta(days=self.at_most_days):
            return (Failure("ordered_long_ago", detail={"days": self.at_most_days}),)
        return ()


@dataclass(frozen=True, slots=True)
class OrdersIn:
    """Frequency: holds when the orders of the last `days` are within the bounds."""

    days: int
    at_least: int | None = None
    at_most: int | None = None

    @property
    def facts(self) -> frozenset[str]:
        """Return the window to count in."""
        return frozenset({f"{COUNT_IN}{self.days}"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for too few or too many."""
        history = given.shopper.history
        if given.shopper.is_private or history is None or self.days not in history.counts:
            return PRIVATE
        count = history.counts[self.days]
        if self.at_least is not None and count < self.at_least:
            detail = {"days": self.days, "count": self.at_least}
            return (Failure("too_few_orders", detail=detail),)
        if self.at_most is not None and count > self.at_most:
            detail = {"days": self.days, "count": self.at_most}
            return (Failure("too_many_orders", detail=detail),)
        return ()


@dataclass(frozen=True, slots=True)
class SpentIn:
    """Value: holds when what was spent in the last `days`, in minor units, is within the bounds."""

    days: int
    at_least_minor: int | None = None
    at_most_minor: int | None = None

    @property
    def facts(self) -> frozenset[str]:
        """Return the window to sum up."""
        return frozenset({f"{SPENT_IN}{self.days}"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for too little or too much."""
        history = given.shopper.history
        if given.shopper.is_private or history is None or self.days not in history.spent_minor:
            return PRIVATE
        spent = history.spent_minor[self.days]
        if self.at_least_minor is not None and spent < self.at_least_minor:
            detail = {"days": self.days, "amount_minor": self.at_least_minor}
            return (Failure("spent_too_little", detail=detail),)
        if self.at_most_minor is not None and spent > self.at_most_minor:
            detail = {"days": self.days, "amount_minor": self.at_most_minor}
            return (Failure("spent_too_much", detail=detail),)
        return ()
