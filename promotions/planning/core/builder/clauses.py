"""Further clauses of a sentence: "and only if ...", each a small sentence with blanks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any as Json

from promotions.engine.api import WEEKDAYS
from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.conditions import CHANNELS
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
    """A condition staff may add. `sentence` has its blanks in braces.

    `build` makes the condition of what stands in the blanks, `read` finds what stands in them;
    None for a condition of another clause.
    """

    code: str
    sentence: str
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], dict[str, Json]] = field(repr=False)
    read: Callable[[Json], Answers | None] = field(repr=False)


def _shaped(
    code: str, sentence: str, blanks: tuple[Blank, ...], shape: Mapping[str, Json]
) -> Clause:
    """Return the clause of a condition whose JSON is `shape` with the blanks in braces."""
    return Clause(code, sentence, blanks, partial(_fill, shape), partial(_match, shape))


def _fill(shape: Json, answers: Answers) -> Json:
    if isinstance(shape, Mapping):
        return {word: _fill(part, answers) for word, part in shape.items()}
    if isinstance(shape, list):
        return [_fill(part, answers) for part in shape]
    return answers[shape[1:-1]] if isinstance(shape, str) else shape


def _match(shape: Json, said: Json) -> Answers | None:
    """Return what stands in the blanks of a shape; None where it is another one."""
    if isinstance(shape, str):
        return {shape[1:-1]: said}
    if isinstance(shape, Mapping):
        if not isinstance(said, Mapping) or shape.keys() != said.keys():
            return None
        pairs = [(shape[word], said[word]) for word in shape]
    elif isinstance(shape, list):
        if not isinstance(said, list) or len(shape) != len(said):
            return None
        pairs = list(zip(shape, said, strict=True))
    else:
        return {} if shape == said else None
    found: dict[str, Json] = {}
    for part, value in pairs:
        inner = _match(part, value)
        if inner is None:
            return None
        found |= inner
    return found


def _of_products(
    code: str, sentence: str, blanks: tuple[Blank, ...], word: str, name: str
) -> Clause:
    """Return a clause on products in the cart: `word` of the condition holds the blank `name`.

    A condition has one kind of selector at a time; several are alternatives.
    """

    def build(answers: Answers) -> dict[str, Json]:
        products: Mapping[str, Json] = answers["goods"]
        parts: list[dict[str, Json]] = [
            {kind: ids, word: answers[name]} for kind, ids in products.items()
        ]
        return parts[0] if len(parts) == 1 else {"any": parts}

    def read(said: Json) -> Answers | None:
        parts = said.get("any", [said])
        kinds = [(kind, part) for part in parts for kind in PICKED if kind in part]
        numbers = {part.get(word, 1 if word == "quantity" else None) for part in parts}
        if len(kinds) != len(parts) or len(dict(kinds)) != len(parts) or len(numbers) != 1:
            return None
        return {"goods": {kind: part[kind] for kind, part in kinds}, name: numbers.pop()}

    return Clause(code, sentence, blanks, build, read)


# The selectors of products that are picked
PICKED = ("categories", "brands", "variants")


def _choice(name: str, label: str, choices: Mapping[str, str]) -> Blank:
    return Blank(name, "choice", label, next(iter(choices)), choices=tuple(choices.items()))


def _several(name: str, kind: str, label: str, choices: Mapping[str, str]) -> Blank:
    return Blank(name, kind, label, next(iter(choices)), choices=tuple(choices.items()))


def _different(answers: Answers) -> dict[str, Json]:
    products = answers.get("goods")
    count = answers["products"]
    return {"different_products": {"at_least": count, "scope": products} if products else count}


def _read_different(said: Json) -> Answers | None:
    if said.keys() != {"different_products"}:
        return None
    value = said["different_products"]
    if not isinstance(value, Mapping):
        return {"products": value, "goods": {}}
    scope = value.get("scope") or {}
    return (
        {"products": value.get("at_least"), "goods": scope} if set(PICKED) >= set(scope) else None
    )


_ORDERS = b.count("orders", pgettext_noop("count", "orders"), "3")
_SPENT = Blank("spent", "money", pgettext_noop("field", "spent"), "100.00")
_DAY_NAMES = {str(day): name for day, name in WEEKDAYS.items()}
_NEWNESS = {"new": pgettext_noop("shopper", "new"), "returning": gettext_noop("returning")}

CLAUSES: Mapping[str, Clause] = {
    one.code: one
    for one in (
        _shaped(
            "cart_value",
            gettext_noop("the cart is worth at least {cart_value}"),
            (b.LEAST,),
            {"cart_value": "{cart_value}"},
        ),
        _shaped(
            "cart_quantity",
            gettext_noop("the cart holds at least {pieces} pieces"),
            (b.count("pieces", gettext_noop("pieces"), "3"),),
            {"cart_quantity": "{pieces}"},
        ),
        _of_products(
            "goods",
            gettext_noop("the cart holds at least {pieces} of {goods}"),
            (
                b.count("pieces", gettext_noop("pieces"), "1"),
                Blank("goods", "goods", b.GOODS.label),
            ),
            "quantity",
            "pieces",
        ),
        _of_products(
            "goods_worth",
            gettext_noop("the cart holds {goods} worth at least {spent}"),
            (Blank("goods", "goods", b.GOODS.label), replace(_SPENT, example="20.00")),
            "value",
            "spent",
        ),
        Clause(
            "different_products",
            gettext_noop("the cart holds at least {products} different products of {goods}"),
            (b.count("products", pgettext_noop("count", "products"), "3"), b.GOODS),
            _different,
            _read_different,
        ),
        _shaped(
            "segments",
            gettext_noop("the shopper is in segment {segments}"),
            (Blank("segments", "segments", gettext_noop("segments")),),
            {"segments": "{segments}"},
        ),
        _shaped(
            "tags",
            gettext_noop("the shopper carries the tag {tags}"),
            (Blank("tags", "tags", gettext_noop("tags")),),
            {"tags": "{tags}"},
        ),
        _shaped(
            "tiers",
            gettext_noop("the member's tier is {tiers}"),
            (Blank("tiers", "tiers", gettext_noop("tiers")),),
            {"tiers": "{tiers}"},
        ),
        _shaped(
            "groups",
            gettext_noop("the shopper has proved to be {groups}"),
            (Blank("groups", "groups", gettext_noop("groups")),),
            {"groups": "{groups}"},
        ),
        _shaped(
            "shopper",
            gettext_noop("the shopper is {newness}"),
            (_choice("newness", gettext_noop("new or returning"), _NEWNESS),),
            {"shopper": "{newness}"},
        ),
        _shaped(
            "first_order",
            gettext_noop("it is the shopper's first order"),
            (),
            {"first_order": True},
        ),
        _shaped(
            "member",
            gettext_noop("the shopper has an account"),
            (),
            {"member": True},
        ),
        _shaped(
            "last_order",
            gettext_noop("the last order is at least {days} days ago"),
            (_DAYS,),
            {"last_order": {"at_least_days": "{days}"}},
        ),
        _shaped(
            "last_order_within",
            gettext_noop("the last order is at most {days} days ago"),
            (_DAYS,),
            {"last_order": {"at_most_days": "{days}"}},
        ),
        _shaped(
            "orders",
            gettext_noop("there were at least {orders} orders in the last {days} days"),
            (_ORDERS, _DAYS),
            {"orders": {"days": "{days}", "at_least": "{orders}"}},
        ),
        _shaped(
            "orders_most",
            gettext_noop("there were at most {orders} orders in the last {days} days"),
            (_ORDERS, _DAYS),
            {"orders": {"days": "{days}", "at_most": "{orders}"}},
        ),
        _shaped(
            "spent",
            gettext_noop("at least {spent} was spent in the last {days} days"),
            (_SPENT, _DAYS),
            {"spent": {"days": "{days}", "at_least": "{spent}"}},
        ),
        _shaped(
            "spent_most",
            gettext_noop("at most {spent} was spent in the last {days} days"),
            (_SPENT, _DAYS),
            {"spent": {"days": "{days}", "at_most": "{spent}"}},
        ),
        _shaped(
            "weekday",
            gettext_noop("it is {weekday}"),
            (_several("weekday", "weekdays", gettext_noop("weekday"), _DAY_NAMES),),
            {"weekdays": "{weekday}"},
        ),
        _shaped(
            "hours",
            gettext_noop("it is between {from} and {until}"),
            (
                Blank("from", "clock", pgettext_noop("time", "from"), "17:00"),
                Blank("until", "clock", gettext_noop("until"), "20:00"),
            ),
            {"hours": ["{from}", "{until}"]},
        ),
        _shaped(
            "channels",
            gettext_noop("it is bought {channel}"),
            (_several("channel", "several", gettext_noop("channel"), CHANNELS),),
            {"channels": "{channel}"},
        ),
        _shaped(
            "regions",
            gettext_noop("the place is {regions}"),
            (Blank("regions", "words", gettext_noop("places"), "US-NY"),),
            {"regions": "{regions}"},
        ),
        _shaped(
            "markets",
            gettext_noop("the market is {markets}"),
            (Blank("markets", "markets", gettext_noop("markets")),),
            {"markets": "{markets}"},
        ),
        _shaped(
            "codes",
            gettext_noop("the code {codes} was entered"),
            (Blank("codes", "words", gettext_noop("codes")),),
            {"codes": "{codes}"},
        ),
    )
}

# Others stand in it: what it means is said by `join_parts`
BRACKET = Clause(
    "bracket",
    gettext_noop("of what stands in these brackets, {which}"),
    (_choice("which", gettext_noop("what holds of them"), BRACKETS),),
    lambda a: {},
    lambda said: None,
)
