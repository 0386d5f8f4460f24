"""Running campaigns in the admin: what they propose, a word of yes or no, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, CampaignAdjustment, CampaignMinute, CampaignTuning
from shop.ground.kernel.clock import utc_now
from tests.factories.promotions import make_campaign

REASON = "because the shelf was counted"


@pytest.fixture
def change(db: None) -> CampaignAdjustment:
    """A public campaign of 10 % that would take a step back."""
    now = utc_now()
    campaign = make_campaign("Fresh bread", percent="10")
    campaign.starts_at, campaign.ends_at = now - timedelta(days=2), now + timedelta(days=5)
    campaign.save()
    CampaignMinute.objects.create(
        campaign=campaign,
        minute=now.replace(second=0, microsecond=0),
        impressions=400,
        clicks=40,
        redemptions=7,
        spend_minor=700,
        sales_minor=9_000,
        margin_minor=-150,
        read=2,
        positivity_sum=1.5,
    )
    return CampaignAdjustment.objects.create(
        campaign=campaign,
        lever="depth",
        source="rule",
        reason_code="sold_below_cost",
        before=10.0,
        after=7.5,
        evidence={"low_minor": -400.0, "high_minor": -100.0, "orders": 200},
        state="waiting",
        bound_by="promise",
        proposed_at=now,
        last_seen_at=now,
    )


def decide(browser: Client, change: CampaignAdjustment, **fields: Any) -> str:
    answer = browser.post(
        reverse("admin:decide_adjusting"), {"adjustment": change.pk, **fields}, follow=True
    )
    change.refresh_from_db()
    return answer.content.decode()


def test_the_page_says_what_why_and_on_what_evidence(
    root: Client, change: CampaignAdjustment, django_assert_max_num_queries: Any
) -> None:
    root.get(reverse("admin:adjusting"))
    with django_assert_max_num_queries(20):
        page = root.get(reverse("admin:adjusting")).content.decode()
    for words in (
        "Fresh bread",
        "Its orders lose money after the discount.",
        "it takes back what shoppers were told",
        "7.5 %",
        "only proposes",
        "Positive reviews",
        "75 %",
    ):
        assert words in page, words


@pytest.mark.parametrize("audience", ["public", "personal"])
def test_a_change_of_exposure_names_the_new_place(
    root: Client, change: CampaignAdjustment, audience: str
) -> None:
    now, campaign = utc_now(), change.campaign
    others = [make_campaign(f"other-{n}", percent="10", audience=audience) for n in range(3)]
    Campaign.objects.update(starts_at=now - timedelta(days=2), ends_at=now + timedelta(days=5))
    Campaign.objects.filter(pk=campaign.pk).update(audience=audience)
    for other, weight in zip(others, (1.5, 1.2, 0.8), strict=True):
        CampaignTuning.objects.create(campaign=other, exposure_weight=weight)
    forget_offer_book()
    CampaignAdjustment.objects.update(lever="exposure", before=1.0, after=1.25)
    said = "Among the 4 offers " + (
        "on pages for everybody: position 3 now, 2 afterwards"
        if audience == "public"
        else "sent to shoppers, on pages and in the weekly e-mail: position 3 now, 2 afterwards"
    )
    assert said in root.get(reverse("admin:adjusting")).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(status="paused")
    forget_offer_book()
    assert "It is not shown on its own" in root.get(reverse("admin:adjusting")).content.decode()
    CampaignAdjustment.objects.update(state="applied", decided_at=now)
    page = root.get(f"{reverse('admin:adjusting')}?tab=applied").content.decode()
    assert "It is not shown on its own" not in page


def test_a_yes_moves_the_depth_and_undo_brings_it_back(
    root: Client, change: CampaignAdjustment
) -> None:
    assert "the next checks measure" in decide(root, change, verb="approve")
    offer = change.campaign.offers.get()
    assert (change.state, float(offer.percent)) == ("applied", 7.5)
    assert "Give a reason of at least 5 characters" in decide(root, change, verb="undo")
    assert change.state == "applied"
    assert "as it was before" in decide(root, change, verb="undo", reason=REASON)
    offer.refresh_from_db()
    assert (change.state, change.note, float(offer.percent)) == ("undone", REASON, 10.0)


def test_a_no_needs_a_reason_and_moves_nothing(root: Client, change: CampaignAdjustment) -> None:
    decide(root, change, verb="reject")
    assert change.state == "waiting"
    decide(root, change, verb="reject", reason=REASON)
    assert (change.state, change.note) == ("rejected", REASON)
    assert "does not wait any more" in decide(root, change, verb="approve")
    assert float(change.campaign.offers.get().percent) == 10.0


def test_staff_let_a_campaign_adjust_itself_and_take_it_back(
    root: Client, change: CampaignAdjustment
) -> None:
    fields = {"campaign": change.campaign_id}
    root.post(reverse("admin:set_adjusting"), {**fields, "is_automatic": "1"})
    assert CampaignTuning.objects.get(campaign=change.campaign_id).is_automatic
    root.post(reverse("admin:set_adjusting"), fields)
    assert not CampaignTuning.objects.get(campaign=change.campaign_id).is_automatic
    answer = root.post(reverse("admin:set_adjusting"), {"campaign": 10**9}, follow=True)
    assert "no such campaign" in answer.content.decode()


def test_strangers_and_readers_decide_nothing(client: Client, change: CampaignAdjustment) -> None:
    for name in ("decide_adjusting", "set_adjusting"):
        answer = client.post(reverse(f"admin:{name}"), {"adjustment": change.pk, "verb": "approve"})
        assert answer.status_code in (302, 403)
    change.refresh_from_db()
    assert change.state == "waiting"


def test_the_page_speaks_chinese(root: Client, change: CampaignAdjustment) -> None:
    with override("zh-hans"):
        page = root.get(reverse("admin:adjusting")).content.decode()
    assert "折扣后其订单毛利为负。" in page


def test_the_page_shows_a_failed_check_and_uncounted_orders(
    root: Client, change: CampaignAdjustment
) -> None:
    page = root.get(reverse("admin:adjusting")).content.decode()
    assert "last check of this campaign failed" not in page
    assert "More orders than impressions" not in page
    CampaignTuning.objects.create(campaign=change.campaign, fault="ValueError: math domain error")
    CampaignMinute.objects.update(impressions=2)
    page = root.get(reverse("admin:adjusting")).content.decode()
    assert "The next minute tries again: ValueError: math domain error" in page
    assert "More orders than impressions" in page
