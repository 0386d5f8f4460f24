"""Limits and budgets that a combination of offers uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from promotions.engine.core.conditions.leaves import Failure
from promotions.engine.core.limits import Counted, Entity, LimitValue, Room, Use


def explain_part(rooms: Iterable[Room], use: Use) -> Failure:
    """Return why limits gave an offer only `use` and no more.

    >>> room = Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=5)
    >>> explain_part([room], Use(5, 1_500)).detail
    {'left': 5, 'count': 5}
    """
    known = list(rooms)
    money = [room.left_minor for room in known if room.left_minor is not None]
    if money and use.amount_minor >= min(money):
        return Failure("money_partly", detail={"amount_minor": min(money)})
    counted = [
        (room.left_uses, room.limit.entity)
        for room in known
        if room.left_uses is not None and room.limit.counted is Counted.UNITS
    ]
    left, entity = min(counted, key=lambda one: one[0], default=(use.units, Entity.GLOBAL))
    is_own = entity in (Entity.SHOPPER, Entity.ORDER, Entity.CODE)
    reason = "units_partly_yours" if is_own else "units_partly"
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
