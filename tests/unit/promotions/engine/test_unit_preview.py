"""What one more unit costs is what the evaluator charges for it in that very cart."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from promotions.engine.core.carts import CartLineValue, CartValue, Scope, ShopperFacts
from promotions.engine.core.conditions.tree import ALWAYS, CartHas, Not
from promotions.engine.core.evaluate import EvaluationInput, evaluate_offers
from promotions.engine.core.stacking.plans import Candidate, best_plan, shuts_out_others
from promotions.engine.core.unit_preview import Memory, UnitPrices, drop_idle
from promotions.engine.core.values import CouponValue, OfferValue, Stacking, Target
from tests.factories.baskets import (
    draw_basket,
    draw_benefit,
    draw_offer,
    draw_personal_basket,
    reduce_some,
)
from tests.factories.promotions import (
    ALICE,
    NOON,
    amount_off,
    make_cart,
    make_line,
    make_offer,
    percent_off,
)

CARTS, CARDS = 1_250, 8
seeds = st.integers(0, 2**32)


def draw_question(rng: random.Random) -> EvaluationInput:
    """Return a random cart, often empty, with offers of every kind and up to two codes."""
    cart, offers, shopper = draw_personal_basket(rng)
    if rng.random() < 0.5:
        (cart, offers), shopper = draw_basket(rng), ALICE
    if rng.random() < 0.2:
        cart = replace(cart, lines=())
    milk = Scope(category_ids=frozenset({rng.randint(1, 3)}))
    offers = [
        replace(
            offer, condition=rng.choice((offer.condition, CartHas(milk), Not(CartHas(milk, 3))))
        )
        for offer in offers
    ]
    coupons = [
        CouponValue(f"CODE{n}", replace(draw_offer(rng, n), requires_coupon=True), n)
        for n in range(90, 90 + rng.choice((0, 0, 0, 1, 2)))
    ]
    return EvaluationInput(cart, tuple(offers), tuple(coupons), shopper)


def draw_card(rng: random.Random, cart: CartValue) -> CartLineValue:
    """Return a unit of a new product, or of one that is in the cart at another price by now."""
    unit = rng.randint(0, 3_000)
    line = make_line(
        "card",
        variant_id=rng.choice((2, 7, 8)) if cart.lines else 7,
        category_ids=(rng.randint(1, 3),),
        brand_id=rng.randint(1, 3),
        unit_minor=unit,
        floor_minor=rng.choice((0, 0, unit // 2, unit * 9 // 10)),
        public_minor=unit * rng.choice((100, 105)) // 100,
    )
    line = reduce_some(line)
    same = [one for one in cart.lines if one.variant_id == line.variant_id]
    return line if not same else replace(same[0], quantity=1, unit_minor=unit)


def charge(asked: EvaluationInput, cart: CartValue) -> int:
    """Return what the products of the cart cost, without what is taken off the whole order."""
    found = evaluate_offers(
        cart=cart, offers=asked.offers, coupons=asked.coupons, shopper=asked.shopper, now=NOON
    )
    offers = (*asked.offers, *(one.offer for one in asked.coupons if one.offer is not None))
    on_order = {offer.offer_id for offer in offers if offer.benefit.is_on_order}
    off_order = sum(one.amount_minor for one in found.adjustments if one.offer_id in on_order)
    return sum(found.totals.values()) - off_order


def put(cart: CartValue, line: CartLineValue) -> CartValue:
    """Return the cart with one unit more, at the price of its line if there is one."""
    if any(one.variant_id == line.variant_id for one in cart.lines):
        more = tuple(
            replace(one, quantity=one.quantity + (one.variant_id == line.variant_id))
            for one in cart.lines
        )
        return replace(cart, lines=more)
    return replace(cart, lines=(*cart.lines, line))


def test_in_10_000_random_carts_cards_match_the_charge() -> None:
    rng, memory, differ, lowered = random.Random(20261129), Memory(), [], 0
    for cart_number in range(CARTS):
        asked = draw_question(rng)
        memory.clear()  # of one book of offers
        before = charge(asked, asked.cart)
        prices = UnitPrices(asked, NOON, memory)
        for _ in range(CARDS):
            line = draw_card(rng, asked.cart)
            told = prices.price(line)
            paid = charge(asked, put(asked.cart, line)) - before
            lowered += bool(told.offer_ids)
            if told.amount_minor != paid:
                differ.append((cart_number, line, told, paid))
    assert differ == []
    assert lowered > CARTS * CARDS // 5


def draw_week(rng: random.Random) -> EvaluationInput:
    """Return a cart with offers on categories, most of them on its products, too."""
    named = {"stacking": Stacking.BEST_UNIT, "stacking_group": "week"}
    scopes = [Scope(), *(Scope(category_ids=frozenset({one})) for one in (1, 2, 3))]
    offers = [
        make_offer(
            number,
            rng.choice((percent_off(str(rng.randint(1, 60))), amount_off(200, Target.LINE))),
            scope=rng.choice(scopes),
            left_minor=rng.choice((None, None, 300, 2_500, 50_000)),
            **rng.choice((named, {})),
        )
        for number in range(1, rng.randint(2, 5))
    ]
    lines = [
        make_line(
            f"line-{n}",
            variant_id=20 + n,
            category_ids=(rng.randint(1, 3),),
            quantity=rng.randint(1, 3),
            unit_minor=rng.randint(100, 2_000),
            floor_minor=rng.choice((0, 900)),
        )
        for n in range(rng.randint(1, 4))
    ]
    return EvaluationInput(make_cart(*lines), tuple(offers), (), ALICE)


def test_offers_by_line_skip_the_cart_and_cost_the_same() -> None:
    rng, whole, apart = random.Random(7), 0, 0
    for _ in range(600):
        asked, memory = draw_week(rng), Memory()
        before, prices = charge(asked, asked.cart), UnitPrices(asked, NOON, memory)
        for _ in range(4):
            line = draw_card(rng, replace(asked.cart, lines=()))
            told = prices.price(line).amount_minor
            assert told == charge(asked, put(asked.cart, line)) - before, (asked, line)
        whole += len(prices._known)
        apart += len(memory)
    assert apart > whole > 300


@settings(max_examples=150, deadline=None)
@forall(seeds)
def test_idle_gifts_delivery_and_points_change_no_price(seed: int) -> None:
    rng = random.Random(seed)
    asked = draw_question(rng)
    offers, coupons = drop_idle(list(asked.offers), list(asked.coupons))
    less = replace(asked, offers=tuple(offers), coupons=tuple(coupons))
    assert charge(asked, asked.cart) == charge(less, asked.cart)


def ask(*offers: OfferValue, lines: tuple[CartLineValue, ...] = ()) -> UnitPrices:
    cart = replace(make_cart(), lines=lines)
    return UnitPrices(EvaluationInput(cart, offers, (), ALICE), NOON, Memory())


BANANAS = make_line("bananas", category_ids=(1,), unit_minor=95)
MILK = make_line("milk", category_ids=(2,), unit_minor=400)
BREAD = make_line("bread", category_ids=(3,), unit_minor=300)


def weekly(number: int, category: int, percent: str) -> OfferValue:
    """Return one of the week's offers, of which a whole cart gets only the best."""
    scope = Scope(category_ids=frozenset({category}))
    return make_offer(
        number, percent_off(percent), scope=scope, stacking=Stacking.BEST, stacking_group="week"
    )


