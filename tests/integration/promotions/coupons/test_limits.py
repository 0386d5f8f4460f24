"""Use limits in the database: counted by entity and period, exact, symmetric, judged when read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.coupons.selectors.limits import load_limits
from promotions.coupons.services.limits import UseRefused
from promotions.coupons.services.redemptions import (
    commit_redemptions,
    hold_redemptions,
    release_expired,
    release_redemptions,
)
from promotions.engine.core.carts import CartLineValue, ShopperView
from promotions.engine.core.limits import Buyer
from promotions.engine.core.values import AppliedOffer, Evaluation
from promotions.merging import move_uses
from promotions.models import Campaign, Coupon, LimitCounter, LimitUse, Redemption, UseLimit
from promotions.offers.selectors.evaluation import evaluate_cart
from shop.doors.storefront.messages import say_refusal
from shop.ground.catalog.selectors import get_market
from tests.factories.previews import preview
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
BOB = Buyer(None, "online", "UTC", NOON)
HOUR = timedelta(hours=1)


def _limit(campaign: Campaign, **fields: Any) -> UseLimit:
    row = UseLimit.objects.create(campaign=campaign, **fields)
    forget_offer_book()
    return row


def _shopper() -> int:
    return Shopper.objects.create(created_at=NOON, last_seen_at=NOON).pk


def _applied(campaign: Campaign, amount_minor: int = 500, units: int = 1) -> Evaluation:
    offer, coupon = campaign.offers.get(), Coupon.objects.filter(offer__campaign=campaign).first()
    applied = AppliedOffer(
        offer_id=offer.pk,
        campaign_id=campaign.pk,
        amount_minor=amount_minor,
        label=offer.name,
        coupon_code=None if coupon is None else coupon.code,
        coupon_id=None if coupon is None else coupon.pk,
        units=units,
    )
    return Evaluation((), (applied,), (), (), {})


def _hold(campaign: Campaign, ref: str, buyer: Buyer = BOB, **use: int) -> None:
    applied, until = _applied(campaign, **use), buyer.now + HOUR
    hold_redemptions(order_ref=ref, evaluation=applied, buyer=buyer, expires_at=until)


def _refusal(campaign: Campaign, ref: str, buyer: Buyer = BOB, **use: int) -> str:
    with pytest.raises(UseRefused) as refusal, transaction.atomic():
        _hold(campaign, ref, buyer, **use)
    return refusal.value.code


def _evaluate(
    shopper_id: int | None = None, now: datetime = NOON, codes: tuple[str, ...] = (), **line: int
) -> Evaluation:
    return evaluate_cart(
        cart=make_cart(make_line(**line)),
        codes=codes,
        shopper=ShopperView(shopper_id),
        now=now,
        language="en",
        locale="en_US",
    )


def test_each_shopper_and_each_channel_has_its_own_count() -> None:
    campaign = make_campaign("ten", amount_minor=500)
    _limit(campaign, entity="shopper", max_uses=1)
    _limit(campaign, entity="channel", max_uses=2)
    alice, carol = (Buyer(_shopper(), "online", "UTC", NOON) for _ in range(2))
    _hold(campaign, "FT-1", alice)
    assert _refusal(campaign, "FT-2", alice) == "used_by_you"
    _hold(campaign, "FT-2", carol)
    assert _refusal(campaign, "FT-3", Buyer(_shopper(), "online", "UTC", NOON)) == (
        "limit_reached_here"
    )
    _hold(campaign, "FT-3", Buyer(_shopper(), "store", "UTC", NOON))
    assert sorted(LimitCounter.objects.values_list("key", "uses")) == sorted(
        [(str(b), 1) for b in Redemption.objects.values_list("shopper_id", flat=True)]
        + [("online", 2), ("store", 1)]
    )


def test_each_code_has_a_count_of_its_own() -> None:
    campaign = make_campaign("ten", amount_minor=500, code="ONE")
    _limit(campaign, entity="code", max_minor=600)
    _hold(campaign, "FT-1")
    assert _refusal(campaign, "FT-2") == "code_used_up"
    other = Coupon.objects.create(code="TWO", offer=campaign.offers.get())
    mine = _applied(campaign).applied[0]
    applied = replace(mine, coupon_code=other.code, coupon_id=other.pk)
    hold_redemptions(order_ref="FT-2", evaluation=Evaluation((), (applied,), (), (), {}), buyer=BOB)
    assert list(LimitCounter.objects.order_by("pk").values_list("spent_minor", flat=True)) == [
        500,
        500,
    ]


def test_a_day_ends_at_the_markets_midnight() -> None:
    campaign = make_campaign("ten", amount_minor=500)
    _limit(campaign, period="day", max_uses=1)
    night = NOON.replace(hour=23)
    _hold(campaign, "FT-1", Buyer(None, "online", "America/New_York", night))
    commit_redemptions(order_ref="FT-1", now=night)
    later = night + timedelta(hours=5, minutes=59)  # 23:59 in New York, the next day in UTC
    new_york = Buyer(None, "online", "America/New_York", later)
    assert _refusal(campaign, "FT-2", new_york) == "limit_reached_for_now"
    with pytest.raises(UseRefused) as refusal, transaction.atomic():
        _hold(campaign, "FT-2", new_york)
    assert say_refusal(refusal.value) == (
        "All uses of this offer are gone for now. It is open again from 2026-11-26."
    )
    with translation.override("zh-hans"):
        assert say_refusal(refusal.value) == "该优惠本期已用完，2026-11-26 起可再次使用。"
    _hold(campaign, "FT-2", replace(new_york, now=later + timedelta(minutes=1)))
    assert sorted(LimitCounter.objects.values_list("period", "uses")) == [
        ("2026-11-25", 1),
        ("2026-11-26", 1),
    ]


def test_a_flash_sale_counts_pieces_and_reduces_the_rest() -> None:
    campaign = make_campaign("flash", percent="50")
    _limit(campaign, counted="units", max_uses=5)
    _hold(campaign, "FT-1", units=3)
    assert _refusal(campaign, "FT-2", units=3) == "sold_out"
    said = [one.message for one in _evaluate(quantity=3).partly_given]
    assert said == ["flash: Only 2 left at this price."]
    _hold(campaign, "FT-2", units=2)
    assert _evaluate(quantity=1).discount_minor == 0
    release_redemptions(order_ref="FT-1", now=NOON)
    assert LimitCounter.objects.get().uses == 2
    assert _evaluate(quantity=3).discount_minor == 1_500


def test_an_order_takes_a_bounded_number_of_a_campaigns_offers() -> None:
    campaign = make_campaign("ten", percent="10")
    offer = campaign.offers.get()
    offer.pk, offer.code, offer.percent = None, "twenty", 20
    offer.save()
    forget_offer_book()
    assert len(_evaluate().applied) == 2
    _limit(campaign, entity="order", max_uses=1)
    assert [applied.offer_id for applied in _evaluate().applied] == [offer.pk]
    assert LimitCounter.objects.count() == 0


def test_an_exhausted_offer_is_shown_nowhere_and_takes_one_statement() -> None:
    campaign = make_campaign("ten", percent="10")
    _limit(campaign, max_uses=1)
    line = make_line()
    load_limits()
    get_market("us")

    def is_lowered(line: CartLineValue) -> bool:
        return bool(preview([line], ShopperView(None)).mine)

    with CaptureQueriesContext(connection) as captured:
        assert (is_lowered(line), _evaluate().discount_minor) == (True, 100)
    # The offers themselves are remembered, for a second or so.
    counted = [one for one in captured if "promotions_limitcounter" in one["sql"]]
    assert len(counted) == 2
    _hold(campaign, "FT-1")
    assert (is_lowered(line), _evaluate().discount_minor) == (False, 0)


def test_a_release_returns_what_was_taken_despite_changed_limits() -> None:
    campaign = make_campaign("ten", amount_minor=500, code="TEN", budget_minor=2_000)
    limit = _limit(campaign, max_uses=3, max_minor=1_700)
    for n in range(3):
        _hold(campaign, f"FT-{n}")
    assert (LimitCounter.objects.get().uses, LimitCounter.objects.get().spent_minor) == (3, 1_500)
    UseLimit.objects.filter(pk=limit.pk).update(max_uses=1, is_active=False)
    assert [release_redemptions(order_ref="FT-1", now=NOON) for _ in range(2)] == [1, 0]
    assert (LimitCounter.objects.get().uses, LimitCounter.objects.get().spent_minor) == (2, 1_000)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (2, 1_000)


def test_a_lowered_limit_holds_from_the_next_use_on() -> None:
    campaign = make_campaign("ten", amount_minor=500)
    limit = _limit(campaign, max_uses=3)
    _hold(campaign, "FT-1")
    UseLimit.objects.filter(pk=limit.pk).update(max_uses=1)
    assert _refusal(campaign, "FT-2") == "limit_reached"


def test_an_expired_hold_counts_no_more_before_any_job() -> None:
    campaign = make_campaign("ten", amount_minor=500, code="TEN", uses=1, budget_minor=500)
    _limit(campaign, max_uses=1)
    _hold(campaign, "FT-1")
    soon, late = NOON + HOUR - timedelta(seconds=1), NOON + HOUR
    assert [r.reason_code for r in _evaluate(now=soon, codes=("TEN",)).rejected] == [
        "code_reserved"
    ]
    assert _evaluate(now=late, codes=("TEN",)).discount_minor == 500
    _hold(campaign, "FT-2", replace(BOB, now=late))
    assert sorted(Redemption.objects.values_list("order_ref", "state")) == [
        ("FT-1", "expired"),
        ("FT-2", "held"),
    ]
    counter = LimitCounter.objects.get()
    assert (counter.uses, Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (
        1,
        1,
        500,
    )


def test_a_payment_after_the_hold_takes_it_again_or_fails() -> None:
    campaign = make_campaign("ten", amount_minor=500, code="TEN", uses=1, budget_minor=500)
    _limit(campaign, max_uses=1)
    _hold(campaign, "FT-1")
    assert [release_expired(now=NOON + HOUR) for _ in range(2)] == [1, 0]
    assert (LimitCounter.objects.get().uses, Campaign.objects.get().spent_minor) == (0, 0)
    assert [commit_redemptions(order_ref="FT-1", now=NOON + HOUR) for _ in range(2)] == [1, 0]
    assert (LimitCounter.objects.get().uses, Campaign.objects.get().spent_minor) == (1, 500)
    Redemption.objects.update(state="held", settled_at=None)
    release_expired(now=NOON + HOUR)
    _hold(campaign, "FT-2", replace(BOB, now=NOON + HOUR))
    with pytest.raises(UseRefused), transaction.atomic():
        commit_redemptions(order_ref="FT-1", now=NOON + HOUR)
    assert Redemption.objects.get(order_ref="FT-1").state == "expired"


@pytest.mark.parametrize(("gives_back", "left"), [(True, 0), (False, 1)])
def test_a_return_gives_back_or_not_as_the_campaign_says(gives_back: bool, left: int) -> None:
    campaign = make_campaign("ten", amount_minor=500, code="TEN", budget_minor=500)
    Campaign.objects.update(returns_give_back=gives_back)
    _limit(campaign, max_uses=1)
    _hold(campaign, "FT-1")
    commit_redemptions(order_ref="FT-1", now=NOON)
    assert release_redemptions(order_ref="FT-1", now=NOON, is_return=True) == 1 - left
    used = LimitCounter.objects.get().uses, Coupon.objects.get().redeemed
    assert (*used, Campaign.objects.get().spent_minor) == (left, left, 500 * left)
    assert release_redemptions(order_ref="FT-1", now=NOON) == left  # canceled: always


def test_the_table_itself_refuses_a_counter_below_nothing() -> None:
    campaign = make_campaign("ten", amount_minor=500)
    _limit(campaign, max_uses=1)
    _hold(campaign, "FT-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        LimitCounter.objects.update(uses=-1)
    assert LimitUse.objects.get().uses == 1


def test_what_a_guest_used_is_the_accounts_after_sign_in() -> None:
    campaign = make_campaign("ten", amount_minor=500, code="TEN", per_shopper=2)
    _limit(campaign, entity="shopper", max_uses=2)
    guest, account = _shopper(), _shopper()
    _hold(campaign, "FT-1", replace(BOB, shopper_id=guest))
    _hold(campaign, "FT-2", replace(BOB, shopper_id=account))
    moved = [move_uses(from_shopper_id=guest, to_shopper_id=account) for _ in range(2)]
    assert moved == [1, 0]
    assert list(LimitCounter.objects.values_list("key", "uses")) == [(str(account), 2)]
    assert _refusal(campaign, "FT-3", replace(BOB, shopper_id=account)) == "code_used_by_you"
    assert release_redemptions(order_ref="FT-1", now=NOON) == 1
    assert LimitCounter.objects.get().uses == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_uses": 0},
        {"max_uses": 1, "offer": True},
        {"max_uses": 1, "entity": "order", "period": "day"},
    ],
)
def test_a_limit_that_cannot_be_counted_is_refused(fields: dict[str, Any]) -> None:
    campaign = make_campaign("ten", amount_minor=500)
    if fields.pop("offer", False):
        fields["offer"] = campaign.offers.get()
    with pytest.raises(ValidationError):
        UseLimit(campaign=campaign, **fields).full_clean()
