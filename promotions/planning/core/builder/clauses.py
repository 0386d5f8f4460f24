"""Further clauses of a sentence: "and only if ...", each a small sentence with blanks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any as Json

from promotions.engine.api import WEEKDAYS
from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.phrases import CHANNELS
from promotions.sentences.core.plans import Answers, Blank
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

AND, OR, WITH = "and", "or", "with"
# What holds of the clauses of a bracket, by the word of conditions
BRACKETS: Mapping[str, str] = {
    "all": gettext_noop("all of them hold"),
    "any": gettext_noop("at least one of them holds"),
    "one": gettext_noop("exactly one of them holds"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A clause, or a bracket (`bracket` is its word in BRACKETS) that others stand in.

    `key` tells the parts of one sentence apart; `within` is the key of the bracket around it, ""
    for none. Outside of brackets `joint` says how it stands to the part before it: "and" is one
    more that must hold, "or" an alternative, "with" belongs to the same alternative and binds
    closer than "or"; in a bracket its word says so.
    """

    key: str
    said: Mapping[str, Json] = field(default_factory=dict)
    bracket: str = ""
    is_opposite: bool = False
    joint: str = AND
    within: str = ""


def join_parts(parts: Sequence[Part]) -> list[dict[str, Json]]:
    """Return the conditions that all must hold: "a with b or c, and d" is ((a and b) or c), d.

    >>> a, b, c = {"member": True}, {"first_order": True}, {"cart_value": 4000}
    >>> parts = [Part("1", a), Part("2", bracket="any", is_opposite=True)]
    >>> join_parts([*parts, Part("3", b, within="2"), Part("4", c, within="2")])
    [{'member': True}, {'not': {'any': [{'first_order': True}, {'cart_value': 4000}]}}]
    """
    groups: list[list[list[dict[str, Json]]]] = []
    for part in parts:
        if part.within:
            continue
        said = _say(part, parts)
        if part.joint == WITH and groups:
            groups[-1][-1].append(said)
        elif part.joint == OR and groups:
            groups[-1].append([said])
        else:
            groups.append([[said]])
    return [_join("any", [_join("all", each) for each in group]) for group in groups]


def _say(part: Part, parts: Sequence[Part]) -> dict[str, Json]:
    said = dict(part.said)
    if part.bracket:
        inside = [_say(one, parts) for one in parts if one.within == part.key]
        # One alone is itself, but "exactly one" of one is a slip that saving has to refuse
        said = {"one": inside} if part.bracket == "one" else _join(part.bracket, inside)
    return {"not": said} if part.is_opposite else said


def _join(word: str, parts: list[dict[str, Json]]) -> dict[str, Json]:
    return parts[0] if len(parts) == 1 else {word: parts}


