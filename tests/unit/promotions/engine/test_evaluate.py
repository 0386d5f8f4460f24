"""Which offers apply, and the true reason where they do not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta

import pytest

from promotions.engine.core.carts import Scope, ShopperFacts
from promotions.engine.core.conditions.tree import (
    All,
    Any,
    CartHas,
    ChannelIn,
    CodeEntered,
    FirstOrder,
    HasTag,
    Not,
    SegmentIn,
)
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import CartValue, CouponValue, Evaluation, OfferValue, Stacking
from tests.factories.promotions import (
    ALICE,
    BREAD,
    CHEESE,
    NOON,
    amount_off,
    make_cart,
    make_coupon,
    make_line,
    make_offer,
)

GUEST = ShopperFacts(shopper_id=9)
CODED = {"requires_coupon": True}


def _evaluate(
    cart: CartValue | None = None,
    offers: Sequence[OfferValue] = (),
    coupons: Sequence[CouponValue] = (),
    shopper: ShopperFacts = ALICE,
    language: str = "en",
) -> Evaluation:
    return evaluate_offers(
        cart=cart or make_cart(),
        offers=list(offers),
        coupons=list(coupons),
        shopper=shopper,
        now=NOON,
        language=language,
    )


def _coded(**fields: object) -> OfferValue:
    benefit = fields.pop("benefit", amount_off())
    return make_offer(90, benefit, requires_coupon=True, **fields)


TOO_CHEAP = CartHas(min_value_minor=4_000)
TOO_FEW = CartHas(min_quantity=3, reason_code="cart_quantity_below")
NO_PRODUCT = CartHas(Scope(product_ids=frozenset({1})), reason_code="product_missing")
NO_BREAD = CartHas(Scope(category_ids=frozenset({BREAD})), reason_code="category_missing")
NO_BRAND = CartHas(Scope(brand_ids=frozenset({1})), reason_code="brand_missing")
IN_STORE = ChannelIn(frozenset({"store"}))
VIP = SegmentIn(frozenset({"vip"}))
VEGAN = HasTag(frozenset({"vegan"}))
OTHER_CODE = CodeEntered(frozenset({"OTHER"}))
ONLY_BREAD = Scope(category_ids=frozenset({BREAD}))
REFUSALS = [
    # reason, coupon, shopper
    ("unknown_code", CouponValue("NOPE"), ALICE),
    ("code_disabled", make_coupon(is_active=False), ALICE),
    ("code_used_up", make_coupon(is_used_up=True), ALICE),
    ("code_used_by_you", make_coupon(is_used_up_by_shopper=True), ALICE),
    ("code_held_by_you", make_coupon(is_held_by_shopper=True), ALICE),
    ("not_started", make_coupon(offer=_coded(starts_at=NOON + timedelta(seconds=1))), ALICE),
    ("ended", make_coupon(offer=_coded(ends_at=NOON)), ALICE),
    ("paused", make_coupon(offer=_coded(status="paused")), ALICE),
    ("not_published", make_coupon(offer=_coded(status="draft")), ALICE),
    ("closed", make_coupon(offer=_coded(status="ended")), ALICE),
    ("budget_spent", make_coupon(offer=_coded(left_minor=0)), ALICE),
    ("wrong_market", make_coupon(offer=_coded(market_code="de")), ALICE),
    ("wrong_channel", make_coupon(offer=_coded(condition=IN_STORE)), ALICE),
    ("members_only", make_coupon(offer=_coded(audience="members")), GUEST),
    ("not_addressed", make_coupon(offer=_coded(audience="personal")), ALICE),
    ("not_in_segment", make_coupon(offer=_coded(condition=VIP)), ALICE),
    ("tag_missing", make_coupon(offer=_coded(condition=VEGAN)), ALICE),
    ("first_order_only", make_coupon(offer=_coded(condition=FirstOrder())), ALICE),
    ("cart_value_below", make_coupon(offer=_coded(condition=TOO_CHEAP)), ALICE),
    ("cart_quantity_below", make_coupon(offer=_coded(condition=TOO_FEW)), ALICE),
    ("product_missing", make_coupon(offer=_coded(condition=NO_PRODUCT)), ALICE),
    ("category_missing", make_coupon(offer=_coded(condition=NO_BREAD)), ALICE),
    ("brand_missing", make_coupon(offer=_coded(condition=NO_BRAND)), ALICE),
    ("nothing_in_scope", make_coupon(offer=_coded(scope=ONLY_BREAD)), ALICE),
    ("excluded", make_coupon(offer=_coded(condition=Not(CartHas()))), ALICE),
    ("no_alternative", make_coupon(offer=_coded(condition=Any(()))), ALICE),
    ("code_missing", make_coupon(offer=_coded(condition=OTHER_CODE)), ALICE),
]


@pytest.mark.parametrize(("reason", "coupon", "shopper"), REFUSALS)
def test_a_refused_code_names_its_true_reason(
    reason: str, coupon: CouponValue, shopper: ShopperFacts
) -> None:
    found = _evaluate(coupons=[coupon], shopper=shopper)
    assert [(r.code, r.reason_code) for r in found.rejected] == [(coupon.code, reason)]
    assert found.adjustments == ()


def test_a_refused_code_is_explained_in_both_languages() -> None:
    coupon = make_coupon(offer=_coded(condition=CartHas(min_value_minor=4_000)))
    english, chinese = (_evaluate(coupons=[coupon], language=lang) for lang in ("en", "zh-hans"))
    assert english.rejected[0].message == "Add $30.00 more to get “Offer 90”."
    assert chinese.rejected[0].message == "再加购 $30.00 即可享受“优惠 90”。"
    assert english.rejected[0].detail == {"missing_minor": 3_000}


def test_an_empty_cart_is_the_reason_when_it_is() -> None:
    cart = dataclasses.replace(make_cart(), lines=())
    assert _evaluate(cart, coupons=[make_coupon()]).rejected[0].reason_code == "cart_empty"


def test_a_second_code_for_the_same_offer_says_so() -> None:
    found = _evaluate(coupons=[make_coupon("TWO"), make_coupon("ONE")])
    assert [(r.code, r.reason_code) for r in found.rejected] == [("TWO", "already_applied")]
    assert [applied.coupon_code for applied in found.applied] == ["ONE"]


def test_a_code_beaten_by_a_better_offer_says_so() -> None:
    weak = make_coupon(offer=_coded(stacking=Stacking.EXCLUSIVE, benefit=amount_off(50)))
    found = _evaluate(offers=[make_offer()], coupons=[weak])
    assert [(r.code, r.reason_code) for r in found.rejected] == [("WELCOME5", "beaten")]


def test_a_code_with_all_prices_at_floor_says_so() -> None:
    cart = make_cart(make_line(unit_minor=1_000, floor_minor=1_000))
    assert _evaluate(cart, coupons=[make_coupon()]).rejected[0].reason_code == "price_floor"


def test_a_code_that_adds_nothing_is_kept_for_later() -> None:
    cart = make_cart(make_line(unit_minor=1_000, floor_minor=900))
    found = _evaluate(cart, offers=[make_offer()], coupons=[make_coupon()])
    assert found.totals == {"cheese": 900}
    assert [(r.code, r.reason_code) for r in found.rejected] == [("WELCOME5", "adds_nothing")]


def test_a_near_miss_is_hinted_with_what_is_missing() -> None:
    offer = make_offer(condition=CartHas(min_value_minor=2_200))
    hint = _evaluate(offers=[offer]).hints[0]
    assert (hint.missing_minor, hint.message) == (1_200, "Add $12.00 more to get “Offer 1”.")


def test_no_hint_for_an_offer_the_shopper_may_not_have() -> None:
    condition = All((CartHas(min_value_minor=2_200), FirstOrder()))
    assert _evaluate(offers=[make_offer(condition=condition)]).hints == ()


def test_no_hint_for_an_offer_whose_budget_is_spent() -> None:
    spent = make_offer(condition=CartHas(min_value_minor=2_200), left_minor=0)
    assert _evaluate(offers=[spent]).hints == ()


def test_of_alternatives_the_closest_is_hinted() -> None:
    condition = Any((CartHas(min_value_minor=9_000), CartHas(min_value_minor=1_500), FirstOrder()))
    assert _evaluate(offers=[make_offer(condition=condition)]).hints[0].missing_minor == 500


def test_an_offer_starts_and_ends_at_its_second() -> None:
    assert _evaluate(offers=[make_offer(starts_at=NOON)]).discount_minor == 100
    assert _evaluate(offers=[make_offer(ends_at=NOON)]).discount_minor == 0


def test_only_lines_in_scope_are_touched() -> None:
    bread = make_line("bread", category_ids=(BREAD,), unit_minor=500)
    offer = make_offer(scope=Scope(category_ids=frozenset({CHEESE})))
    found = _evaluate(make_cart(make_line(), bread), offers=[offer])
    assert found.totals == {"cheese": 900, "bread": 500}


def test_an_offer_that_needs_a_code_waits_for_it() -> None:
    offer = make_offer(**CODED)
    assert _evaluate(offers=[offer]).adjustments == ()


def test_an_automatic_offer_is_not_given_twice_through_a_code() -> None:
    offer = make_offer()
    found = _evaluate(offers=[offer], coupons=[make_coupon(offer=offer)])
    assert found.totals == {"cheese": 900}
    assert found.rejected[0].reason_code == "already_applied"


def test_a_campaign_s_offers_share_its_budget() -> None:
    offers = [make_offer(n, amount_off(300), campaign_id=1, left_minor=500) for n in (1, 2)]
    found = _evaluate(offers=offers)
    given = [(applied.offer_id, applied.amount_minor) for applied in found.applied]
    assert given == [(1, 300), (2, 200)]
    assert [one.offer_id for one in found.partly_given] == [2]
