"""Any condition tree can be filled in as a sentence, and the sentence that is read back is it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any as Json

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.conditions import tree as c
from promotions.engine.core.parsing.conditions import parse_condition
from promotions.planning.core.builder.clauses import BRACKETS, Part, join_parts
from promotions.sentences.core.conditions import NOT, list_clauses, say_condition
from promotions.sentences.core.words import Lexicon
from shop.doors.backoffice.campaigns.clauses import join_clauses, read_clauses
from shop.doors.backoffice.campaigns.sentences import MarketContext

PLACE = MarketContext("us", "USD", "UTC", "en", datetime(2026, 11, 28, tzinfo=UTC))
EN, ZH = Lexicon("en", "en_US", "USD"), Lexicon("zh", "zh_Hans_CN", "USD")
# clause, what stands in its blanks, the condition it is
LEAVES: tuple[tuple[str, Mapping[str, str], dict[str, Json]], ...] = (
    ("member", {}, {"member": True}),
    ("first_order", {}, {"first_order": True}),
    ("shopper", {"newness": "new"}, {"shopper": "new"}),
    ("cart_value", {"cart_value": "40.00"}, {"cart_value": 4_000}),
    ("cart_quantity", {"pieces": "3"}, {"cart_quantity": 3}),
    ("different_products", {"products": "4", "goods": ""}, {"different_products": 4}),
    ("tags", {"tags": "weekend, finer"}, {"tags": ["weekend", "finer"]}),
    ("orders", {"orders": "3", "days": "90"}, {"orders": {"days": 90, "at_least": 3}}),
    ("orders_most", {"orders": "9", "days": "30"}, {"orders": {"days": 30, "at_most": 9}}),
    ("spent_most", {"spent": "5", "days": "30"}, {"spent": {"days": 30, "at_most": 500}}),
    ("last_order_within", {"days": "60"}, {"last_order": {"at_most_days": 60}}),
    ("hours", {"from": "17:00", "until": "20:00"}, {"hours": ["17:00", "20:00"]}),
    ("weekday", {"weekday": "5"}, {"weekdays": [5]}),
    ("codes", {"codes": "SAVE"}, {"codes": ["SAVE"]}),
)
Tree = dict[str, Json]


def list_several(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[list[Tree]]:
    return st.lists(trees, min_size=2, max_size=3, unique_by=lambda tree: strip(parse(tree)))


def nest(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = list_several(trees)
    return st.one_of(
        several.map(lambda parts: {"all": parts}),
        several.map(lambda parts: {"any": parts}),
        several.map(lambda parts: {"one": parts}),
        trees.map(lambda part: {"not": part}),
    )


leaves = st.sampled_from([leaf for _code, _typed, leaf in LEAVES])
# Four levels of brackets: with the list of clauses around them as deep as conditions may go
deep = leaves
for _ in range(4):
    deep = st.one_of(leaves, nest(deep))


def parse(tree: Tree) -> c.Condition:
    return parse_condition(tree)


def strip(condition: c.Condition) -> c.Condition:
    """Return the condition without brackets that change nothing."""
    match condition:
        case c.All(parts) | c.Any(parts):
            kind, flat = type(condition), list[c.Condition]()
            for part in map(strip, parts):
                flat += part.parts if isinstance(part, kind) else [part]
            return flat[0] if len(flat) == 1 else kind(tuple(flat))
        case c.ExactlyOne(parts):
            return c.ExactlyOne(tuple(map(strip, parts)))
        case c.Not(part):
            return c.Not(strip(part))
        case _:
            return condition


def lay_out(tree: Tree, within: str, keys: Iterator[int], *, is_opposite: bool) -> Iterator[Part]:
    """Yield the clauses and brackets that staff would add for a tree."""
    key, [(word, value)] = str(next(keys)), tree.items()
    if word == "not" and not is_opposite:
        yield from lay_out(value, within, keys, is_opposite=True)
        return
    inside = [tree] if word == "not" else value
    bracket = "all" if word == "not" else word if word in BRACKETS else ""
    yield Part(key, {} if bracket else tree, bracket, is_opposite, within=within)
    for part in inside if bracket else ():
        yield from lay_out(part, key, keys, is_opposite=False)


def lay_out_sentence(tree: Tree) -> list[Part]:
    keys = iter(range(1, 1_000))
    parts = tree.get("all", [tree])
    return [one for part in parts for one in lay_out(part, "", keys, is_opposite=False)]


@given(deep)
def test_every_tree_is_clauses_and_brackets(tree: Tree) -> None:
    joined = {"all": join_parts(lay_out_sentence(tree))}
    assert strip(parse(joined)) == strip(parse(tree))


def post(parts: list[Part]) -> QueryDict:
    """Return the sentence as its form sends it."""
    posted = QueryDict(mutable=True)
    for part in parts:
        blanks: Mapping[str, str] = {"which": part.bracket}
        code = "bracket"
        if not part.bracket:
            code, blanks = next((k, typed) for k, typed, leaf in LEAVES if leaf == part.said)
        posted.appendlist("clause", f"{part.key}:{code}")
        posted[f"c{part.key}-in"] = part.within
        posted[f"c{part.key}-not"] = "not" if part.is_opposite else ""
        for name, value in blanks.items():
            posted[f"c{part.key}-{name}"] = value
    return posted


@settings(max_examples=60, deadline=None)
@given(deep.filter(lambda tree: len(lay_out_sentence(tree)) <= 30))
def test_every_tree_can_be_filled_in(tree: Tree) -> None:
    posted = post(lay_out_sentence(tree))
    clauses = read_clauses(posted, PLACE, is_edit=False)
    assert all(one.form.is_valid() for one in clauses)
    assert strip(parse({"all": join_clauses(clauses)})) == strip(parse(tree))


class Reader:
    """Reads a sentence as a person would: brackets first, "not" binds closest, one glue a level."""

    def __init__(self, text: str, words: Lexicon) -> None:
        self._text, self._at = text, 0
        self._open, self._close = ("（", "）") if words.is_chinese else ("(", ")")
        self._glue = {c.All: words.translate(" and "), c.Any: words.translate(" or ")}
        self._one = words.translate("exactly one of these holds: {listed}").partition("{")[0]
        self._semicolon = words.translate("; ")
        self._not = words.translate(NOT).partition("{")[0]
        known = [parse(leaf) for _code, _typed, leaf in LEAVES]
        both = [*known, *map(c.Not, known)]
        said = {say_condition(one, words): one for one in both}
        self._leaves = sorted(said.items(), key=lambda pair: -len(pair[0]))

    def read(self) -> c.Condition:
        found = self._expression()
        assert self._at == len(self._text), self._text[self._at :]
        return found

    def _take(self, text: str) -> bool:
        is_there = self._text.startswith(text, self._at)
        self._at += len(text) * is_there
        return is_there

    def _expression(self) -> c.Condition:
        if self._take(self._one):
            return c.ExactlyOne(tuple(self._several(self._joined, self._semicolon)))
        return self._joined()

    def _joined(self) -> c.Condition:
        first = self._unit()
        for kind, glue in self._glue.items():
            if self._take(glue):
                return kind((first, *self._several(self._unit, glue)))
        return first

    def _several(self, read: Json, glue: str) -> Iterator[c.Condition]:
        yield read()
        while self._take(glue):
            yield read()

    def _unit(self) -> c.Condition:
        for text, leaf in self._leaves:
            if self._take(text):
                return leaf
        if self._take(self._not):
            return c.Not(self._unit())
        assert self._take(self._open), self._text[self._at :]
        found = self._expression()
        assert self._take(self._close), self._text[self._at :]
        return found


@pytest.mark.parametrize("words", [EN, ZH])
@given(tree=deep)
def test_a_sentence_reads_as_it_is_computed(words: Lexicon, tree: Tree) -> None:
    condition = parse(tree)
    said = [Reader(text, words).read() for text in list_clauses(condition, words)]
    assert strip(c.All(tuple(said))) == strip(condition)


def test_brackets_without_a_clause_are_refused() -> None:
    inner = Part("2", bracket="any", within="1")
    parts = [Part("1", bracket="one"), inner, Part("3", {"member": True}, within="2")]
    posted = post([*parts, Part("4", {"first_order": True}, within="1")])
    assert all(one.form.is_valid() for one in read_clauses(posted, PLACE, is_edit=False))
    empty = read_clauses(post(parts[:2]), PLACE, is_edit=False)
    assert [one.form.errors.get("which") for one in empty] == [
        None,
        ["Put a clause into these brackets."],
    ]
    posted["remove"] = "2"
    assert [one.key for one in read_clauses(posted, PLACE, is_edit=True)] == ["1", "4"]


@pytest.mark.parametrize(
    ("pressed", "added"),
    [
        ({"add": "in:1", "code-1": "bracket"}, ("8", "1", "and", True)),
        ({"add": "in:7", "code-7": "member"}, None),
        ({"add": "or", "clause_code": "member"}, ("8", "", "or", False)),
    ],
)
def test_a_clause_is_added_where_that_was_pressed(
    pressed: dict[str, str], added: tuple[str, str, str, bool] | None
) -> None:
    posted = post([Part("1", bracket="any"), Part("7", {"member": True}, within="1")])
    for name, value in pressed.items():
        posted[name] = value
    new = [one for one in read_clauses(posted, PLACE, is_edit=True) if one.is_new]
    expected = [] if added is None else [added]
    assert [(one.key, one.within, one.joint, one.is_bracket) for one in new] == expected
