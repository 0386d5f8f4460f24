"""A condition as a clause: "the cart is worth at least $40.00"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Leaf

from promotions.engine import api as c
from promotions.engine.api import EVERYTHING, WEEKDAYS
from promotions.sentences.core.words import Lexicon, say_products
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

# The phrases of conditions: each clause and its opposite.

CHANNELS = {"online": pgettext_noop("bought", "online"), "store": gettext_noop("in the store")}
CHANNELS |= {"app": gettext_noop("in the app")}
NOT = gettext_noop("it is not true that {clause}")
# clause, and the clause of its opposite where that reads better than NOT
PHRASES: Mapping[str, tuple[str, str]] = {
    "channels": (
        gettext_noop("it is bought {items}"),
        gettext_noop("it is not bought {items}"),
    ),
    "markets": (
        gettext_noop("the market is {items}"),
        gettext_noop("the market is not {items}"),
    ),
    "regions": (
        gettext_noop("the place is {items}"),
        gettext_noop("the place is not {items}"),
    ),
    "weekdays": (gettext_noop("it is {items}"), gettext_noop("it is not {items}")),
    "hours": (
        gettext_noop("it is between {start} and {end}"),
        gettext_noop("it is not between {start} and {end}"),
    ),
    "codes": (
        gettext_noop("the code {items} was entered"),
        gettext_noop("the code {items} was not entered"),
    ),
    "member": (
        gettext_noop("the shopper has an account"),
        gettext_noop("the shopper has no account"),
    ),
    "segments": (
        gettext_noop("the shopper is in segment {items}"),
        gettext_noop("the shopper is not in segment {items}"),
    ),
    "tags": (
        gettext_noop("the shopper carries the tag {items}"),
        gettext_noop("the shopper does not carry the tag {items}"),
    ),
    "tiers": (
        gettext_noop("the member's tier is {items}"),
        gettext_noop("the member's tier is not {items}"),
    ),
    "groups": (
        gettext_noop("the shopper has proved to be {items}"),
        gettext_noop("the shopper has not proved to be {items}"),
    ),
    "first_order": (
        gettext_noop("it is the shopper's first order"),
        gettext_noop("it is not the shopper's first order"),
    ),
    "new": (
        gettext_noop("the shopper has never ordered"),
        gettext_noop("the shopper has ordered before or it is not known"),
    ),
    "returning": (
        gettext_noop("the shopper has ordered before"),
        gettext_noop("the shopper has never ordered or it is not known"),
    ),
}
BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "last_order": (
        gettext_noop("the last order is at least {least} days ago"),
        gettext_noop("the last order is at most {most} days ago"),
        gettext_noop("the last order is {least} to {most} days ago"),
    ),
    "orders": (
        gettext_noop("there were at least {least} orders in the last {days} days"),
        gettext_noop("there were at most {most} orders in the last {days} days"),
        gettext_noop("there were {least} to {most} orders in the last {days} days"),
    ),
    "spent": (
        gettext_noop("at least {least} was spent in the last {days} days"),
        gettext_noop("at most {most} was spent in the last {days} days"),
        gettext_noop("{least} to {most} was spent in the last {days} days"),
    ),
}


_AND, _OR = gettext_noop(" and "), gettext_noop(" or ")


def list_clauses(condition: c.Condition, words: Lexicon) -> tuple[str, ...]:
    """Return the clauses that all must hold; none for a condition that always holds.

    >>> words = Lexicon("en", "en_US", "USD")
    >>> list_clauses(c.All((c.CartHas(min_value_minor=4_000), c.Not(c.Member()))), words)
    ('the cart is worth at least $40.00', 'the shopper has no account')
    """
    if isinstance(condition, c.All):
        return tuple(text for part in condition.parts for text in list_clauses(part, words))
    return (say_condition(condition, words),)


def say_condition(condition: c.Condition, words: Lexicon) -> str:
    """Return one clause for the whole condition.

    >>> words = Lexicon("en", "en_US", "USD")
    >>> say_condition(c.Any((c.Member(), c.FirstOrder())), words)
    "the shopper has an account or it is the shopper's first order"
    """
    match condition:
        case c.All(parts):
            return _join(parts, words, _AND)
        case c.Any(parts):
            return _join(parts, words, _OR)
        case c.ExactlyOne(parts):
            listed = words.translate("; ").join(_list_one(part, words) for part in parts)
            return words.translate("exactly one of these holds: {listed}", listed=listed)
        case c.Not(part):
            return _negate(part, words)
        case _:
            return _leaf(condition, words, negated=False) or _bounded(condition, words)


def _negate(part: c.Condition, words: Lexicon) -> str:
    opposite = _leaf(part, words, negated=True)
    if opposite is not None:
        return opposite
    inner = say_condition(part, words)
    is_joined = isinstance(part, c.All | c.Any | c.ExactlyOne | c.Not)
    return words.translate(NOT, clause=_wrap(inner, words) if is_joined else inner)


def _list_one(part: c.Condition, words: Lexicon) -> str:
    """Return a part of a list; a list in a list has brackets."""
    said = say_condition(part, words)
    return _wrap(said, words) if isinstance(part, c.ExactlyOne) else said


def _join(parts: tuple[c.Condition, ...], words: Lexicon, glue: str) -> str:
    if not parts:
        return words.translate("always")
    if len(parts) == 1:
        return say_condition(parts[0], words)
    said = [(part, say_condition(part, words)) for part in parts]
    return words.translate(glue).join(
        _wrap(text, words) if _needs_brackets(part, text, words) else text for part, text in said
    )


def _needs_brackets(part: c.Condition, text: str, words: Lexicon) -> bool:
    """Return whether what follows could be read as belonging to the part, or to a half of it."""
    if isinstance(part, c.All | c.Any | c.ExactlyOne):
        return True
    opens_with_not = words.translate(NOT).partition("{")[0]
    # English says "and" inside of clauses, too: "it is between 17:00 and 20:00"
    glues = (_AND, _OR) if words.is_chinese else (_OR,)
    return text.startswith(opens_with_not) or any(words.translate(one) in text for one in glues)


def _wrap(text: str, words: Lexicon) -> str:
    return words.translate("({text})", text=text)


# leaf -> (word of PHRASES, what stands in its blanks)
_LEAVES: Mapping[type, Callable[[Leaf, Lexicon], tuple[str, dict[str, str]]]] = {
    c.ChannelIn: lambda x, w: ("channels", _picked(w, CHANNELS, sorted(x.channels))),
    c.MarketIn: lambda x, w: ("markets", _named(w, "market", x.markets)),
    c.RegionIn: lambda x, w: ("regions", _named(w, "region", x.regions)),
    c.WeekdayIn: lambda x, w: ("weekdays", _picked(w, WEEKDAYS, sorted(x.weekdays))),
    c.HoursIn: lambda x, w: ("hours", {"start": f"{x.start:%H:%M}", "end": f"{x.end:%H:%M}"}),
    c.CodeEntered: lambda x, w: ("codes", _named(w, "code", x.codes)),
    c.Member: lambda x, w: ("member", {}),
    c.SegmentIn: lambda x, w: ("segments", _named(w, "segment", x.codes)),
    c.HasTag: lambda x, w: ("tags", _named(w, "tag", x.tags)),
    c.TierIn: lambda x, w: ("tiers", _named(w, "tier", x.tiers)),
    c.GroupIn: lambda x, w: ("groups", _named(w, "group", x.groups)),
    c.FirstOrder: lambda x, w: ("first_order", {}),
    c.Newcomer: lambda x, w: ("new" if x.is_new else "returning", {}),
}


def _leaf(condition: c.Condition, words: Lexicon, *, negated: bool) -> str | None:
    """Return the clause of a leaf or its opposite; None where there is no such phrase."""
    if isinstance(condition, c.CartHas):
        return None if negated else _say_cart(condition, words)
    if isinstance(condition, c.DifferentProducts):
        return None if negated else _say_products(condition, words)
    find = _LEAVES.get(type(condition))
    if find is None:
        return None
    word, blanks = find(condition, words)
    return words.translate(PHRASES[word][negated], **blanks)


def _bounded(condition: c.Condition, words: Lexicon) -> str:
    match condition:
        case c.LastOrder(least, most):
            return _between("last_order", least, most, words)
        case c.OrdersIn(days, least, most):
            return _between("orders", least, most, words, days=days)
        case c.SpentIn(days, least, most):
            said = [None if bound is None else words.money(bound) for bound in (least, most)]
            return _between("spent", said[0], said[1], words, days=days)
    raise TypeError(f"no words for {condition!r}")


def _between(
    word: str, least: int | str | None, most: int | str | None, words: Lexicon, days: int = 0
) -> str:
    at_least, at_most, both = BOUNDS[word]
    phrase = both if None not in (least, most) else at_most if least is None else at_least
    return words.translate(phrase, least=least, most=most, days=days)


def _say_cart(has: c.CartHas, words: Lexicon) -> str:
    worth, count = words.money(has.min_value_minor), has.min_quantity
    is_all = has.scope == EVERYTHING
    if is_all and has.min_value_minor and count <= 1:
        return words.translate("the cart is worth at least {worth}", worth=worth)
    products = words.translate("the cart") if is_all else say_products(has.scope, words)
    if is_all:
        said = words.translate("the cart holds at least {count} pieces", count=count)
    else:
        said = words.translate(
            "the cart holds at least {count} of {goods}", count=count, goods=products
        )
    if not has.min_value_minor:
        return said
    return said + words.translate(" worth at least {worth}", worth=worth)


def _say_products(has: c.DifferentProducts, words: Lexicon) -> str:
    count = has.at_least
    if has.scope == EVERYTHING:
        return words.translate("the cart holds at least {count} different products", count=count)
    products = say_products(has.scope, words)
    return words.translate(
        "the cart holds at least {count} different products of {goods}", count=count, goods=products
    )


def _named(words: Lexicon, kind: str, keys: frozenset[str]) -> dict[str, str]:
    return _items(words, [words.name(kind, key) for key in sorted(keys)])


def _items(words: Lexicon, texts: list[str]) -> dict[str, str]:
    return {"items": words.either(texts)}


def _picked(words: Lexicon, table: Mapping[Leaf, str], keys: list[Leaf]) -> dict[str, str]:
    return _items(words, [words.translate(table[key]) for key in keys])
