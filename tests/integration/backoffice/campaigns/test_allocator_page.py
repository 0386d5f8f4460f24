"""The page of the allocator: what staff see, and the switch per campaign."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django.fixtures import DjangoAssertNumQueries

from promotions.models import (
    AllocationPlan,
    Campaign,
    CampaignEvent,
    Offer,
    OfferBelief,
    OfferDecision,
    UpliftVersion,
)
from promotions.targeting.selectors.staff_pages import list_allocations
from promotions.targeting.services.allocation_plans import AllocationRefused, set_allocation
from shop.ground.kernel.clock import utc_now
from tests.factories.promotions import NOON, make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def test_staff_switch_it_on_and_see_what_it_does(root: Client) -> None:
    campaign = make_campaign("cheese", percent="10", audience="personal", budget_minor=50_000)
    said = root.post(
        reverse("admin:set_allocator"), {"campaign": campaign.pk, "is_on": "1"}, follow=True
    ).content.decode()
    assert "given out by the allocator" in said
    assert "Nothing is learned yet" in said
    offer = campaign.offers.get()
    for arm, chosen, depth in (("control", None, 0.0), ("chance", offer, 0.1)):
        OfferDecision.objects.create(
            at=NOON,
            campaign=campaign,
            offer=chosen,
            arm=arm,
            propensity=0.05,
            depth=depth,
            reason=arm,
        )
    deciles = [{"predicted": 0.1, "observed": 0.12, "sd": 0.01}] * 10
    metrics = {
        "slope": 0.9,
        "slope_sd": 0.1,
        "deciles": deciles,
        "qini": {"0.1": [0.02, 0.01, 0.03]},
    }
    UpliftVersion.objects.create(
        status="active", trained_at=NOON, rows=5_000, metrics=metrics, arrays=b"", sha256=""
    )
    page = root.get(reverse("admin:allocator")).content.decode()
    assert "slope 0.90 ± 0.20" in page
    assert "No offer, by chance" in page
    assert "0.0200 (0.0100 – 0.0300)" in page
    with override("zh-hans"):
        assert (
            "不发优惠"
            in root.get(reverse("admin:allocator"), HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
        )
    root.post(reverse("admin:set_allocator"), {"campaign": campaign.pk})
    assert not AllocationPlan.objects.get().is_on


def make_campaign_to_explore() -> AllocationPlan:
    """A campaign with two depths: one is known, the other never took part."""
    campaign = make_campaign("cheese", percent="10", audience="personal")
    first = campaign.offers.get()
    Offer.objects.create(
        campaign=campaign, code="deeper", name="Deeper", percent=20, benefit_kind="percentage"
    )
    OfferBelief.objects.create(
        offer=first, is_new=False, mean=0.8, sd=0.1, decisions=412, made_at=NOON, seed="a"
    )
    OfferDecision.objects.bulk_create(
        OfferDecision(
            at=NOON,
            campaign=campaign,
            offer=first,
            arm="chance" if reason == "by_chance" else "chosen",
            propensity=0.1,
            depth=0.1,
            reason=reason,
        )
        for reason in ["by_chance"] * 5 + ["explored"] * 3 + ["chosen"] * 2
    )
    return AllocationPlan.objects.create(campaign=campaign, salt="cheese")


def test_beliefs_are_shown_with_their_tries(root: Client) -> None:
    make_campaign_to_explore()
    [view] = list_allocations(now=utc_now())
    assert view.exploration_share == 0.2
    known, unknown = view.beliefs
    assert (known.mean, known.sd, known.is_new, known.decisions) == (0.8, 0.1, False, 412)
    assert (known.by_chance, known.explored, known.chosen) == (5, 3, 2)
    assert (unknown.mean, unknown.is_new, unknown.by_chance) == (None, True, 0)
    page = root.get(reverse("admin:allocator")).content.decode()
    for words in ("0.60 – 1.00", "For 20 % of the shoppers", "nothing yet", "What offers add"):
        assert words in page, words


def test_staff_set_the_share_that_explores_inside_its_bounds(
    root: Client, as_role: Callable[[str], Client]
) -> None:
    plan = make_campaign_to_explore()
    address, wanted = (
        reverse("admin:set_exploring"),
        {"campaign": plan.campaign_id, "percent": "35"},
    )
    said = root.post(address, wanted, follow=True).content.decode()
    assert "For 35 % of the shoppers" in said
    for percent in ("51", "-1", "nan", ""):
        said = root.post(address, wanted | {"percent": percent}, follow=True).content.decode()
        assert "from 0 to 50 %" in said
    said = root.post(address, wanted | {"campaign": 0}, follow=True).content.decode()
    assert "No campaign has this number." in said
    assert as_role("analyst").post(address, wanted).status_code == 403
    plan.refresh_from_db()
    assert plan.exploration_share == 0.35
    event = CampaignEvent.objects.get()
    told = (event.step, event.reason, event.by_id)
    assert told == ("explore", "20 % -> 35 %", int(root.session["_auth_user_id"]))


def test_reading_the_page_costs_the_same_for_many_campaigns(
    root: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        other = make_campaign(f"more-{number}", percent="10", audience="personal")
        AllocationPlan.objects.create(campaign=other, salt="x")
    with django_assert_num_queries(6):
        assert len(list_allocations(now=utc_now())) == 5


def test_only_what_can_be_given_out_has_a_switch(root: Client) -> None:
    able = make_campaign("able", percent="10", audience="personal")
    coded = make_campaign("coded", percent="10", code="TEN", audience="personal")
    over = make_campaign("over", percent="10", audience="personal")
    Campaign.objects.filter(pk=over.pk).update(ends_at=utc_now())
    page = root.get(reverse("admin:allocator")).content.decode()
    switch = '<input type="hidden" name="campaign" value="{}">'
    assert switch.format(able.pk) in page
    assert switch.format(coded.pk) not in page
    assert switch.format(over.pk) not in page
    assert "1 more campaign for chosen shoppers needs a code" in page
    with override("zh-hans"):
        chinese = root.get(reverse("admin:allocator"), HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert "另有 1 个面向指定顾客的活动" in chinese.content.decode()


def test_what_cannot_be_given_out_is_refused_with_the_reason(root: Client) -> None:
    public = make_campaign("public", percent="10")
    coupon = make_campaign("coupon", percent="10", code="TEN", audience="personal")
    for campaign, reason in ((public, "for chosen shoppers"), (coupon, "applies by itself")):
        with pytest.raises(AllocationRefused, match=reason):
            set_allocation(campaign_id=campaign.pk, is_on=True)
    answer = root.post(
        reverse("admin:set_allocator"), {"campaign": public.pk, "is_on": "1"}, follow=True
    )
    assert "No campaign has this number." in answer.content.decode()
    assert not AllocationPlan.objects.exists()
