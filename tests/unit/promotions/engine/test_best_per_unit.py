"""Groups that choose the best offer for each unit."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from promotions.engine.core.benefits.apply import Reduction, reduce_units
from promotions.engine.core.benefits.open_lines import OpenLine, keep_units
from promotions.engine.core.benefits.terms import BuyGet, GroupOf, pools_of
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


def _try_all(cart: CartValue, offers: list[OfferValue]) -> int:
    """Return the most any way of giving each line's units to offers takes off."""
    ways = [
        [
            split
            for split in product(range(line.quantity + 1), repeat=len(offers))
            if sum(split) <= line.quantity
        ]
        for line in cart.lines
    ]
    return max(
        sum(_take(cart, offer, [split[n] for split in way]) for n, offer in enumerate(offers))
        for way in product(*ways)
    )


def _take(cart: CartValue, offer: OfferValue, units: list[int]) -> int:
    """Return what the offer takes off so many units of each line."""
    mine = [
        (line, keep_units(_open(line), count))
        for line, count in zip(cart.lines, units, strict=True)
        if count and offer.covers(line)
    ]
    pools = pools_of(offer.benefit.terms, offer.scope, [line for line, _ in mine])
    if not mine:
        return 0
    found = reduce_units(offer.benefit, [part for _, part in mine], [sorted(p) for p in pools])
    return sum(found.parts)


def _open(line: object) -> OpenLine:
    name, count, unit, floor = (
        getattr(line, field) for field in ("line_id", "quantity", "unit_minor", "floor_minor")
    )
    return OpenLine(name, count, unit * count, floor * count, unit * count)


def _draw(rng: random.Random) -> tuple[CartValue, list[OfferValue]]:
    lines = []
    for i in range(rng.randint(1, 3)):
        unit = rng.randint(1, 20) * 100
        floor = unit * rng.choice((0, 0, 60, 90)) // 100
        lines.append(
            make_line(
                f"line-{i}",
                variant_id=i,
                category_ids=(rng.randint(1, 2),),
                brand_id=rng.randint(1, 2),
                quantity=rng.randint(1, 3),
                unit_minor=unit,
                floor_minor=floor,
            )
        )
    plain = [
        make_offer(n, percent_off(str(rng.randint(1, 60))), scope=rng.choice((CHEESES, Scope())))
        for n in range(1, rng.randint(2, 3))
    ]
    return make_cart(*lines), [*plain, draw_set_offer(rng, 9)]


def test_no_way_of_giving_units_to_offers_saves_more() -> None:
    """Exact with one offer on sets, for any number of others."""
    for seed in range(150):
        cart, offers = _draw(random.Random(seed))
        grouped = [replace(offer, groups=WEEK) for offer in offers]
        found = _evaluate(cart, *grouped)
        assert (seed, found.discount_minor) == (seed, _try_all(cart, offers))
        shuffled = random.Random(seed).sample(grouped, len(grouped))
        assert _evaluate(cart, *shuffled) == found


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
    assert sum(counted) <= 11  # 44 without
