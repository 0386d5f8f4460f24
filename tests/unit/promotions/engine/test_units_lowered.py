"""Offers that lower only so many units of each product, or of an order."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from promotions.engine.core.benefits.apply import reduce_units
from promotions.engine.core.benefits.lines import OpenLine, keep_units
from promotions.engine.core.benefits.terms import BuyGet, Step, Tiers
from promotions.engine.core.conditions.tree import CartHas
from promotions.engine.core.evaluate import EvaluationInput, evaluate_offers
from promotions.engine.core.limits import Counted, Entity, LimitValue, Room
from promotions.engine.core.stacking.rules import Group, GroupMode
from promotions.engine.core.unit_preview import Memory, UnitPrices
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartLineValue,
    CartValue,
    Evaluation,
    OfferValue,
    Target,
)
from tests.factories.baskets import draw_set_offer
from tests.factories.promotions import ALICE, NOON, make_cart, make_line, make_offer, percent_off

WEEK = (Group("week", GroupMode.BEST_UNIT),)
CHEESE, WINE = make_line("cheese", quantity=5), make_line("wine", quantity=2, unit_minor=2_000)
FIFTH = percent_off("20")


def evaluate(cart: CartValue, *offers: OfferValue, language: str = "en") -> Evaluation:
    return evaluate_offers(
        cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON, language=language
    )


@pytest.mark.parametrize(
    ("bounds", "totals", "units"),
    [
        ({"most_units_line": 3}, {"cheese": 4_400, "wine": 3_200}, 5),
        ({"most_units": 3}, {"cheese": 4_800, "wine": 3_200}, 3),
        ({"most_units": 1}, {"cheese": 5_000, "wine": 3_600}, 1),
        ({"most_units_line": 1, "most_units": 5}, {"cheese": 4_800, "wine": 3_600}, 2),
    ],
)
def test_only_the_units_that_save_most_are_lowered(
    bounds: dict[str, int], totals: dict[str, int], units: int
) -> None:
    found = evaluate(make_cart(CHEESE, WINE), make_offer(1, replace(FIFTH, **bounds)))
    assert found.totals == totals
    assert [one.units for one in found.applied] == [units]


def test_a_cap_of_money_comes_after_the_choice_of_units() -> None:
    three = replace(FIFTH, most_units=3, cap_minor=500)
    assert evaluate(make_cart(CHEESE), make_offer(1, three)).totals == {"cheese": 4_500}
    # 3.00 a line: two units of wine would save 8.00, but one reaches the cap, so cheese has two
    line = replace(FIFTH, most_units=3, cap_line_minor=300)
    found = evaluate(make_cart(CHEESE, WINE), make_offer(1, line))
    assert found.totals == {"cheese": 4_700, "wine": 3_700}


def test_steps_count_all_units_and_lower_only_some() -> None:
    tiers = Tiers((Step(2, percent=Decimal(10)), Step(5, percent=Decimal(20))))
    benefit = Benefit(BenefitKind.QUANTITY_TIERS, Target.LINE, terms=tiers, most_units_line=3)
    assert evaluate(make_cart(CHEESE), make_offer(1, benefit)).totals == {"cheese": 4_400}


@pytest.mark.parametrize(
    ("bounds", "reason", "english", "chinese"),
    [
        (
            {"most_units_line": 3},
            "units_of_each",
            "Offer 1: At most 3 of each product.",
            "优惠 1：每种商品最多 3 件享受此优惠。",
        ),
        (
            {"most_units": 4},
            "units_an_order",
            "Offer 1: At most 4 in one order.",
            "优惠 1：每单最多 4 件享受此优惠。",
        ),
    ],
)
def test_the_cart_says_that_more_units_are_not_lowered(
    bounds: dict[str, int], reason: str, english: str, chinese: str
) -> None:
    offer = make_offer(1, replace(FIFTH, **bounds))
    for language, text in (("en", english), ("zh-hans", chinese)):
        (one,) = evaluate(make_cart(CHEESE), offer, language=language).partly_given
        assert (one.reason_code, one.message) == (reason, text)
    assert evaluate(make_cart(replace(CHEESE, quantity=3)), offer).partly_given == ()


def test_what_limits_leave_counts_too() -> None:
    two = (Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=2),)
    offer = make_offer(1, replace(FIFTH, most_units=4), rooms=two)
    found = evaluate(make_cart(CHEESE), offer)
    assert found.totals == {"cheese": 4_600}
    assert found.partly_given[0].message == "Offer 1: Only 2 left at this price."


def test_further_units_get_the_next_best_offer() -> None:
    half = make_offer(1, replace(percent_off("50"), most_units_line=2), groups=WEEK)
    tenth = make_offer(2, percent_off("10"), groups=WEEK)
    found = evaluate(make_cart(CHEESE), half, tenth)
    assert [(one.offer_id, one.amount_minor, one.units) for one in found.applied] == [
        (1, 1_000, 2),
        (2, 300, 3),
    ]


@pytest.mark.parametrize("is_limit", [False, True])
def test_an_offer_on_other_lines_takes_this_lines_rest(
    is_limit: bool,
) -> None:
    """The units beyond a limit got nothing, once the next best offer had lowered another line."""
    one = (Room(LimitValue(1, Entity.GLOBAL, counted=Counted.UNITS), left_uses=1),)
    half = replace(percent_off("50"), most_units=None if is_limit else 1)
    only = replace(make_offer().scope, variant_ids=frozenset({CHEESE.variant_id}))
    offers = [
        make_offer(1, half, scope=only, groups=WEEK, rooms=one if is_limit else ()),
        make_offer(2, percent_off("10"), groups=WEEK),
    ]
    assert evaluate(make_cart(CHEESE, WINE), *offers).totals == {"cheese": 4_100, "wine": 3_600}


def test_the_units_chosen_are_those_without_a_better_offer() -> None:
    """One unit at half: cheese, since wine has an offer nearly as good."""
    half = make_offer(1, replace(percent_off("50"), most_units=1), groups=WEEK)
    cheap = replace(make_offer().scope, variant_ids=frozenset({WINE.variant_id}))
    wine = make_offer(2, percent_off("45"), scope=cheap, groups=WEEK)
    cart = make_cart(replace(CHEESE, quantity=1), replace(WINE, quantity=1))
    assert evaluate(cart, half, wine).totals == {"cheese": 500, "wine": 1_100}


def test_a_set_takes_units_a_bounded_offer_cannot_lower() -> None:
    """Half off one unit does not outweigh three for two on all of them."""
    three = Benefit(BenefitKind.BUY_GET, Target.CART, percent=Decimal(100), terms=BuyGet(2, 1))
    half = make_offer(1, replace(percent_off("50"), most_units=1), groups=WEEK)
    sets = make_offer(2, three, groups=WEEK)
    found = evaluate(make_cart(replace(CHEESE, quantity=4)), half, sets)
    assert [(one.offer_id, one.amount_minor) for one in found.applied] == [(1, 500), (2, 1_000)]


def test_a_card_shows_the_full_price_beyond_the_most_units() -> None:
    offer = make_offer(1, replace(FIFTH, most_units_line=3))
    for quantity, price, ids in ((1, 800, (1,)), (2, 800, (1,)), (3, 1_000, ()), (4, 1_000, ())):
        asked = EvaluationInput(make_cart(replace(CHEESE, quantity=quantity)), (offer,), (), ALICE)
        told = UnitPrices(asked, NOON, Memory()).price(replace(CHEESE, quantity=1))
        assert (quantity, told.amount_minor, told.offer_ids) == (quantity, price, ids)
        assert told.barred_ids == ()  # no other product keeps it away


def test_the_cheapest_piece_of_the_order_is_free() -> None:
    """Also where a dearer one would save more, and where a cheaper one is added: then that one."""
    free = replace(percent_off("100"), most_units=1, cheapest_first=True)
    three = make_offer(1, free, condition=CartHas(min_quantity=3))
    found = evaluate(make_cart(CHEESE, WINE), three)
    assert (found.totals, found.partly_given) == ({"cheese": 4_000, "wine": 4_000}, ())
    bread = make_line("bread", unit_minor=100)
    assert evaluate(make_cart(CHEESE, bread), three).totals == {"cheese": 5_000, "bread": 0}
    assert evaluate(make_cart(replace(CHEESE, quantity=2)), three).totals == {"cheese": 2_000}
    told = UnitPrices(
        EvaluationInput(make_cart(CHEESE), (three,), (), ALICE), NOON, Memory()
    ).price(bread)
    assert (told.amount_minor, told.own_minor) == (1_000, 0)


def test_the_cheapest_is_judged_before_offers_and_without_gifts() -> None:
    free = replace(percent_off("100"), most_units=1, cheapest_first=True)
    wine = replace(make_offer().scope, variant_ids=frozenset({WINE.variant_id}))
    offers = [make_offer(1, free), make_offer(2, percent_off("90"), scope=wine)]
    nothing = make_line("sample", unit_minor=0)
    found = evaluate(make_cart(replace(CHEESE, quantity=1), WINE, nothing), *offers)
    assert found.totals == {"cheese": 0, "wine": 400, "sample": 0}


def test_the_cheapest_piece_is_left_to_a_better_offer() -> None:
    half = replace(percent_off("50"), most_units=1, cheapest_first=True)
    only = replace(make_offer().scope, variant_ids=frozenset({CHEESE.variant_id}))
    offers = [
        make_offer(1, half, groups=WEEK),
        make_offer(2, percent_off("60"), scope=only, groups=WEEK),
        make_offer(3, percent_off("10"), groups=WEEK),
    ]
    cart = make_cart(replace(CHEESE, quantity=1), WINE)
    assert evaluate(cart, *offers).totals == {"cheese": 400, "wine": 3_600}
    assert evaluate(cart, offers[0], offers[2]).totals == {"cheese": 500, "wine": 3_600}


def draw_lines(rng: random.Random, most: int = 4) -> list[CartLineValue]:
    lines = []
    for i in range(rng.randint(1, most)):
        unit = rng.randint(1, 20) * 100
        floor = unit * rng.choice((0, 0, 60, 90)) // 100
        lines.append(
            make_line(
                f"line-{i}",
                variant_id=i,
                category_ids=(rng.randint(1, 2),),
                brand_id=rng.randint(1, 2),
                quantity=rng.randint(1, 4),
                unit_minor=unit,
                floor_minor=floor,
            )
        )
    return lines


def draw_bounded(rng: random.Random, offer_id: int = 1) -> OfferValue:
    kind = rng.randint(0, 2)
    if kind == 0:
        benefit = percent_off(str(rng.randint(1, 100)))
    elif kind == 1:
        amount = rng.randint(1, 15) * 100
        benefit = Benefit(BenefitKind.SET_PRICE, Target.UNIT, amount_minor=amount)
    else:
        amount = rng.randint(1, 900)
        benefit = Benefit(BenefitKind.FIXED_AMOUNT, Target.UNIT, amount_minor=amount)
    most = rng.choice(((1, None), (2, None), (None, 1), (None, 3), (2, 3)))
    caps = rng.choice(((None, None), (None, None), (700, None), (None, 500)))
    benefit = replace(
        benefit,
        most_units_line=most[0],
        most_units=most[1],
        cap_minor=caps[0],
        cap_line_minor=caps[1],
    )
    return make_offer(offer_id, benefit)


def open_line(line: CartLineValue) -> OpenLine:
    worth, floor = line.value_minor, line.floor_minor * line.quantity
    return OpenLine(line.line_id, line.quantity, worth, floor, worth, None, line.variant_id)


def saving(cart: CartValue, *offers: OfferValue) -> int:
    return evaluate(cart, *offers).discount_minor


def test_no_choice_of_units_saves_more() -> None:
    for seed in range(400):
        rng = random.Random(seed)
        lines, offer = draw_lines(rng), draw_bounded(rng)
        benefit = offer.benefit
        each, most = benefit.most_units_line or 99, benefit.most_units or 99
        free = replace(benefit, most_units_line=None, most_units=None)
        best = max(
            sum(
                reduce_units(
                    free,
                    [keep_units(open_line(x), n) for x, n in zip(lines, way, strict=True) if n],
                ).parts
            )
            for way in product(*(range(min(line.quantity, each) + 1) for line in lines))
            if sum(way) <= most
        )
        assert (seed, saving(make_cart(*lines), offer)) == (seed, best)


def test_one_more_unit_never_costs_more_however_lines_are_split() -> None:
    breaches = []
    for seed in range(1_500):
        rng = random.Random(seed)
        lines = draw_lines(rng)
        offers = [draw_bounded(rng, n) for n in range(1, rng.randint(2, 4))]
        if rng.random() < 0.5:
            offers += [make_offer(8, percent_off(str(rng.randint(1, 60)))), draw_set_offer(rng, 9)]
            offers = [replace(offer, groups=WEEK) for offer in offers]
        offers = offers if len(offers) > 2 else offers[:1]
        before = saving(make_cart(*lines), *offers)
        at = rng.randrange(len(lines))
        more = replace(lines[at], quantity=lines[at].quantity + 1)
        if saving(make_cart(*lines[:at], more, *lines[at + 1 :]), *offers) < before:
            breaches.append((seed, "one more unit"))
        if len(offers) > 1:
            continue
        one = replace(lines[at], line_id="one", quantity=1)
        rest = replace(lines[at], quantity=lines[at].quantity - 1)
        split = [*lines[:at], one, *lines[at + 1 :]] + [rest] * (rest.quantity > 0)
        rng.shuffle(split)
        if offers[0].benefit.cap_line_minor is None and saving(make_cart(*split), *offers) < before:
            breaches.append((seed, "split"))
        turned = [replace(line, variant_id=99 - line.variant_id) for line in lines]
        if saving(make_cart(*turned), *offers) != before:
            breaches.append((seed, "renumbered"))
    assert breaches == []
