"""The best combination, against an exhaustive search written another way."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given, settings

from promotions.core.carts import CartLineValue
from promotions.core.conditions import Circumstances
from promotions.core.evaluate import evaluate_offers, find_failures
from promotions.core.values import CartValue, OfferValue, Stacking, Target
from shop.kernel.money import prorate, share_minor
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


def _oracle_price(cart: CartValue, offers: tuple[OfferValue, ...]) -> int | None:
    """Total of the cart with exactly these offers, computed step by step from the written rules."""
    left = {line.line_id: line.value_minor for line in cart.lines}
    floors = {line.line_id: line.floor_minor * line.quantity for line in cart.lines}
    for offer in sorted(
        offers, key=lambda o: (o.benefit.target == Target.CART, -o.priority, o.offer_id)
    ):
        lines = sorted(
            (line for line in cart.lines if offer.scope.covers(line)),
            key=lambda line: line.variant_id,
        )
        taken = _oracle_take(offer, lines, left, floors)
        if offer.left_minor is not None and sum(taken.values()) > offer.left_minor:
            return None
        for line_id, part in taken.items():
            left[line_id] -= part
    return sum(left.values())


def _oracle_take(
    offer: OfferValue, lines: list[CartLineValue], left: dict[str, int], floors: dict[str, int]
) -> dict[str, int]:
    benefit = offer.benefit
    room = {line.line_id: max(0, left[line.line_id] - floors[line.line_id]) for line in lines}
    if benefit.target == Target.CART:
        whole = sum(left[line.line_id] for line in lines)
        wish = share_minor(whole, benefit.percent) if benefit.percent else benefit.amount_minor
        wish = min(wish, sum(room.values()), *([benefit.cap_minor] if benefit.cap_minor else []))
        taken = dict.fromkeys(room, 0)
        while wish:
            free = [key for key in room if taken[key] < room[key]]
            for key, share in zip(free, prorate(wish, [left[key] for key in free]), strict=True):
                step = min(share, room[key] - taken[key])
                taken[key] += step
                wish -= step
        return taken
    taken = {}
    for line in lines:
        key = line.line_id
        if benefit.percent:
            wish = share_minor(left[key], benefit.percent)
        else:
            wish = benefit.amount_minor * (line.quantity if benefit.target == Target.UNIT else 1)
        taken[key] = min(wish, room[key])
    if benefit.cap_minor and sum(taken.values()) > benefit.cap_minor:
        shares = prorate(benefit.cap_minor, list(taken.values()))
        taken = dict(zip(taken, shares, strict=True))
    return taken


def _is_allowed(offers: tuple[OfferValue, ...]) -> bool:
    if len(offers) > 1 and any(offer.stacking == Stacking.EXCLUSIVE for offer in offers):
        return False
    groups = [offer.stacking_group for offer in offers if offer.stacking == Stacking.BEST]
    return len(groups) == len(set(groups))


def _oracle_best(cart: CartValue, offers: list[OfferValue]) -> int:
    given_now = Circumstances(cart, ALICE, NOON)
    able = [offer for offer in offers if not find_failures(offer, given_now, NOON)]
    subsets = chain.from_iterable(combinations(able, n) for n in range(len(able) + 1))
    totals = (_oracle_price(cart, subset) for subset in subsets if _is_allowed(subset))
    return min(total for total in totals if total is not None)


@settings(max_examples=400, deadline=None)
@given(carts(), offer_lists())
def test_the_best_combination_is_found_without_being_asked(
    cart: CartValue, offers: list[OfferValue]
) -> None:
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    assert sum(found.totals.values()) == _oracle_best(cart, offers)


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
