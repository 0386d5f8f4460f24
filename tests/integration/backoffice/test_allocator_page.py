"""The page of the allocator: what staff see, and the switch per campaign."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from promotions.models import AllocationPlan, Campaign, OfferDecision, UpliftVersion
from promotions.services.allocation_plans import AllocationRefused, set_allocation
from shop.kernel.clock import utc_now
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
