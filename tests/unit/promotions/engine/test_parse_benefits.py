"""Every kind of benefit from what staff save, or a refusal that names its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from promotions.engine.core.benefits.terms import (
    Bundle,
    BuyGet,
    Delivery,
    Gift,
    GroupOf,
    Part,
    Points,
    Step,
    Tiers,
)
from promotions.engine.core.carts import EVERYTHING, Scope
from promotions.engine.core.parsing.benefits import build_benefit, check_scope
from promotions.engine.core.parsing.terms import BadOffer
from promotions.engine.core.values import Benefit

CHEESE = {"scope": {"categories": [1]}}
WINE = {"scope": {"brands": [2]}, "quantity": 2}
OFF = {"percent": Decimal(50)}


def _build(kind: str, terms: Any = None, target: str = "cart", **fields: Any) -> Benefit:
    known = {"percent": None, "amount_minor": None, "cap_minor": None}
    return build_benefit(kind=kind, target=target, terms=terms, **(known | fields))


GOOD = [
    ("set_price", {}, "unit", {"amount_minor": 99}, None),
    ("set_price", {"size": 3, "max_sets": 2}, "cart", {"amount_minor": 500}, GroupOf(3, 0, 2)),
    ("buy_get", {"buy": 2, "get": 1}, "cart", OFF, BuyGet(2, 1)),
    (
        "buy_get",
        {"buy": 1, "get": 1, "get_scope": {"brands": [2]}},
        "cart",
        OFF,
        BuyGet(1, 1, Scope(brand_ids=frozenset({2}))),
    ),
    ("cheapest_free", {"size": 4, "free": 2}, "cart", OFF, GroupOf(4, 2)),
    (
        "bundle",
        {"parts": [CHEESE, WINE]},
        "cart",
        {"amount_minor": 1_500},
        Bundle(
            (Part(Scope(category_ids=frozenset({1}))), Part(Scope(brand_ids=frozenset({2})), 2))
        ),
    ),
    (
        "quantity_tiers",
        {"steps": [{"from": 3, "percent": 5}, {"from": 6, "percent": "12.5"}]},
        "line",
        {},
        Tiers((Step(3, Decimal(5)), Step(6, Decimal("12.5")))),
    ),
    (
        "spend_tiers",
        {"steps": [{"from": 4_000, "amount": 500}, {"from": 8_000, "amount": 1_200}]},
        "cart",
        {},
        Tiers((Step(4_000, amount_minor=500), Step(8_000, amount_minor=1_200))),
    ),
    ("gift", {"variants": [7, 3]}, "cart", {}, Gift((7, 3))),
    (
        "delivery",
        {"methods": ["standard"], "price": 0},
        "cart",
        {},
        Delivery(frozenset({"standard"}), 0),
    ),
    ("delivery", {}, "cart", {"percent": Decimal(100)}, Delivery()),
    ("points", {"points": 5, "per": 100}, "cart", {}, Points(5, 100)),
]


@pytest.mark.parametrize(("kind", "terms", "target", "fields", "expected"), GOOD)
def test_terms_of_every_kind_are_read(
    kind: str, terms: Any, target: str, fields: dict[str, Any], expected: Any
) -> None:
    assert _build(kind, terms, target, **fields).terms == expected


def _tiers(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"steps": list(steps)}


BAD = [
    ("percentage", {"size": 2}, "line", OFF, "terms"),
    ("set_price", {"size": 3}, "unit", {"amount_minor": 500}, "terms"),
    ("set_price", {}, "cart", {"amount_minor": 500}, "terms"),
    ("set_price", {"size": 1}, "cart", {"amount_minor": 500}, "terms.size"),
    ("set_price", {}, "line", {"amount_minor": 500}, "benefit"),
    ("buy_get", {"buy": 2}, "cart", OFF, "terms.get"),
    ("buy_get", {"buy": 2, "get": 1}, "line", OFF, "benefit"),
    ("buy_get", {"buy": 2, "get": 1}, "cart", {}, "benefit"),
    ("buy_get", {"buy": 2, "get": 1, "get_scope": {"x": 1}}, "cart", OFF, "terms.get_scope"),
    ("cheapest_free", {"size": 2, "free": 2}, "cart", OFF, "terms.free"),
    ("bundle", {"parts": [CHEESE]}, "cart", OFF, "terms.parts"),
    ("bundle", {"parts": [CHEESE, {"colour": 1}]}, "cart", OFF, "terms.parts[1]"),
    ("bundle", {"parts": [CHEESE, WINE]}, "cart", {**OFF, "amount_minor": 5}, "benefit"),
    ("quantity_tiers", _tiers(), "line", {}, "terms.steps"),
    ("quantity_tiers", _tiers({"from": 3}), "line", {}, "terms.steps[0]"),
    (
        "quantity_tiers",
        _tiers({"from": 3, "percent": 9}, {"from": 3, "percent": 10}),
        "line",
        {},
        "terms.steps[1].from",
    ),
    (
        "quantity_tiers",
        _tiers({"from": 3, "percent": 9}, {"from": 6, "percent": 5}),
        "line",
        {},
        "terms.steps[1]",
    ),
    (
        "quantity_tiers",
        _tiers({"from": 3, "percent": 9}, {"from": 6, "price": 500}),
        "line",
        {},
        "terms.steps[1]",
    ),
    (
        "quantity_tiers",
        _tiers({"from": 3, "price": 500}, {"from": 6, "price": 600}),
        "line",
        {},
        "terms.steps[1]",
    ),
    (
        "quantity_tiers",
        _tiers({"from": 3, "percent": "1.234"}),
        "line",
        {},
        "terms.steps[0].percent",
    ),
    ("spend_tiers", _tiers({"from": 500, "amount": 500}), "cart", {}, "terms.steps[0].amount"),
    ("spend_tiers", _tiers({"from": 500, "price": 5}), "cart", {}, "terms.steps[0]"),
    ("gift", {"variants": []}, "cart", {}, "terms.variants"),
    ("gift", {"variants": [1, 1]}, "cart", {}, "terms.variants"),
    ("gift", {"variants": [1]}, "cart", {"cap_line_minor": 5}, "benefit"),
    ("delivery", {}, "cart", {}, "terms.price"),
    ("delivery", {"price": 199}, "cart", OFF, "terms.price"),
    ("points", {"points": 0}, "cart", {}, "terms.points"),
    ("points", {"points": 10**10}, "cart", {}, "terms.points"),
    ("points", {"points": 5}, "cart", {"cap_minor": 5}, "benefit"),
    ("formula", {"formula": "value / 20"}, "cart", {}, "benefit"),
    ("fixed_amount", {}, "cart", {"amount_minor": 5, "cap_line_minor": 0}, "benefit"),
    ("percentage", {}, "line", {"percent": Decimal(5), "most_units": 0}, "benefit"),
    ("percentage", {}, "cart", {"percent": Decimal(5), "most_units": 3}, "benefit"),
    ("fixed_amount", {}, "line", {"amount_minor": 5, "most_units_line": 3}, "benefit"),
    ("buy_get", {"buy": 1, "get": 1}, "cart", {**OFF, "most_units": 3}, "benefit"),
    ("set_price", {"size": 3}, "cart", {"amount_minor": 5, "most_units": 3}, "benefit"),
    ("spend_tiers", {"steps": [{"from": 5, "amount": 1}]}, "cart", {"most_units": 3}, "benefit"),
    ("percentage", {}, "line", {**OFF, "cheapest_first": True}, "benefit"),
    ("percentage", {}, "line", {**OFF, "most_units_line": 1, "cheapest_first": True}, "benefit"),
]


@pytest.mark.parametrize(("kind", "terms", "target", "fields", "place"), BAD)
def test_an_uncomputable_benefit_is_refused_with_its_place(
    kind: str, terms: Any, target: str, fields: dict[str, Any], place: str
) -> None:
    with pytest.raises(BadOffer) as refusal:
        _build(kind, terms, target, **fields)
    assert refusal.value.detail["place"] == place


def test_a_benefit_with_goods_of_its_own_refuses_a_scope() -> None:
    cheese = Scope(category_ids=frozenset({1}))
    bundle = _build("bundle", {"parts": [CHEESE, WINE]}, **OFF)
    check_scope(bundle, EVERYTHING)
    with pytest.raises(BadOffer, match="does not look at the offer's scope"):
        check_scope(bundle, cheese)
    same = _build("buy_get", {"buy": 1, "get": 1, "get_scope": {"categories": [1]}}, **OFF)
    check_scope(same, EVERYTHING)
    with pytest.raises(BadOffer, match="same products"):
        check_scope(same, cheese)
    anything = _build("buy_get", {"buy": 1, "get": 1, "get_scope": {}}, **OFF)
    with pytest.raises(BadOffer, match="nothing would count"):
        check_scope(anything, cheese)
