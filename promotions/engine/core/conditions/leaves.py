"""The leaves of a condition, facts about cart, shopper and clock: what they look at and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from promotions.engine.core.carts import (
    COUNT_IN,
    EVERYTHING,
    LAST_ORDER,
    SPENT_IN,
    CartValue,
    Scope,
    ShopperFacts,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a condition does not hold. `is_near`: buying more of the right products would mend it.

    `is_unknown`: nobody may or did look, so the condition's opposite does not hold either.
    """

    reason_code: str
    missing_minor: int = 0
    missing_quantity: int = 0
    detail: Mapping[str, int | str] = field(default_factory=dict)
    is_unknown: bool = False

    @property
    def is_near(self) -> bool:
        """Return whether more products would make the condition hold."""
        return self.missing_minor > 0 or self.missing_quantity > 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a condition may look at. `now` is aware of its zone."""

    cart: CartValue
    shopper: ShopperFacts
    now: datetime
    codes: frozenset[str] = frozenset()

    @property
    def local_now(self) -> datetime:
        """Return `now` on the clocks of the cart's market."""
        return self.now.astimezone(ZoneInfo(self.cart.time_zone))


def judge(failures: tuple[Failure, ...]) -> bool | None:
    """Return what the failures of one condition say: it holds, it does not, or nobody knows.

    >>> judge(()), judge((Failure("tag_missing"),)), judge((Failure("private", is_unknown=True),))
    (True, False, None)
    """
    if not failures:
        return True
    return None if all(failure.is_unknown for failure in failures) else False


@dataclass(frozen=True, slots=True)
class CartHas:
    """Holds when lines in `scope` come to at least `min_quantity` units and `min_value_minor`.

    The value counts quoted prices before any offer, so it does not depend on which offer is
    looked at first. `reason_code` names what is missing: cart_value, cart_quantity, product,
    category or brand.

    >>> from datetime import UTC, datetime
    >>> from promotions.engine.core.carts import CartLineValue, CartValue, ShopperFacts
    >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=1, unit_minor=2_800)
    >>> cart = CartValue((line,), "USD", "us", "online")
    >>> given = Circumstances(cart, ShopperFacts(), datetime(2026, 11, 26, tzinfo=UTC))
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
class DifferentProducts:
    """Holds when lines in `scope` are of at least `at_least` different products.

    Sizes of one product count once, and so do many pieces of it.

    >>> from datetime import UTC, datetime
    >>> from promotions.engine.core.carts import CartLineValue, CartValue, ShopperFacts
    >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=9, unit_minor=2_800)
    >>> cart = CartValue((line,), "USD", "us", "online")
    >>> given = Circumstances(cart, ShopperFacts(), datetime(2026, 11, 26, tzinfo=UTC))
    >>> DifferentProducts(3).failures(given)[0].missing_quantity
    2
    """

    at_least: int
    scope: Scope = EVERYTHING

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return how many products are missing."""
        products = {line.product_id for line in given.cart.lines if self.scope.covers(line)}
        missing = self.at_least - len(products)
        return (Failure("products_below", 0, missing),) if missing > 0 else ()


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """Holds when one of `codes` (normalised) was entered."""

    codes: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure when none of the codes was entered."""
        return (Failure("code_missing"),) if self.codes.isdisjoint(given.codes) else ()


@dataclass(frozen=True, slots=True)
class ChannelIn:
    """Holds in one of `channels` ("online", "store", "app")."""

    channels: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure in other channels."""
        return () if given.cart.channel in self.channels else (Failure("wrong_channel"),)


@dataclass(frozen=True, slots=True)
class MarketIn:
    """Holds in one of `markets`."""

    markets: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure in other markets."""
        return () if given.cart.market_code in self.markets else (Failure("wrong_market"),)


@dataclass(frozen=True, slots=True)
class RegionIn:
    """Holds in one of `regions`: places as law knows them ("US-NY"), never an exact address."""

    regions: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure elsewhere, also where the place is unknown."""
        return () if given.cart.region in self.regions else (Failure("wrong_region"),)


PRIVATE = (Failure("private", is_unknown=True),)


@dataclass(frozen=True, slots=True)
class SegmentIn:
    """Holds for shoppers of one of `codes`; segments of staff are carried as tags."""

    codes: frozenset[str]
    facts = frozenset({"segment"})

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure for everybody else."""
        if given.shopper.is_private:
            return PRIVATE
        shopper = given.shopper
        is_in = shopper.segment in self.codes or not self.codes.isdisjoint(shopper.tags)
        return () if is_in else (Failure("not_in_segment"),)


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


@dataclass(frozen=True, slots=True)
class WeekdayIn:
    """Holds on `weekdays`, 1 Monday to 7 Sunday, of the market's time zone.

    >>> from datetime import UTC, datetime
    >>> from promotions.engine.core.carts import CartValue, ShopperFacts
    >>> late = datetime(2026, 11, 27, 2, tzinfo=UTC)
    >>> cart = CartValue((), "USD", "us", "online", time_zone="America/New_York")
    >>> WeekdayIn(frozenset({4})).failures(Circumstances(cart, ShopperFacts(), late))
    ()
    """

    weekdays: frozenset[int]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure on other days."""
        if given.local_now.isoweekday() in self.weekdays:
            return ()
        days = ",".join(map(str, sorted(self.weekdays)))
        return (Failure("wrong_weekday", detail={"weekdays": days}),)


@dataclass(frozen=True, slots=True)
class HoursIn:
    """Holds from `start` until before `end` on the market's clock; over midnight if end <= start.

    >>> from datetime import UTC, datetime
    >>> from promotions.engine.core.carts import CartValue, ShopperFacts
    >>> cart, shopper = CartValue((), "USD", "us", "online"), ShopperFacts()
    >>> night = HoursIn(time(22), time(6))
    >>> [bool(night.failures(Circumstances(cart, shopper, datetime(2026, 11, 27, h, tzinfo=UTC))))
    ...  for h in (5, 6, 21, 22)]
    [False, True, True, False]
    """

    start: time
    end: time

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure at other hours."""
        clock = given.local_now.time()
        if self.start < self.end:
            holds = self.start <= clock < self.end
        else:
            holds = clock >= self.start or clock < self.end
        if holds:
            return ()
        hours = {"start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}"}
        return (Failure("wrong_hour", detail=hours),)
