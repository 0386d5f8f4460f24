"""Use limits as the evaluator sees them: how much room each leaves, which clock they follow, and
what a combination of offers takes of them.

A limit counts uses, units or money, for everybody or by code, shopper, order or channel, for good
or in each day, week or month of the market. Exactness is the database's; here a limit that is
used up makes an offer unavailable before anybody is promised it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from promotions.engine.core.conditions.leaves import Failure


class Entity(StrEnum):
    """Who has a count of their own."""

    GLOBAL = "global"
    CODE = "code"
    SHOPPER = "shopper"
    ORDER = "order"
    CHANNEL = "channel"


class Period(StrEnum):
    """When a count starts again, on the market's clock."""

    NONE = "none"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Counted(StrEnum):
    """What a use is: an offer in an order, or each unit it lowers (a flash sale's pieces)."""

    USES = "uses"
    UNITS = "units"


@dataclass(frozen=True, slots=True)
class Use:
    """What one offer takes of its limits in one order."""

    units: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, where and when: what counts are kept by.

    `identity` are the hashed keys of the contact, as `promotions.loyalty.core.tiers` lists
    them: the same person may come as many shoppers. `market` is where they buy, the home
    market by default.
    """

    shopper_id: int | None
    channel: str
    time_zone: str
    now: datetime
    identity: tuple[str, ...] = ()
    market: str = ""


@dataclass(frozen=True, slots=True)
class LimitValue:
    """A limit as staff set it. `max_uses` and `max_minor` None: not limited in that way."""

    limit_id: int
    entity: Entity
    period: Period = Period.NONE
    counted: Counted = Counted.USES
    max_uses: int | None = None
    max_minor: int | None = None

    def uses_of(self, use: Use) -> int:
        """Return how many uses `use` counts as."""
        return use.units if self.counted is Counted.UNITS else 1


@dataclass(frozen=True, slots=True)
class Room:
    """What one limit still leaves for this shopper, code, order and channel, now.

    Offers that share the limit share the room. `again_on` is the day the count starts anew.

    >>> Room(LimitValue(1, Entity.GLOBAL, max_uses=10), left_uses=0).refusal(Use(1, 500))
    ... # doctest: +ELLIPSIS
    Failure(reason_code='limit_reached', ...)
    """

    limit: LimitValue
    left_uses: int | None = None
    left_minor: int | None = None
    again_on: date | None = None

    @property
    def is_spent(self) -> bool:
        """Return whether nothing is left, whatever the cart."""
        no_uses = self.left_uses is not None and self.left_uses <= 0
        return no_uses or (self.left_minor is not None and self.left_minor <= 0)

    def refusal(self, use: Use | None = None) -> Failure | None:
        """Return why `use` (None: any) does not fit, or None if it does."""
        if self.is_spent:
            return self._spent()
        if use is None:
            return None
        if self.left_uses is not None and self.limit.uses_of(use) > self.left_uses:
            reason = "units_left" if self.limit.counted is Counted.UNITS else "order_limit"
            return Failure(reason, detail={"left": self.left_uses})
        if self.left_minor is not None and use.amount_minor > self.left_minor:
            return self._spent()
        return None

    def _spent(self) -> Failure:
        limit = self.limit
        if self.again_on is not None:
            mine = limit.entity is Entity.SHOPPER
            reason = "used_by_you_for_now" if mine else "limit_reached_for_now"
            return Failure(reason, detail={"date": self.again_on.isoformat()})
        if limit.entity is Entity.GLOBAL and limit.counted is Counted.UNITS:
            return Failure("sold_out")
        if limit.entity is Entity.GLOBAL and self.left_uses is None:
            return Failure("budget_spent")
        return Failure(_SPENT[limit.entity], detail={"left": 0})


_SPENT = {
    Entity.GLOBAL: "limit_reached",
    Entity.CODE: "code_used_up",
    Entity.SHOPPER: "used_by_you",
    Entity.ORDER: "order_limit",
    Entity.CHANNEL: "limit_reached_here",
}
MONEY_SHORT = ("money_partly", "money_partly_yours")
_OWN = (Entity.SHOPPER, Entity.ORDER, Entity.CODE)


@dataclass(frozen=True, slots=True)
class RemainingQuantity:
    """How many pieces or orders ("units", "uses") an offer has left for everybody, right now."""

    count: int
    counted: Counted


def least_left(rooms: Iterable[Room]) -> RemainingQuantity | None:
    """Return the least that limits for everybody (or for everybody here) leave, or None.

    What one shopper, code or order may have is no stock and is not told as one.

    >>> least_left([Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=7)]).count
    7
    >>> least_left([Room(LimitValue(1, Entity.SHOPPER, max_uses=1), left_uses=1)])
    """
    told = [
        RemainingQuantity(room.left_uses, room.limit.counted)
        for room in rooms
        if room.left_uses is not None and room.limit.entity in (Entity.GLOBAL, Entity.CHANNEL)
    ]
    return min(told, key=lambda left: left.count, default=None)


def period_key(period: Period, now: datetime, time_zone: str) -> str:
    """Return the name of the period `now` lies in, on the clock of `time_zone`.

    >>> from datetime import UTC
    >>> new_year = datetime(2027, 1, 1, 4, tzinfo=UTC)
    >>> [period_key(period, new_year, "America/New_York") for period in Period]
    ['', '2026-12-31', '2026-W53', '2026-12']
    """
    local = now.astimezone(ZoneInfo(time_zone))
    match period:
        case Period.DAY:
            return local.date().isoformat()
        case Period.WEEK:
            year, week, _ = local.isocalendar()
            return f"{year}-W{week:02}"
        case Period.MONTH:
            return f"{local:%Y-%m}"
        case _:
            return ""


def next_period(period: Period, now: datetime, time_zone: str) -> date | None:
    """Return the first day of the next period, None if the count never starts again.

    >>> from datetime import UTC
    >>> next_period(Period.MONTH, datetime(2026, 12, 9, tzinfo=UTC), "UTC")
    datetime.date(2027, 1, 1)
    """
    today = now.astimezone(ZoneInfo(time_zone)).date()
    match period:
        case Period.DAY:
            return today + timedelta(days=1)
        case Period.WEEK:
            return today + timedelta(days=8 - today.isoweekday())
        case Period.MONTH:
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case _:
            return None


def entity_keys(entity: Entity, buyer: Buyer, coupon_id: int | None) -> tuple[str, ...]:
    """Return whose counts it is; none where nothing is counted: nobody known, no code, one order.

    A shopper has several: the shopper's own, and one for each key of the contact.

    >>> from datetime import UTC
    >>> buyer = Buyer(7, "store", "UTC", datetime(2026, 1, 1, tzinfo=UTC), ("3fa9",))
    >>> entity_keys(Entity.CHANNEL, buyer, None), entity_keys(Entity.SHOPPER, buyer, None)
    (('store',), ('7', 'id:3fa9'))
    """
    match entity:
        case Entity.GLOBAL:
            return ("",)
        case Entity.SHOPPER:
            known = () if buyer.shopper_id is None else (str(buyer.shopper_id),)
            return (*known, *(f"id:{key}" for key in buyer.identity))
        case Entity.CODE:
            return () if coupon_id is None else (str(coupon_id),)
        case Entity.CHANNEL:
            return (buyer.channel,)
        case _:
            return ()


def explain_part(rooms: Iterable[Room], use: Use) -> Failure:
    """Return why limits gave an offer only `use` and no more.

    >>> room = Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=5)
    >>> explain_part([room], Use(5, 1_500)).detail
    {'left': 5, 'count': 5}
    """
    known = list(rooms)
    money = [(room.left_minor, room.limit.entity) for room in known if room.left_minor is not None]
    least, whose = min(money, key=lambda one: one[0], default=(use.amount_minor + 1, ""))
    if use.amount_minor >= least:
        return Failure(MONEY_SHORT[whose in _OWN], detail={"amount_minor": least})
    counted = [
        (room.left_uses, room.limit.entity)
        for room in known
        if room.left_uses is not None and room.limit.counted is Counted.UNITS
    ]
    left, entity = min(counted, key=lambda one: one[0], default=(use.units, Entity.GLOBAL))
    reason = "units_partly_yours" if entity in _OWN else "units_partly"
    return Failure(reason, detail={"left": left, "count": use.units})


class Tally:
    """What a combination of offers takes of the rooms it shares."""

    def __init__(self) -> None:
        self._uses: dict[int, int] = defaultdict(int)
        self._minor: dict[int, int] = defaultdict(int)

    def copy(self) -> Tally:
        """Return a tally of its own that stands where this one does."""
        other = Tally()
        other._uses.update(self._uses)
        other._minor.update(self._minor)
        return other

    def left_units(self, rooms: Iterable[Room]) -> int | None:
        """Return how many units may still be lowered, None where units are not counted.

        >>> room = Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=5)
        >>> Tally().left_units([room])
        5
        """
        counted = [
            max(0, room.left_uses - self._uses[room.limit.limit_id])
            for room in rooms
            if room.left_uses is not None and room.limit.counted is Counted.UNITS
        ]
        return min(counted, default=None)

    def left_minor(self, rooms: Iterable[Room]) -> int | None:
        """Return how much money is left, None where money is not limited."""
        counted = [
            max(0, room.left_minor - self._minor[room.limit.limit_id])
            for room in rooms
            if room.left_minor is not None
        ]
        return min(counted, default=None)

    def take(self, rooms: Iterable[Room], use: Use, sign: int = 1) -> bool:
        """Count `use` in each of `rooms` (`sign` -1: give it back); return whether all still hold.

        >>> room = Room(LimitValue(1, Entity.ORDER, max_uses=1), left_uses=1)
        >>> tally = Tally()
        >>> tally.take([room], Use(1, 500)), tally.take([room], Use(1, 500))
        (True, False)
        """
        fits = True
        for room in rooms:
            key = room.limit.limit_id
            self._uses[key] += sign * room.limit.uses_of(use)
            self._minor[key] += sign * use.amount_minor
            fits &= room.left_uses is None or self._uses[key] <= room.left_uses
            fits &= room.left_minor is None or self._minor[key] <= room.left_minor
        return fits


def budget_room(campaign_id: int, left_minor: int) -> Room:
    """Return what is left of a campaign's budget as a room: its offers share it.

    >>> budget_room(7, 500).left_minor
    500
    """
    return Room(LimitValue(-campaign_id, Entity.GLOBAL, max_minor=left_minor), None, left_minor)