_DAYS = b.count("days", gettext_noop("days"), "90")


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition staff may add. `sentence` has its blanks in braces."""

    code: str
    sentence: str
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], dict[str, Json]] = field(repr=False)


def _cart_has(answers: Answers) -> dict[str, Json]:
    """Goods in the cart: one kind of selector at a time, as conditions have them."""
    goods = answers["goods"]
    parts: list[dict[str, Json]] = [
        {word: ids, "quantity": answers["pieces"]} for word, ids in goods.items()
    ]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _choice(name: str, label: str, choices: Mapping[str, str]) -> Blank:
    return Blank(name, "choice", label, next(iter(choices)), choices=tuple(choices.items()))


def _worth(answers: Answers) -> dict[str, Json]:
    parts: list[dict[str, Json]] = [
        {word: ids, "value": answers["spent"]} for word, ids in answers["goods"].items()
    ]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _different(answers: Answers) -> dict[str, Json]:
    goods = answers.get("goods")
    count = answers["products"]
    return {"different_products": {"at_least": count, "scope": goods} if goods else count}


_ORDERS = b.count("orders", pgettext_noop("count", "orders"), "3")
_SPENT = Blank("spent", "money", pgettext_noop("field", "spent"), "100.00")
_DAY_NAMES = {str(day): name for day, name in WEEKDAYS.items()}
_NEWNESS = {"new": pgettext_noop("shopper", "new"), "returning": gettext_noop("returning")}

CLAUSES: Mapping[str, Clause] = {
    one.code: one
    for one in (
        Clause(
            "cart_value",
            gettext_noop("the cart is worth at least {cart_value}"),
            (b.LEAST,),
            lambda a: {"cart_value": a["cart_value"]},
        ),
        Clause(
            "cart_quantity",
            gettext_noop("the cart holds at least {pieces} pieces"),
            (b.count("pieces", gettext_noop("pieces"), "3"),),
            lambda a: {"cart_quantity": a["pieces"]},
        ),
        Clause(
            "goods",
            gettext_noop("the cart holds at least {pieces} of {goods}"),
            (
                b.count("pieces", gettext_noop("pieces"), "1"),
                Blank("goods", "goods", b.GOODS.label),
            ),
            _cart_has,
        ),
        Clause(
            "goods_worth",
            gettext_noop("the cart holds {goods} worth at least {spent}"),
            (Blank("goods", "goods", b.GOODS.label), replace(_SPENT, example="20.00")),
            _worth,
        ),
        Clause(
            "different_products",
            gettext_noop("the cart holds at least {products} different products of {goods}"),
            (b.count("products", pgettext_noop("count", "products"), "3"), b.GOODS),
            _different,
        ),
        Clause(
            "segments",
            gettext_noop("the shopper is in segment {segments}"),
            (Blank("segments", "segments", gettext_noop("segments")),),
            lambda a: {"segments": a["segments"]},
        ),
        Clause(
            "tags",
            gettext_noop("the shopper carries the tag {tags}"),
            (Blank("tags", "words", gettext_noop("tags")),),
            lambda a: {"tags": a["tags"]},
        ),
        Clause(
            "tiers",
            gettext_noop("the member's tier is {tiers}"),
            (Blank("tiers", "words", gettext_noop("tiers")),),
            lambda a: {"tiers": a["tiers"]},
        ),
        Clause(
            "groups",
            gettext_noop("the shopper has proved to be {groups}"),
            (Blank("groups", "words", gettext_noop("groups"), "student"),),
            lambda a: {"groups": a["groups"]},
        ),
        Clause(
            "shopper",
            gettext_noop("the shopper is {newness}"),
            (_choice("newness", gettext_noop("new or returning"), _NEWNESS),),
            lambda a: {"shopper": a["newness"]},
        ),
        Clause(
            "first_order",
            gettext_noop("it is the shopper's first order"),
            (),
            lambda a: {"first_order": True},
        ),
        Clause(
            "member",
            gettext_noop("the shopper has an account"),
            (),
            lambda a: {"member": True},
        ),
        Clause(
            "last_order",
            gettext_noop("the last order is at least {days} days ago"),
            (_DAYS,),
            lambda a: {"last_order": {"at_least_days": a["days"]}},
        ),
        Clause(
            "last_order_within",
            gettext_noop("the last order is at most {days} days ago"),
            (_DAYS,),
            lambda a: {"last_order": {"at_most_days": a["days"]}},
        ),
        Clause(
            "orders",
            gettext_noop("there were at least {orders} orders in the last {days} days"),
            (_ORDERS, _DAYS),
            lambda a: {"orders": {"days": a["days"], "at_least": a["orders"]}},
        ),
        Clause(
            "orders_most",
            gettext_noop("there were at most {orders} orders in the last {days} days"),
            (_ORDERS, _DAYS),
            lambda a: {"orders": {"days": a["days"], "at_most": a["orders"]}},
        ),
        Clause(
            "spent",
            gettext_noop("at least {spent} was spent in the last {days} days"),
            (_SPENT, _DAYS),
            lambda a: {"spent": {"days": a["days"], "at_least": a["spent"]}},
        ),
        Clause(
            "spent_most",
            gettext_noop("at most {spent} was spent in the last {days} days"),
            (_SPENT, _DAYS),
            lambda a: {"spent": {"days": a["days"], "at_most": a["spent"]}},
        ),
        Clause(
            "weekday",
            gettext_noop("it is {weekday}"),
            (
                _choice(
                    "weekday",
                    gettext_noop("weekday"),
                    _DAY_NAMES,
                ),
            ),
            lambda a: {"weekdays": [int(a["weekday"])]},
        ),
        Clause(
            "hours",
            gettext_noop("it is between {from} and {until}"),
            (
                Blank("from", "clock", pgettext_noop("time", "from"), "17:00"),
                Blank("until", "clock", gettext_noop("until"), "20:00"),
            ),
            lambda a: {"hours": [a["from"], a["until"]]},
        ),
        Clause(
            "channels",
            gettext_noop("it is bought {channel}"),
            (_choice("channel", gettext_noop("channel"), CHANNELS),),
            lambda a: {"channels": [a["channel"]]},
        ),
        Clause(
            "regions",
            gettext_noop("the place is {regions}"),
            (Blank("regions", "words", gettext_noop("places"), "US-NY"),),
            lambda a: {"regions": a["regions"]},
        ),
        Clause(
            "markets",
            gettext_noop("the market is {markets}"),
            (Blank("markets", "words", gettext_noop("markets")),),
            lambda a: {"markets": a["markets"]},
        ),
        Clause(
            "codes",
            gettext_noop("the code {codes} was entered"),
            (Blank("codes", "words", gettext_noop("codes")),),
            lambda a: {"codes": a["codes"]},
        ),
    )
}

# Others stand in it: what it means is said by `join_parts`
BRACKET = Clause(
    "bracket",
    gettext_noop("of what stands in these brackets, {which}"),
    (_choice("which", gettext_noop("what holds of them"), BRACKETS),),
    lambda a: {},
)
