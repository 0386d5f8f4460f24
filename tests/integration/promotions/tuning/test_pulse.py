"""The pulse of a campaign: counted by the minute, again and again, to the same figures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.events.services.events import record_purchase_events, record_return_events
from profiles.models import Review
from profiles.reviews.services import write_review
from profiles.values import PurchasedLine
from promotions.coupons.services.redemptions import commit_redemptions, release_redemptions
from promotions.models import Campaign
from promotions.tuning.core.values import MetricTotals
from promotions.tuning.selectors.adjusting import sum_pulses
from promotions.tuning.services.campaign_metrics import collect_pulse
from shop.ground.catalog.models import Variant
from tests.factories.campaign_pulse import MINUTE, act, let_adjust, note, redeem
from tests.factories.orders import Shelf, make_shopper
from tests.factories.promotions import NOON, make_campaign

pytestmark = pytest.mark.django_db


def live_through_a_day(shelf: Shelf) -> tuple[Campaign, float]:
    """Alice looks, clicks, buys, sends back and reviews; return the campaign and her tone."""
    Variant.objects.filter(pk=shelf.rye).update(cost_minor=100, cost_source="merchant")
    campaign = make_campaign("bread", percent="10")
    offer, alice, bob = str(campaign.offers.get().pk), make_shopper(), make_shopper()
    at = NOON - 30 * MINUTE
    for second in range(3):
        act(alice, "offer_view", at + timedelta(seconds=second), offer_ref=offer)
    act(alice, "offer_click", at, offer_ref=offer)
    act(alice, "cart_add", at + MINUTE, variant_id=shelf.rye)
    act(bob, "cart_add", at + MINUTE, variant_id=shelf.rye)  # never opened the offer
    redeem(campaign, alice, "FT-1", at + 2 * MINUTE, 60)
    line = PurchasedLine(shelf.rye, 2, 540, 600, is_discounted=True)
    fields = {"shopper_id": alice.id, "lines": [line], "channel": "online", "now": NOON}
    record_purchase_events(basket_ref="FT-1", occurred_at=at + 3 * MINUTE, **fields)
    record_return_events(basket_ref="FT-1#7", occurred_at=at + 20 * MINUTE, **fields)
    product = Variant.objects.get(pk=shelf.rye).product_id
    write_review(
        shopper_id=alice.id,
        variant_ids={shelf.rye: product},
        rating=5,
        text="Lovely and fresh",
        now=at + 25 * MINUTE,
    )
    return campaign, Review.objects.get().positivity or 0.0


def test_the_pulse_counts_looks_clicks_carts_orders_returns_and_reviews(shelf: Shelf) -> None:
    campaign, glad = live_through_a_day(shelf)
    assert collect_pulse(now=NOON) == 5
    assert sum_pulses([campaign.pk])[campaign.pk] == MetricTotals(
        impressions=3,
        clicks=1,
        carts=1,
        redemptions=1,
        spend_minor=60,
        sales_minor=540,
        margin_minor=340,
        margin_squares=340.0**2,
        returns=1,
        returned_minor=540,
        reviews=1,
        rating_sum=5,
        read=1,
        positivity_sum=glad,
        positivity_squares=glad**2,
    )
    assert glad > 0.5


def test_counting_again_changes_nothing_and_a_release_is_taken_back(shelf: Shelf) -> None:
    campaign, alice = make_campaign("bread", percent="10"), make_shopper()
    redeem(campaign, alice, "FT-1", NOON - 5 * MINUTE, 60)
    redeem(campaign, alice, "FT-2", NOON - 4 * MINUTE, 40)
    for _ in range(2):
        assert collect_pulse(now=NOON) == 2
        assert sum_pulses([campaign.pk])[campaign.pk].spend_minor == 100
    release_redemptions(order_ref="FT-2", now=NOON)
    assert collect_pulse(now=NOON) == 1
    assert sum_pulses([campaign.pk])[campaign.pk].spend_minor == 60


def test_orders_count_once_they_are_paid(shelf: Shelf) -> None:
    campaign, alice = make_campaign("bread", percent="10"), make_shopper()
    redeem(campaign, alice, "FT-1", NOON - 5 * MINUTE, 60, state="held")
    redeem(campaign, alice, "FT-2", NOON - 4 * MINUTE, 40, state="expired")
    assert (collect_pulse(now=NOON), campaign.minutes.count()) == (0, 0)
    commit_redemptions(order_ref="FT-1", now=NOON)
    assert collect_pulse(now=NOON) == 1
    counted = campaign.minutes.get()
    assert (counted.minute, counted.redemptions) == (NOON - 5 * MINUTE, 1)
    assert counted.spend_minor == 60


def test_an_unknown_cost_is_assumed_as_prices_assume_it(shelf: Shelf) -> None:
    Variant.objects.filter(pk=shelf.rye).update(cost_minor=None, cost_source="unknown")
    campaign, alice = make_campaign("bread", percent="10"), make_shopper()
    redeem(campaign, alice, "FT-1", NOON - 5 * MINUTE, 60)
    record_purchase_events(
        shopper_id=alice.id,
        basket_ref="FT-1",
        lines=[PurchasedLine(shelf.rye, 2, 540, 600)],
        occurred_at=NOON - 4 * MINUTE,
        channel="online",
        now=NOON,
    )
    collect_pulse(now=NOON)
    assert sum_pulses([campaign.pk])[campaign.pk].margin_minor == 540 - 420


def test_the_pulse_of_many_campaigns_costs_no_more_queries(
    shelf: Shelf, django_assert_max_num_queries: object
) -> None:
    alice = make_shopper()
    for number in range(5):
        campaign = make_campaign(f"bread-{number}", percent="10")
        redeem(campaign, alice, f"FT-{number}", NOON - 5 * MINUTE, 60)
    with django_assert_max_num_queries(16):  # type: ignore[operator]  # the plugin's context
        assert collect_pulse(now=NOON) == 5


def test_only_what_came_after_the_last_change_is_judged(shelf: Shelf) -> None:
    campaign = make_campaign("bread", percent="10")
    note(campaign, NOON - 60 * MINUTE, spend_minor=70)
    note(campaign, NOON - 10 * MINUTE, spend_minor=5)
    assert sum_pulses([campaign.pk])[campaign.pk].spend_minor == 75
    let_adjust(campaign, changed_at=NOON - 30 * MINUTE)
    assert sum_pulses([campaign.pk])[campaign.pk].spend_minor == 5
