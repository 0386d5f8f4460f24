"""A condition on how many different products are in the cart: judged, said, hinted, refused."""

from __future__ import annotations

import dataclasses

import pytest

from promotions.engine.core.conditions.tree import DifferentProducts, list_scopes
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.parsing.conditions import parse_condition
from promotions.engine.core.parsing.terms import BadOffer
from promotions.engine.core.values import CartLineValue, Evaluation, Scope
from tests.factories.promotions import (
    ALICE,
    NOON,
    amount_off,
    make_cart,
    make_line,
    make_offer,
)

CHEESE, BREAD = 3, 4


def _line(product: int, category: int = CHEESE, quantity: int = 1, size: int = 0) -> CartLineValue:
    line = make_line(category_ids=(category,), quantity=quantity, unit_minor=1_000)
    key = 10 * product + size
    return dataclasses.replace(line, line_id=str(key), variant_id=key, product_id=product)


def _tell(tree: object, *lines: CartLineValue, language: str = "en") -> Evaluation:
    offer = make_offer(1, amount_off(300), condition=parse_condition(tree))
    return evaluate_offers(
        cart=make_cart(*lines),
        offers=[offer],
        coupons=[],
        shopper=ALICE,
        now=NOON,
        language=language,
    )


THREE = {"different_products": 3}
TWO_CHEESES = {"different_products": {"at_least": 2, "scope": {"categories": [CHEESE]}}}


def test_it_counts_products_and_neither_pieces_nor_sizes() -> None:
    assert _tell(THREE, _line(1), _line(2), _line(3)).applied
    assert not _tell(THREE, _line(1, quantity=9), _line(2)).applied
    assert not _tell(THREE, _line(1), _line(1, size=1), _line(2)).applied
    assert _tell({"not": THREE}, _line(1), _line(2)).applied


def test_it_counts_among_the_goods_it_names() -> None:
    assert _tell(TWO_CHEESES, _line(1), _line(2)).applied
    assert not _tell(TWO_CHEESES, _line(1), _line(2, BREAD)).applied
    scope = Scope(category_ids=frozenset({CHEESE}))
    condition = parse_condition(TWO_CHEESES)
    assert condition == DifferentProducts(2, scope)
    assert list_scopes(condition) == {scope}


def test_the_hint_says_how_many_products_are_missing() -> None:
    (hint,) = _tell(THREE, _line(1), _line(2, quantity=5)).hints
    assert (hint.reason_code, hint.missing_quantity) == ("products_below", 1)
    assert hint.message == "Different products still missing for “Offer 1”: 1."
    (chinese,) = _tell(THREE, _line(1), _line(2), language="zh-hans").hints
    assert chinese.message == "还差 1 种不同的商品即可享受“优惠 1”。"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1, ""),
        ("3", ""),
        ({"at_least": 1}, ".at_least"),
        ({"scope": {}}, ".at_least"),
        ({"at_least": 2, "scope": {"listed": True}}, ".scope"),
        ({"at_least": 2, "most": 3}, ""),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(value: object, place: str) -> None:
    with pytest.raises(BadOffer) as refusal:
        parse_condition({"different_products": value})
    assert refusal.value.detail["place"] == f"condition.different_products{place}"
