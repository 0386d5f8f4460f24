"""Groups that choose the best offer for each unit."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from promotions.engine.core.benefits.apply import Reduction, reduce_units
from promotions.engine.core.benefits.terms import BuyGet, GroupOf
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.limits import Counted, Entity, LimitValue, Room
from promotions.engine.core.stacking import steps as stacking_steps
from promotions.engine.core.stacking.rules import Group, GroupMode
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartValue,
    Evaluation,
    OfferValue,
    Scope,
    Stacking,
    Target,
)
from tests.factories.baskets import draw_set_offer
from tests.factories.promotions import (
    ALICE,
    BREAD,
    CHEESE,
    NOON,
    amount_off,
    make_cart,
    make_line,
    make_offer,
    percent_off,
)

WEEK = (Group("week", GroupMode.BEST_UNIT),)
CHEESES, BREADS = (Scope(category_ids=frozenset({one})) for one in (CHEESE, BREAD))
TWO_FOR_ONE = Benefit(BenefitKind.BUY_GET, Target.CART, percent=Decimal(100), terms=BuyGet(1, 1))


def _evaluate(cart: CartValue, *offers: OfferValue) -> Evaluation:
    return evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)


def test_an_item_keeps_its_offer_when_other_products_arrive() -> None:
    """20 % off bread lost to 10 % off a lot of cheese, while one offer won the whole cart."""
    bread = make_line("bread", category_ids=(BREAD,), unit_minor=300)
    offers = [
        make_offer(1, percent_off("20"), scope=BREADS, groups=WEEK),
        make_offer(2, percent_off("10"), groups=WEEK),
    ]
    assert _evaluate(make_cart(bread), *offers).totals == {"bread": 240}
    cart = make_cart(bread, make_line("cheese", quantity=9))
    found = _evaluate(cart, *offers)
    assert found.totals == {"bread": 240, "cheese": 8_100}
    assert [(one.offer_id, one.amount_minor) for one in found.applied] == [(1, 60), (2, 900)]
    whole = [replace(one, groups=(Group("week", GroupMode.BEST),)) for one in offers]
    assert _evaluate(cart, *whole).totals == {"bread": 270, "cheese": 8_100}


def test_the_group_an_offer_names_chooses_by_unit_too() -> None:
    named = {"stacking": Stacking.BEST_UNIT, "stacking_group": "weekly"}
    bread = make_line("bread", category_ids=(BREAD,), unit_minor=300)
    offers = [
        make_offer(1, percent_off("20"), scope=BREADS, **named),
        make_offer(2, percent_off("10"), **named),
    ]
    assert _evaluate(make_cart(bread, make_line()), *offers).totals == {"bread": 240, "cheese": 900}
    old = make_offer(3, percent_off("30"), stacking=Stacking.BEST, stacking_group="weekly")
    assert [o.offer_id for o in _evaluate(make_cart(bread), *offers, old).applied] == [3]


def test_a_unit_in_a_set_counts_for_no_other_offer() -> None:
    """Two of three cheeses make the set; the third gets the percentage."""
    offers = [
        make_offer(1, TWO_FOR_ONE, groups=WEEK),
        make_offer(2, percent_off("20"), groups=WEEK),
    ]
    found = _evaluate(make_cart(make_line(quantity=3)), *offers)
    assert [(o.offer_id, o.amount_minor, o.units) for o in found.applied] == [
        (1, 1_000, 2),
        (2, 200, 1),
    ]
    pair = replace(TWO_FOR_ONE, kind=BenefitKind.CHEAPEST_FREE, terms=GroupOf(3, 1))
    three = [make_offer(1, TWO_FOR_ONE, groups=WEEK), make_offer(2, pair, groups=WEEK)]
    assert _evaluate(make_cart(make_line(quantity=4)), *three).totals == {"cheese": 2_000}


def test_a_set_is_made_only_where_it_saves_more() -> None:
    offers = [
        make_offer(1, replace(TWO_FOR_ONE, percent=Decimal(30)), groups=WEEK),
        make_offer(2, percent_off("20"), groups=WEEK),
    ]
    assert _evaluate(make_cart(make_line(quantity=2)), *offers).totals == {"cheese": 1_600}


def test_choosing_ends_where_a_limit_cuts_the_best_offer() -> None:
    """The choice went round for ever: the limit cut an offer, and no offer meant the bread."""
    offers = [
        make_offer(1, percent_off("50"), scope=CHEESES, groups=WEEK, left_minor=300),
        make_offer(2, percent_off("10"), scope=CHEESES, groups=WEEK),
    ]
    cart = make_cart(make_line(), make_line("bread", category_ids=(BREAD,), unit_minor=300))
    assert _evaluate(cart, *offers).totals == {"cheese": 700, "bread": 300}


def test_an_order_discount_is_one_choice_against_all_others() -> None:
    offers = [
        make_offer(1, percent_off("20"), scope=BREADS, groups=WEEK),
        make_offer(2, percent_off("10"), scope=CHEESES, groups=WEEK),
        make_offer(3, amount_off(200), groups=WEEK),
    ]
    cart = make_cart(make_line(), make_line("bread", category_ids=(BREAD,), unit_minor=300))
    assert [one.offer_id for one in _evaluate(cart, *offers).applied] == [3]
    assert [one.offer_id for one in _evaluate(cart, *offers[:2]).applied] == [1, 2]


def test_a_search_reckons_the_same_sets_of_units_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three offers on sets are tried in every order, with every choice of the others beside."""
    counted = []

    def count(benefit: Benefit, *args: Any, **options: Any) -> Reduction:
        counted.append(benefit.terms is not None)
        return reduce_units(benefit, *args, **options)

    monkeypatch.setattr(stacking_steps, "reduce_units", count)
    rng = random.Random(3)
    limit = (Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=9),)
    plain = [make_offer(n, percent_off(str(n)), rooms=limit, groups=WEEK) for n in (1, 2, 3)]
    sets = [replace(draw_set_offer(rng, n), groups=WEEK) for n in (7, 8, 9)]
    lines = [
        make_line(f"l{i}", variant_id=i, category_ids=(i % 3 + 1,), brand_id=i % 3 + 1, quantity=4)
        for i in range(6)
    ]
    assert _evaluate(make_cart(*lines), *plain, *sets).applied
    assert sum(counted) <= 15  # of 63 combinations
