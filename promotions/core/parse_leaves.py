"""The single conditions staff may write, by their word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any as Json

from promotions.core.codes import normalize_code
from promotions.core.conditions import (
    CartHas,
    ChannelIn,
    CodeEntered,
    Condition,
    DifferentProducts,
    FirstOrder,
    GroupIn,
    HasTag,
    HoursIn,
    LastOrder,
    MarketIn,
    Member,
    Newcomer,
    Not,
    OrdersIn,
    RegionIn,
    SegmentIn,
    SpentIn,
    TierIn,
    WeekdayIn,
)
from promotions.core.parse import parse_scope
from promotions.core.parse_fields import (
    allow_only,
    read_count,
    read_flag,
    read_ids,
    read_object,
    read_texts,
    refuse,
)

CHANNELS = ("online", "store", "app")
LONGEST_WINDOW = 3_650


def _different_products(value: Json, place: str) -> Condition:
    """Read a number of products, or one and the goods they are counted among."""
    if not isinstance(value, dict):
        return DifferentProducts(read_count(value, place, least=2))
    allow_only(value, ("at_least", "scope"), place)
    count = read_count(value.get("at_least"), f"{place}.at_least", least=2)
    scope = parse_scope(value.get("scope", {}), f"{place}.scope")
    if scope.variant_ids == frozenset():
        raise refuse(f"{place}.scope", "a condition names its goods and has no list beside it")
    return DifferentProducts(count, scope)


def _channels(value: Json, place: str) -> Condition:
    named = read_texts(value, place)
    for channel in sorted(named.difference(CHANNELS)):
        raise refuse(place, f"there is no channel “{channel}”, only {', '.join(CHANNELS)}")
    return ChannelIn(named)


def _shopper(value: Json, place: str) -> Condition:
    if value not in ("new", "returning"):
        raise refuse(place, "expected new or returning")
    return Newcomer(is_new=value == "new")


def _weekdays(value: Json, place: str) -> Condition:
    days = read_ids(value, place)
    if not days <= set(range(1, 8)):
        raise refuse(place, "expected days from 1 (Monday) to 7 (Sunday)")
    if len(days) == 7:
        raise refuse(place, "every day of the week is no condition")
    return WeekdayIn(days)


def _hours(value: Json, place: str) -> Condition:
    if not isinstance(value, list) or len(value) != 2:
        raise refuse(place, "expected two times such as 17:00 and 20:30")
    start, end = (_clock(text, place) for text in value)
    if start == end:
        raise refuse(place, "the hours begin when they end")
    return HoursIn(start, end)


def _clock(text: Json, place: str) -> time:
    try:
        found = time.fromisoformat(text)
    except (TypeError, ValueError):
        raise refuse(place, "expected a time such as 17:00") from None
    if found.tzinfo is not None:
        raise refuse(place, "hours are on the market's clock and name no zone")
    return found


def _last_order(value: Json, place: str) -> Condition:
    bounds = _bounds(value, place, names=("at_least_days", "at_most_days"))
    return LastOrder(bounds["at_least_days"], bounds["at_most_days"])


def _orders(value: Json, place: str) -> Condition:
    bounds = _bounds(value, place, others=("days",))
    return OrdersIn(_window(value, place), bounds["at_least"], bounds["at_most"])


def _spent(value: Json, place: str) -> Condition:
    bounds = _bounds(value, place, others=("days",))
    return SpentIn(_window(value, place), bounds["at_least"], bounds["at_most"])


def _window(value: Mapping[str, Json], place: str) -> int:
    days = read_count(value.get("days"), f"{place}.days", least=1)
    if days > LONGEST_WINDOW:
        raise refuse(f"{place}.days", f"a window is at most {LONGEST_WINDOW} days long")
    return days


def _bounds(
    value: Json,
    place: str,
    *,
    names: tuple[str, str] = ("at_least", "at_most"),
    others: tuple[str, ...] = (),
) -> dict[str, int | None]:
    fields = read_object(value, place)
    allow_only(fields, (*names, *others), place)
    least, most = (
        read_count(fields[name], f"{place}.{name}", least=0) if name in fields else None
        for name in names
    )
    if least is None and most is None:
        raise refuse(place, f"expected {names[0]} or {names[1]}")
    if least is not None and most is not None and least > most:
        raise refuse(place, f"{names[0]} is above {names[1]}: this never holds")
    return {names[0]: least, names[1]: most}


LEAVES: Mapping[str, Callable[[Json, str], Condition]] = {
    "cart_value": lambda value, place: CartHas(min_value_minor=read_count(value, place, least=1)),
    "cart_quantity": lambda value, place: CartHas(
        min_quantity=read_count(value, place, least=1), reason_code="cart_quantity_below"
    ),
    "different_products": _different_products,
    "segments": lambda value, place: SegmentIn(read_texts(value, place)),
    "tags": lambda value, place: HasTag(read_texts(value, place)),
    "tiers": lambda value, place: TierIn(read_texts(value, place)),
    "groups": lambda value, place: GroupIn(read_texts(value, place)),
    "channels": _channels,
    "markets": lambda value, place: MarketIn(read_texts(value, place)),
    "regions": lambda value, place: RegionIn(read_texts(value, place)),
    "codes": lambda value, place: CodeEntered(
        frozenset(normalize_code(text) for text in read_texts(value, place))
    ),
    "first_order": lambda value, place: (
        FirstOrder() if read_flag(value, place) else Not(FirstOrder())
    ),
    "member": lambda value, place: Member() if read_flag(value, place) else Not(Member()),
    "shopper": _shopper,
    "last_order": _last_order,
    "orders": _orders,
    "spent": _spent,
    "weekdays": _weekdays,
    "hours": _hours,
}
