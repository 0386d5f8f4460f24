"""From the JSON staff save to a condition tree; refused with place and reason.

{} always holds; {"all": [...]}, {"any": [...]}, {"one": [...]} (exactly one), {"not": {...}}, or
one leaf:
{"cart_value": 4000} minor units · {"cart_quantity": 3} ·
{"different_products": 3} or {"different_products": {"at_least": 3, "scope": {...}}} ·
{"products" | "variants" | "categories" | "brands": [ids], "quantity": 1, "value": 0} ·
{"segments" | "tags" | "channels" | "codes" | "markets" | "regions" | "tiers" | "groups": [texts]} ·
{"first_order": true} · {"member": true} · {"shopper": "new" | "returning"} ·
{"last_order": {"at_least_days": 60, "at_most_days": 365}} ·
{"orders": {"days": 90, "at_least": 3, "at_most": 9}} ·
{"spent": {"days": 365, "at_least": 10000, "at_most": 50000}} minor units ·
{"weekdays": [1, 7]} Monday is 1 · {"hours": ["17:00", "20:30"]} on the market's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any as Json

from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions.tree import (
    ALWAYS,
    All,
    Any,
    CartHas,
    ChannelIn,
    CodeEntered,
    Condition,
    DifferentProducts,
    ExactlyOne,
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
from promotions.engine.core.evaluate import normalize_code
from promotions.engine.core.parsing.terms import (
    allow_only,
    parse_scope,
    read_count,
    read_flag,
    read_ids,
    read_object,
    read_single,
    read_texts,
    refuse,
)
from shop.ground.kernel.translation import gettext_noop

CHANNELS = ("online", "store", "app")
LONGEST_WINDOW = 3_650


def _different_products(value: Json, place: str) -> Condition:
    """Read a number of products, or one and the products they are counted among."""
    if not isinstance(value, dict):
        return DifferentProducts(read_count(value, place, least=2))
    allow_only(value, ("at_least", "scope"), place)
    count = read_count(value.get("at_least"), f"{place}.at_least", least=2)
    scope = parse_scope(value.get("scope", {}), f"{place}.scope")
    if scope.variant_ids == frozenset():
        raise refuse(
            f"{place}.scope",
            gettext_noop("a condition names its products and has no list beside it"),
        )
    return DifferentProducts(count, scope)


def _channels(value: Json, place: str) -> Condition:
    named = read_texts(value, place)
    for channel in sorted(named.difference(CHANNELS)):
        raise refuse(
            place,
            gettext_noop("there is no channel “{channel}”, only {channels}"),
            channel=channel,
            channels=", ".join(CHANNELS),
        )
    return ChannelIn(named)


def _shopper(value: Json, place: str) -> Condition:
    if value not in ("new", "returning"):
        raise refuse(place, gettext_noop("expected new or returning"))
    return Newcomer(is_new=value == "new")


def _weekdays(value: Json, place: str) -> Condition:
    days = read_ids(value, place)
    if not days <= set(range(1, 8)):
        raise refuse(place, gettext_noop("expected days from 1 (Monday) to 7 (Sunday)"))
    if len(days) == 7:
        raise refuse(place, gettext_noop("every day of the week is no condition"))
    return WeekdayIn(days)


def _hours(value: Json, place: str) -> Condition:
    if not isinstance(value, list) or len(value) != 2:
        raise refuse(place, gettext_noop("expected two times such as 17:00 and 20:30"))
    start, end = (_clock(text, place) for text in value)
    if start == end:
        raise refuse(place, gettext_noop("the hours begin when they end"))
    return HoursIn(start, end)


def _clock(text: Json, place: str) -> time:
    try:
        found = time.fromisoformat(text)
    except (TypeError, ValueError):
        raise refuse(place, gettext_noop("expected a time such as 17:00")) from None
    if found.tzinfo is not None:
        raise refuse(place, gettext_noop("hours are on the market's clock and name no zone"))
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
        raise refuse(
            f"{place}.days",
            gettext_noop("a window is at most {days} days long"),
            days=LONGEST_WINDOW,
        )
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
        raise refuse(
            place, gettext_noop("expected {least} or {most}"), least=names[0], most=names[1]
        )
    if least is not None and most is not None and least > most:
        raise refuse(
            place,
            gettext_noop("{least} is above {most}: this never holds"),
            least=names[0],
            most=names[1],
        )
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


MAX_DEPTH = 5
MAX_PARTS = 50

_SELECTORS = {
    "products": ("product_ids", "product_missing"),
    "variants": ("variant_ids", "product_missing"),
    "categories": ("category_ids", "category_missing"),
    "brands": ("brand_ids", "brand_missing"),
}


def parse_condition(tree: Json) -> Condition:
    """Return the condition of a JSON tree. Raises BadOffer.

    >>> parse_condition({"all": [{"cart_value": 4000}, {"not": {"tags": ["staff"]}}]})
    ... # doctest: +ELLIPSIS
    All(parts=(CartHas(...min_value_minor=4000...), Not(part=HasTag(tags=frozenset({'staff'})))))
    """
    return _node(tree, "condition", 0)


def _node(tree: Json, place: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise refuse(place, gettext_noop("conditions nest at most {depth} deep"), depth=MAX_DEPTH)
    fields = read_object(tree, place)
    if not fields:
        return ALWAYS
    for word, build in _BRANCHES.items():
        if word in fields:
            allow_only(fields, {word}, place)
            return build(fields[word], f"{place}.{word}", depth)
    return _leaf(fields, place)


def _all(parts: Json, place: str, depth: int) -> Condition:
    return All(_parts(parts, place, depth))


def _any(parts: Json, place: str, depth: int) -> Condition:
    return Any(_parts(parts, place, depth))


def _one(parts: Json, place: str, depth: int) -> Condition:
    found = _parts(parts, place, depth)
    if len(found) < 2 or len(set(found)) < len(found):
        raise refuse(
            place, gettext_noop("exactly one of several needs at least two different conditions")
        )
    return ExactlyOne(found)


def _not(part: Json, place: str, depth: int) -> Condition:
    inner = _node(part, place, depth + 1)
    if inner == ALWAYS:
        raise refuse(place, gettext_noop("the opposite of always never holds"))
    return Not(inner)


_BRANCHES: Mapping[str, Callable[[Json, str, int], Condition]] = {
    "all": _all,
    "any": _any,
    "one": _one,
    "not": _not,
}


# Every word a condition may have
WORDS = (*_BRANCHES, *_SELECTORS, *LEAVES)


def _parts(parts: Json, place: str, depth: int) -> tuple[Condition, ...]:
    if not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
        raise refuse(
            place, gettext_noop("expected a list of 1 to {most} conditions"), most=MAX_PARTS
        )
    return tuple(_node(part, f"{place}[{i}]", depth + 1) for i, part in enumerate(parts))


def _leaf(fields: Mapping[str, Json], place: str) -> Condition:
    for word, (field, reason) in _SELECTORS.items():
        if word in fields:
            allow_only(fields, {word, "quantity", "value"}, place)
            named: dict[str, Json] = {field: read_ids(fields[word], f"{place}.{word}")}
            return CartHas(
                Scope(**named),
                read_count(fields.get("quantity", 1), f"{place}.quantity", least=1),
                read_count(fields.get("value", 0), f"{place}.value", least=0),
                reason,
            )
    word, value = read_single(fields, place)
    build = LEAVES.get(word)
    if build is None:
        raise refuse(place, gettext_noop("unknown condition “{word}”"), word=word)
    return build(value, f"{place}.{word}")
