"""Every condition and benefit is said in words, English and Chinese, with every number it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any as Json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions import tree as c
from promotions.engine.core.parsing.benefits import build_benefit
from promotions.engine.core.parsing.conditions import LEAVES, parse_condition
from promotions.engine.core.parsing.terms import parse_scope
from promotions.engine.core.values import BenefitKind, Stacking
from promotions.sentences.core.benefits import say_benefit
from promotions.sentences.core.conditions import list_clauses, say_condition
from promotions.sentences.core.sentences import say_offer
from promotions.sentences.core.words import say_number
from tests.factories.offer_sentences import BENEFITS, CONDITIONS, EN, ZH
from tests.factories.promotions import make_offer


def build(kind: str, fields: Mapping[str, Json]) -> Json:
    """Return a benefit with what its row would hold."""
    known = {"target": "line", "percent": None, "amount_minor": None, "cap_minor": None}
    fields = {**known, **fields}
    share = fields["percent"]
    fields["percent"] = None if share is None else Decimal(share)
    return build_benefit(kind=kind, **fields)


@pytest.mark.parametrize(("tree", "english", "chinese"), CONDITIONS)
def test_a_condition_is_said(tree: dict[str, Json], english: str, chinese: str) -> None:
    condition = parse_condition(tree)
    assert (say_condition(condition, EN), say_condition(condition, ZH)) == (english, chinese)


def test_every_word_staff_may_write_is_among_them() -> None:
    said = {word for tree, _english, _chinese in CONDITIONS for word in tree}
    selectors = {"products", "variants", "categories", "brands", "quantity", "value"}
    assert said >= {*LEAVES, *(selectors - {"quantity", "value"}), "any", "one", "not"}
    leaves = {type(parse_condition(tree)) for tree, _english, _chinese in CONDITIONS}
    assert leaves >= set(get_args(c.Leaf))


@pytest.mark.parametrize(("kind", "fields", "scope", "english", "chinese"), BENEFITS)
def test_a_benefit_is_said(
    kind: str, fields: dict[str, Json], scope: dict[str, Json], english: str, chinese: str
) -> None:
    benefit, products = build(kind, fields), parse_scope(scope)
    said = say_benefit(benefit, products, EN), say_benefit(benefit, products, ZH)
    assert said == (english, chinese)


def test_every_kind_of_benefit_is_among_them() -> None:
    assert {kind for kind, *_rest in BENEFITS} == set(BenefitKind)


def test_a_whole_offer_is_one_sentence_and_how_it_combines() -> None:
    offer = make_offer(
        scope=Scope(category_ids=frozenset({1})),
        condition=parse_condition({"all": [{"cart_value": 4000}, {"member": True}]}),
        audience="members",
        market_code="us",
        requires_coupon=True,
    )
    assert say_offer(offer, EN, time_zone="America/New_York", budget_minor=50_000) == (
        "Take 10 % off Cheese for account holders from 2026-11-24 07:00 to 2026-11-26 07:00 (us), "
        "with a code, and only if the cart is worth at least $40.00, and only if the shopper has "
        "an account, at most $500.00 in all. It combines with other offers."
    )
    assert say_offer(offer, ZH, budget_minor=50_000, limits=("共 100 件",)) == (
        "2026-11-24 12:00 至 2026-11-26 12:00，面向注册用户（us），凭优惠码：Cheese减 10%"
        "，且仅当购物车满 US$40.00，且仅当顾客已注册账户，共 100 件，总额不超过 US$500.00。"
        "可与其他优惠叠加。"
    )
    alone = replace(offer, stacking=Stacking.EXCLUSIVE)
    assert say_offer(alone, EN).endswith(". It never combines with another offer.")
    best = replace(offer, stacking=Stacking.BEST, stacking_group="week")
    assert say_offer(best, EN).endswith(". Only the best offer of the group week applies.")


COUNTS, AMOUNTS, IDS = st.integers(2, 900), st.integers(1, 99_999), st.integers(100, 999)
WORDS = st.sampled_from(("loyal", "baker", "gold"))


def bounded(names: tuple[str, str], values: st.SearchStrategy[int], days: bool = True) -> Json:
    """Draw bounds of which at least one is there, the lower one first."""

    def order(least: int | None, most: int | None, window: int) -> dict[str, int]:
        if least is not None and most is not None:
            least, most = sorted((least, most))
        found = {names[0]: least, names[1]: most}
        kept = {name: bound for name, bound in found.items() if bound is not None}
        kept = kept or {names[0]: window}
        return {**kept, "days": window} if days else kept

    return st.builds(order, st.none() | values, st.none() | values, COUNTS)


LEAF_TREES = st.one_of(
    AMOUNTS.map(lambda minor: {"cart_value": minor}),
    COUNTS.map(lambda count: {"cart_quantity": count}),
    COUNTS.map(lambda count: {"different_products": count}),
    st.builds(
        lambda word, keys, count, minor: {word: keys, "quantity": count, "value": minor},
        st.sampled_from(("products", "variants", "categories", "brands")),
        st.lists(IDS, min_size=1, max_size=3, unique=True),
        COUNTS,
        AMOUNTS,
    ),
    st.builds(lambda word, name: {word: [name]}, st.sampled_from(("segments", "tags")), WORDS),
    bounded(("at_least_days", "at_most_days"), COUNTS, days=False).map(lambda b: {"last_order": b}),
    bounded(("at_least", "at_most"), COUNTS).map(lambda b: {"orders": b}),
    bounded(("at_least", "at_most"), AMOUNTS).map(lambda b: {"spent": b}),
    st.just({"first_order": False}),
)
TREES = st.recursive(
    LEAF_TREES,
    lambda parts: st.one_of(
        parts.map(lambda part: {"not": part}),
        st.builds(
            lambda word, several: {word: several},
            st.sampled_from(("all", "any")),
            st.lists(parts, min_size=1, max_size=3),
        ),
    ),
    max_leaves=5,
)


def numbers_of(tree: Json, word: str = "", inside: str = "") -> set[str]:
    """Return how every number of a tree must stand in its sentence."""
    if isinstance(tree, bool | str):
        return set()
    if isinstance(tree, int):
        is_money = word in ("cart_value", "value") or (inside == "spent" and word != "days")
        is_id = word in ("products", "variants", "categories", "brands")
        return {EN.money(tree) if is_money else f"#{tree}" if is_id else str(tree)}
    if isinstance(tree, list):
        return {text for part in tree for text in numbers_of(part, word, inside)}
    return {text for key, part in tree.items() for text in numbers_of(part, key, word)}


def depth_of(tree: Json) -> int:
    if isinstance(tree, dict):
        return max(
            (int(key in ("all", "any", "not")) + depth_of(part) for key, part in tree.items()),
            default=0,
        )
    return max((depth_of(part) for part in tree), default=0) if isinstance(tree, list) else 0


@given(TREES.filter(lambda tree: depth_of(tree) <= 5))
def test_the_sentence_of_a_tree_names_every_number(tree: dict[str, Json]) -> None:
    said = " ".join(list_clauses(parse_condition(tree), replace(EN, names={})))
    assert [text for text in numbers_of(tree) if text not in said] == []
    chinese = " ".join(list_clauses(parse_condition(tree), replace(ZH, names={})))
    assert [t for t in numbers_of(tree) if t.replace("$", "US$") not in chinese] == []


@given(st.decimals(min_value="0.01", max_value="99.99", places=2), AMOUNTS, IDS)
def test_the_sentence_of_a_benefit_names_every_number(
    share: Decimal, cap: int, category: int
) -> None:
    benefit = build("percentage", {"percent": str(share), "cap_minor": cap})
    said = say_benefit(benefit, Scope(category_ids=frozenset({category})), EN)
    assert say_number(share) in said
    assert EN.money(cap) in said
    assert f"#{category}" in said
