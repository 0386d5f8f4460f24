"""A cart that a price floor cut says which offer, and at which product."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from promotions.engine.core.benefits.terms import BuyGet
from promotions.engine.core.carts import CartLineValue, CartValue, ShopperFacts
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import Benefit, BenefitKind, Evaluation, OfferValue, Target
from tests.factories.promotions import NOON, make_offer

FREE = Benefit(BenefitKind.BUY_GET, Target.CART, percent=Decimal(100), terms=BuyGet(1, 1))
TWENTY_OFF = Benefit(BenefitKind.FIXED_AMOUNT, Target.UNIT, amount_minor=20)
CART_OFF = Benefit(BenefitKind.FIXED_AMOUNT, Target.CART, amount_minor=100)


def evaluate(offer: OfferValue, *floors: int) -> Evaluation:
    """Ask for two pieces at 2.19 a line, each line with its own floor of a piece."""
    lines = tuple(
        CartLineValue(f"l{at}", at, at, (), 0, quantity=2, unit_minor=219, floor_minor=floor)
        for at, floor in enumerate(floors, start=1)
    )
    cart = CartValue(lines, "USD", "us", "online")
    return evaluate_offers(cart=cart, offers=[offer], coupons=[], shopper=ShopperFacts(), now=NOON)


@pytest.mark.parametrize(
    ("benefit", "floor", "off", "is_said"),
    [
        (FREE, 138, 162, True),
        (FREE, 109, 219, False),
        (TWENTY_OFF, 200, 38, True),
        (TWENTY_OFF, 199, 40, False),
        (TWENTY_OFF, 219, 0, True),
        (Benefit(BenefitKind.PERCENTAGE, percent=Decimal(100)), 1, 436, True),
        (replace(FREE, ignores_floor=True), 138, 219, False),
    ],
)
def test_what_a_floor_kept_an_offer_from_giving_is_said(
    benefit: Benefit, floor: int, off: int, *, is_said: bool
) -> None:
    found = evaluate(make_offer(benefit=benefit), floor)
    assert found.discount_minor == off
    assert [(one.offer_id, one.line_id) for one in found.floored] == [(1, "l1")] * is_said


def test_what_other_lines_give_instead_is_no_loss() -> None:
    found = evaluate(make_offer(benefit=CART_OFF), 219, 0)
    assert (found.discount_minor, found.floored) == (100, ())
    short = evaluate(make_offer(benefit=CART_OFF), 219, 200)
    assert short.discount_minor == 38
    assert {one.line_id for one in short.floored} == {"l1", "l2"}
