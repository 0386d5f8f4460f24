"""From the JSON staff save to conditions; what cannot be computed is refused with its place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions.tree import (
    ALWAYS,
    All,
    Any,
    CartHas,
    CodeEntered,
    Condition,
    FirstOrder,
    HasTag,
    Member,
    Not,
    needed_facts,
)
from promotions.engine.core.evaluate import normalize_code
from promotions.engine.core.parsing.benefits import build_benefit
from promotions.engine.core.parsing.conditions import parse_condition
from promotions.engine.core.parsing.terms import BadOffer, parse_scope
from tests.factories.promotions import make_line

TREES = [
    ({}, ALWAYS),
    ({"cart_value": 4000}, CartHas(min_value_minor=4_000)),
    ({"cart_quantity": 3}, CartHas(min_quantity=3, reason_code="cart_quantity_below")),
    (
        {"categories": [3, 4], "quantity": 2},
        CartHas(Scope(category_ids=frozenset({3, 4})), 2, 0, "category_missing"),
    ),
    (
        {"any": [{"first_order": True}, {"not": {"tags": ["staff"]}}]},
        Any((FirstOrder(), Not(HasTag(frozenset({"staff"}))))),
    ),
    (
        {"all": [{"member": True}, {"codes": [" save 5"]}]},
        All((Member(), CodeEntered(frozenset({"SAVE5"})))),
    ),
    ({"first_order": False}, Not(FirstOrder())),
]

TOO_DEEP = {"not": {"not": {"not": {"not": {"not": {"not": {"member": True}}}}}}}
BAD_TREES = [
    (["x"], "condition"),
    ({"nonsense": 1}, "condition"),
    ({"cart_value": "40"}, "condition.cart_value"),
    ({"cart_value": True}, "condition.cart_value"),
    ({"cart_value": 0}, "condition.cart_value"),
    ({"cart_value": 1, "cart_quantity": 1}, "condition"),
    ({"all": []}, "condition.all"),
    ({"all": [{}], "any": [{}]}, "condition"),
    ({"any": [{"tags": []}]}, "condition.any[0].tags"),
    ({"not": {}}, "condition.not"),
    ({"products": [1], "colour": 2}, "condition"),
    (TOO_DEEP, "condition" + ".not" * 6),
]


@pytest.mark.parametrize(("tree", "expected"), TREES)
def test_a_tree_becomes_this_condition(tree: dict[str, object], expected: Condition) -> None:
    assert parse_condition(tree) == expected


@pytest.mark.parametrize(("tree", "place"), BAD_TREES)
def test_a_bad_tree_is_refused_where_it_is_bad(tree: object, place: str) -> None:
    with pytest.raises(BadOffer) as refusal:
        parse_condition(tree)
    assert refusal.value.detail["place"] == place


def test_a_scope_lists_ids_by_kind() -> None:
    scope = parse_scope({"categories": [3], "except_brands": [9]})
    assert scope == Scope(category_ids=frozenset({3}), except_brand_ids=frozenset({9}))


def test_a_list_that_is_still_empty_covers_nothing() -> None:
    assert parse_scope({"listed": True}) == Scope(variant_ids=frozenset())
    assert not parse_scope({"listed": True}).covers(make_line())


def test_variants_and_categories_do_not_mix_in_a_scope() -> None:
    with pytest.raises(BadOffer):
        parse_scope({"variants": [1], "categories": [3]})


BAD_BENEFITS = [
    ("percentage", "line", None, None, None),
    ("percentage", "line", Decimal(101), None, None),
    ("percentage", "line", Decimal(10), 500, None),
    ("percentage", "unit", Decimal(10), None, None),
    ("fixed_amount", "cart", None, 0, None),
    ("fixed_amount", "cart", Decimal(5), 500, None),
    ("fixed_amount", "cart", None, 500, 0),
]


@pytest.mark.parametrize(("kind", "target", "percent", "amount", "cap"), BAD_BENEFITS)
def test_a_benefit_that_cannot_be_explained_is_refused(
    kind: str, target: str, percent: Decimal | None, amount: int | None, cap: int | None
) -> None:
    with pytest.raises(BadOffer):
        build_benefit(kind=kind, target=target, percent=percent, amount_minor=amount, cap_minor=cap)


def test_only_the_facts_a_tree_looks_at_are_needed() -> None:
    tree = {"all": [{"segments": ["vip"]}, {"any": [{"first_order": True}, {"cart_value": 1}]}]}
    assert needed_facts(parse_condition(tree)) == {"segment", "first_order"}


def test_codes_are_read_as_people_type_them() -> None:
    assert {normalize_code(text) for text in ("welcome5", " WELCOME 5 ", "ｗｅｌｃｏｍｅ５")} == {
        "WELCOME5"
    }