def test_what_another_offer_bars_is_named_and_not_promised() -> None:
    """Bananas promised at 0.90 cost 0.95 once milk was in the cart."""
    bananas, milk = weekly(1, 1, "5"), weekly(2, 2, "10")
    alone = ask(bananas, milk).price(BANANAS)
    assert (alone.amount_minor, alone.offer_ids, alone.barred_ids) == (90, (1,), ())
    beside = ask(bananas, milk, lines=(MILK,)).price(BANANAS)
    assert (beside.amount_minor, beside.offer_ids, beside.barred_ids) == (95, (), (1,))
    # The offer on bananas would be given up for the better one on milk
    taking = ask(bananas, milk, lines=(replace(BANANAS, quantity=2),)).price(MILK)
    assert (taking.amount_minor, taking.offer_ids) == (360 + 10, (2,))


def test_an_offer_says_whether_products_of_others_may_end_it() -> None:
    bananas, milk, open_ = weekly(1, 1, "5"), weekly(2, 2, "10"), make_offer(3)
    assert shuts_out_others(bananas, (bananas, milk, open_))
    assert not shuts_out_others(bananas, (bananas, open_))
    assert not shuts_out_others(bananas, (bananas, replace(milk, scope=bananas.scope)))
    assert not shuts_out_others(open_, (bananas, milk, open_))
    alone = replace(milk, stacking=Stacking.EXCLUSIVE)
    assert shuts_out_others(open_, (open_, alone))


