"""Sets where floors keep some units from saving what the offer promises."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from promotions.engine.core.benefits.apply import reduce_units
from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.benefits.terms import BuyGet, GroupOf, pools_of
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartLineValue,
    CartValue,
    OfferValue,
    Scope,
    Target,
)
from tests.factories.basket_units import list_units, try_all_units
from tests.factories.baskets import draw_set_offer
from tests.factories.promotions import ALICE, BREAD, CHEESE, NOON, make_cart, make_line, make_offer

SET_OFFERS = 20_000


def _set_price(size: int, price: int) -> Benefit:
    return Benefit(BenefitKind.SET_PRICE, Target.CART, amount_minor=price, terms=GroupOf(size))


def _totals(cart: CartValue, *offers: OfferValue) -> dict[str, int]:
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    return dict(found.totals)


def test_a_set_lowers_only_the_units_it_is_made_of() -> None:
    """Four for 21.90: one of ten units of wine is in the set, and only its room counts."""
    cart = make_cart(
        make_line("beer", variant_id=1, quantity=3, unit_minor=1_000, floor_minor=900),
        make_line("wine", variant_id=2, quantity=10, unit_minor=1_200, floor_minor=960),
    )
    most_one = replace(_set_price(4, 2_190), terms=GroupOf(4, max_sets=1))
    assert _totals(cart, make_offer(1, most_one)) == {"beer": 3_000, "wine": 12_000 - 4 * 240}
    alone = make_cart(
        make_line("beer", variant_id=1, quantity=3, unit_minor=1_500, floor_minor=1_500),
        make_line("wine", variant_id=2, quantity=1, unit_minor=1_600, floor_minor=900),
    )
    assert _totals(alone, make_offer(1, _set_price(4, 2_190))) == {"beer": 4_500, "wine": 900}


@pytest.mark.parametrize("bought", [1, 9])
def test_more_units_of_what_is_bought_give_no_more_off(bought: int) -> None:
    """Buy 1 A, get 1 B at half: 5.00, of which the floors of one A and one B leave 2.00."""
    half = Benefit(
        BenefitKind.BUY_GET,
        Target.CART,
        percent=Decimal(50),
        terms=BuyGet(1, 1, Scope(category_ids=frozenset({BREAD}))),
    )
    cart = make_cart(
        make_line("a", variant_id=1, quantity=bought, unit_minor=1_000, floor_minor=900),
        make_line(
            "b", variant_id=2, category_ids=(BREAD,), quantity=1, unit_minor=1_000, floor_minor=900
        ),
    )
    totals = _totals(cart, make_offer(1, half, scope=Scope(category_ids=frozenset({CHEESE}))))
    assert sum(totals.values()) == (bought + 1) * 1_000 - 200


def test_a_dear_unit_at_its_floor_pushes_none_out() -> None:
    """Two A at 15.00 for 24.00; a third at 14.00, its floor, is paid beside them."""
    pair = make_offer(1, _set_price(2, 2_400))
    two = make_line("b", variant_id=2, quantity=2, unit_minor=1_500, floor_minor=1_000)
    third = make_line("a", variant_id=1, quantity=1, unit_minor=1_600, floor_minor=1_600)
    assert sum(_totals(make_cart(two), pair).values()) == 2_400
    assert _totals(make_cart(third, two), pair) == {"a": 1_600, "b": 2_400}


def _draw(rng: random.Random) -> tuple[list[CartLineValue], OfferValue]:
    lines = []
    for i in range(rng.randint(1, 4)):
        unit = rng.randint(50, 2_000)
        lines.append(
            make_line(
                f"line-{i}",
                variant_id=i,
                category_ids=(rng.randint(1, 3),),
                brand_id=rng.randint(1, 3),
                quantity=rng.randint(1, 3),
                unit_minor=unit,
                floor_minor=unit * rng.randint(55, 100) // 100,
            )
        )
    return lines, draw_set_offer(rng, 1)


def _saving(offer: OfferValue, lines: list[CartLineValue]) -> int:
    open_ = [
        OpenLine(line.line_id, line.quantity, line.value_minor, line.floor_minor * line.quantity)
        for line in lines
        if offer.covers(line)
    ]
    covered = [line for line in lines if offer.covers(line)]
    pools = [sorted(pool) for pool in pools_of(offer.benefit.terms, offer.scope, covered)]
    return sum(reduce_units(offer.benefit, open_, pools).parts) if covered else 0


def test_one_more_unit_never_costs_more_than_its_price() -> None:
    """Nor does it matter on how many lines units stand, or in which order."""
    breaches = []
    for seed in range(SET_OFFERS):
        rng = random.Random(seed)
        lines, offer = _draw(rng)
        saving = _saving(offer, lines)
        at = rng.randrange(len(lines))
        more = replace(lines[at], quantity=lines[at].quantity + 1)
        if _saving(offer, [*lines[:at], more, *lines[at + 1 :]]) < saving:
            breaches.append((seed, "one more"))
        one = replace(lines[at], quantity=1)
        rest = replace(lines[at], line_id="split", quantity=lines[at].quantity - 1)
        split = [*lines[:at], one, *lines[at + 1 :]] + [rest] * (rest.quantity > 0)
        rng.shuffle(split)
        if _saving(offer, split) != saving:
            breaches.append((seed, "split"))
    assert breaches == []


def test_no_choice_of_units_saves_more() -> None:
    for seed in range(600):
        lines, offer = _draw(random.Random(seed))
        covered = [line for line in lines if offer.covers(line)]
        left = {line.line_id: line.value_minor for line in covered}
        units = list_units(offer, covered, left, None)
        best = try_all_units(offer, units) if units else 0
        assert (seed, _saving(offer, lines)) == (seed, best)


def test_earlier_offers_lower_what_a_sets_units_are_worth() -> None:
    """A tenth off each unit first: the set then takes what is left above the floors of its two."""
    cart = make_cart(
        make_line("a", variant_id=1, quantity=5, unit_minor=1_000, floor_minor=850),
        make_line("b", variant_id=2, quantity=1, unit_minor=1_000, floor_minor=500),
    )
    bundle = Benefit(
        BenefitKind.CHEAPEST_FREE,
        Target.CART,
        percent=Decimal(100),
        terms=GroupOf(2, 1, max_sets=1),
    )
    tenth = make_offer(1)
    totals = _totals(cart, tenth, make_offer(2, bundle))
    assert totals == {"a": 4_500 - 50, "b": 900 - 400}
