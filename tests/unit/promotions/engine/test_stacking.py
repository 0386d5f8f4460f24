"""The best combination, against an exhaustive search written another way."""

from __future__ import annotations

import dataclasses
import random

from hypothesis import given, settings

from promotions.engine.core.benefits.terms import Gift, Points
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.stacking.rules import Category, CategoryMode, Group, GroupMode
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartValue,
    GiftStock,
    OfferValue,
    Stacking,
    Target,
)
from tests.factories.basket_oracle import find_best_gain, gain_of_evaluation
from tests.factories.baskets import draw_basket
from tests.factories.promotions import (
    ALICE,
    NOON,
    amount_off,
    carts,
    make_cart,
    make_line,
    make_offer,
    offer_lists,
    percent_off,
)


def test_the_best_combination_is_found_without_being_asked() -> None:
    """A sample of what `./dev bench promotions` does 50,000 times."""
    for seed in range(1_500):
        cart, offers = draw_basket(random.Random(seed))
        found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
        best = find_best_gain(cart, offers)
        assert (seed, gain_of_evaluation(cart, found)) == (seed, best)


def test_groups_that_choose_by_unit_are_in_the_best_combination() -> None:
    by_unit = {"week": GroupMode.BEST_UNIT, "turn": GroupMode.BEST_UNIT}
    for seed in range(400):
        cart, offers = draw_basket(random.Random(seed))
        offers = [
            dataclasses.replace(
                offer,
                groups=tuple(
                    dataclasses.replace(group, mode=by_unit.get(group.code, group.mode))
                    for group in offer.groups
                ),
            )
            for offer in offers
        ]
        found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
        best = find_best_gain(cart, offers)
        assert (seed, gain_of_evaluation(cart, found)) == (seed, best)


@settings(max_examples=200, deadline=None)
@given(carts(), offer_lists())
def test_no_hard_case_has_a_better_combination(cart: CartValue, offers: list[OfferValue]) -> None:
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert gain_of_evaluation(cart, found) == find_best_gain(cart, offers)


def test_an_exclusive_offer_loses_to_two_that_save_more_together() -> None:
    offers = [
        make_offer(1, percent_off("15"), stacking=Stacking.EXCLUSIVE),
        make_offer(2, percent_off("10")),
        make_offer(3, amount_off(100)),
    ]
    found = evaluate_offers(cart=make_cart(), offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert [applied.offer_id for applied in found.applied] == [2, 3]
    assert found.totals == {"cheese": 800}
    assert [(r.offer_id, r.reason_code) for r in found.rejected] == [(1, "beaten")]


def test_lines_are_reduced_before_the_cart_whatever_the_priorities() -> None:
    offers = [make_offer(1, amount_off(100), priority=9), make_offer(2, percent_off("10"))]
    found = evaluate_offers(cart=make_cart(), offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert [(a.offer_id, a.amount_minor) for a in found.adjustments] == [(2, -100), (1, -100)]


def test_of_equal_offers_the_older_one_applies() -> None:
    offers = [make_offer(n, percent_off("10"), stacking=Stacking.EXCLUSIVE) for n in (5, 3, 4)]
    found = evaluate_offers(cart=make_cart(), offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert [applied.offer_id for applied in found.applied] == [3]


def test_large_groups_stay_fast_and_keep_the_strongest_member() -> None:
    offers = [
        make_offer(
            n, percent_off(str(n / 10)), stacking=Stacking.BEST, stacking_group=f"group-{n % 4}"
        )
        for n in range(1, 81)
    ]
    cart = make_cart(make_line(unit_minor=100_000))
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert [applied.offer_id for applied in found.applied] == [77, 78, 79, 80]


@settings(max_examples=100, deadline=None)
@given(carts(), offer_lists(max_offers=12))
def test_with_many_offers_no_offer_is_worth_leaving_out(
    cart: CartValue, offers: list[OfferValue]
) -> None:
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    winners = [o for o in offers if o.offer_id in {a.offer_id for a in found.applied}]
    for leave_out in winners:
        rest = [offer for offer in winners if offer is not leave_out]
        fewer = evaluate_offers(cart=cart, offers=rest, coupons=[], shopper=ALICE, now=NOON)
        assert sum(fewer.totals.values()) >= sum(found.totals.values())


def _winners(*offers: OfferValue) -> list[int]:
    found = evaluate_offers(
        cart=make_cart(), offers=list(offers), coupons=[], shopper=ALICE, now=NOON
    )
    return [applied.offer_id for applied in found.applied]


def test_an_ordered_group_moves_on_only_if_nothing_is_given() -> None:
    turn = (Group("turn", GroupMode.ORDERED),)
    first = make_offer(1, amount_off(100), groups=turn, priority=1)
    second = make_offer(2, percent_off("50"), groups=turn)
    assert _winners(first, second) == [1]
    useless = make_offer(1, amount_off(100), groups=turn, priority=1, left_minor=0)
    assert _winners(useless, second) == [2]


def test_groups_nest() -> None:
    week = Group("week", GroupMode.BEST)
    pair = (week, Group("pair", GroupMode.STACK))
    together = [make_offer(n, amount_off(200), groups=pair) for n in (1, 2)]
    assert _winners(make_offer(3, amount_off(300), groups=(week,)), *together) == [1, 2]
    assert _winners(make_offer(3, amount_off(500), groups=(week,)), *together) == [3]


def test_an_exclusive_group_stands_alone() -> None:
    alone = (Group("alone", GroupMode.EXCLUSIVE), Group("both", GroupMode.STACK))
    inside = [make_offer(n, amount_off(200), groups=alone) for n in (1, 2)]
    assert _winners(*inside, make_offer(3, amount_off(300))) == [1, 2]
    assert _winners(*inside, make_offer(3, amount_off(500))) == [3]


def test_a_category_counts_its_offers() -> None:
    club = Category("club", CategoryMode.JOINT, 2)
    offers = [make_offer(n, amount_off(n * 10), category=club) for n in (1, 2, 3)]
    assert _winners(*offers) == [2, 3]


def test_an_exclusive_category_combines_with_joint_ones_only() -> None:
    card = Category("card", CategoryMode.EXCLUSIVE)
    club = Category("club", CategoryMode.JOINT)
    own = [make_offer(n, amount_off(200), category=card) for n in (1, 2)]
    joint = make_offer(3, amount_off(50), category=club)
    assert _winners(*own, joint, make_offer(4, amount_off(100))) == [1, 2, 3]


def test_money_goes_before_gifts_and_gifts_before_points() -> None:
    week = (Group("week", GroupMode.BEST),)
    gift = Benefit(BenefitKind.GIFT, Target.CART, terms=Gift((50,)))
    points = Benefit(BenefitKind.POINTS, Target.CART, terms=Points(10))
    cart = dataclasses.replace(make_cart(), gifts=(GiftStock(50, 900, 1),))
    offers = [make_offer(1, points, groups=week), make_offer(2, gift, groups=week)]
    cheap = make_offer(3, amount_off(1), groups=week)
    for known, winner in ((offers, 2), ([*offers, cheap], 3)):
        found = evaluate_offers(cart=cart, offers=known, coupons=[], shopper=ALICE, now=NOON)
        assert [applied.offer_id for applied in found.applied] == [winner]


def test_baskets_that_once_missed_the_best_combination_find_it() -> None:
    """A set made of other units above their floors; a stack behind a member that fits no limit;
    two offers of a group inside a group that lets one member apply."""
    for seed in (17_994, 18_239, 33_044):
        cart, offers = draw_basket(random.Random(seed))
        found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
        assert gain_of_evaluation(cart, found) == find_best_gain(cart, offers)