def test_prices_of_an_empty_cart_are_cached_by_their_inputs() -> None:
    memory = Memory()
    tenth = make_offer(1, scope=Scope(category_ids=frozenset({1})))
    for lines in ((), (MILK,)):
        asked = EvaluationInput(replace(make_cart(), lines=lines), (tenth,), (), ShopperFacts())
        prices = UnitPrices(asked, NOON, memory)
        assert prices.price(BANANAS).amount_minor == 85
        assert prices.price(replace(BANANAS, variant_id=5)).amount_minor == 85
        assert prices.price(BREAD).amount_minor == 300
    assert len(memory) == 1


@settings(max_examples=150, deadline=None)
@forall(seeds)
def test_a_single_candidate_is_chosen_as_from_several(seed: int) -> None:
    """One that covers nothing is no choice, but makes the whole search run."""
    rng = random.Random(seed)
    cart, _, _ = draw_personal_basket(rng)
    offer = make_offer(1, draw_benefit(rng), condition=ALWAYS)
    if rng.random() < 0.5:
        offer = replace(offer, audience="personal")
    idle = make_offer(2, scope=Scope(variant_ids=frozenset({999})))
    alone = best_plan([Candidate(offer)], cart)
    assert alone == best_plan([Candidate(offer), Candidate(idle)], cart)


@forall(st.integers(1, 3_000), st.integers(1, 99), st.integers(1, 6))
def test_each_unit_costs_what_the_first_did(unit: int, percent: int, there: int) -> None:
    offers = (make_offer(1, percent_off(percent), audience="members"),)
    milk, member = make_line("card", unit_minor=unit), replace(ALICE, is_member=True)

    def price(cart: CartValue) -> int:
        asked = EvaluationInput(cart, offers, (), member)
        return UnitPrices(asked, NOON, Memory()).price(milk).amount_minor

    assert price(make_cart(replace(milk, quantity=there))) == price(make_cart())


def test_a_discount_on_the_order_lowers_no_product() -> None:
    five_off = make_offer(1, amount_off(500, Target.CART), condition=CartHas(min_value_minor=4_000))
    cart = make_cart(make_line("1", unit_minor=3_681))
    prices = UnitPrices(EvaluationInput(cart, (five_off,), (), ALICE), NOON, Memory())
    milk = make_line("card", variant_id=8, unit_minor=399)

    reaching = prices.price(milk)

    assert (reaching.amount_minor, reaching.offer_ids, reaching.reached_minor) == (399, (), 500)
    short = prices.price(replace(milk, unit_minor=299))
    assert (short.amount_minor, short.reached_minor) == (299, 0)
    beyond = UnitPrices(
        EvaluationInput(make_cart(make_line("1", unit_minor=4_000)), (five_off,), (), ALICE),
        NOON,
        Memory(),
    ).price(milk)
    assert (beyond.amount_minor, beyond.reached_minor) == (399, 0)
