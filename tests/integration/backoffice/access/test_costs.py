"""Costs, margins and floors are shown to who reads price books; support sees the switch of prices,
not what the shop pays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order, OrderLine
from profiles.models import Shopper
from promotions.models import (
    BudgetAlert,
    Campaign,
    CampaignAdjustment,
    CampaignCheck,
    LimitCounter,
    Redemption,
    UseLimit,
)
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.views import insights
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, APPROVER, SUPPORT
from tests.factories.backoffice_prices import NOON, make_quote

DAY = timedelta(days=1)
LINK = re.compile(f'href="({reverse("admin:index")}[^"]*)"')


def sell_under_campaign(now: datetime) -> Campaign:
    """Let a live campaign with a goal have given 50 cents on an order of today."""
    campaign = Campaign.objects.order_by("pk")[0]
    Order.objects.update(placed_at=now, status="paid")
    line = OrderLine.objects.order_by("pk")[0]
    OrderLine.objects.filter(pk=line.pk).update(
        adjustments=[{"campaign_id": campaign.pk, "amount_minor": -50}]
    )
    Redemption.objects.update(campaign=campaign, order_ref=line.order.number)
    Campaign.objects.filter(pk=campaign.pk).update(
        status="live", goal="margin", starts_at=now - DAY, ends_at=now + DAY
    )
    return campaign


@pytest.mark.parametrize(("role", "sees"), [(SUPPORT, False), (ANALYST, True)])
def test_pages_show_costs_by_role(as_role: Callable[[str], Client], role: str, sees: bool) -> None:
    browser, variant = as_role(role), Variant.objects.order_by("pk")[0]
    product = reverse("admin:shop_product_change", args=[variant.product_id])
    campaign = sell_under_campaign(utc_now())
    weighed = {"minor": 450, "demand_ratio": 1.2, "payoff_ratio": 1.1, "outcome": "chosen"}
    inputs = {"unit_cost": 301.0, "extra_cost": 7.0, "floor_minor": 350, "elasticity": -2.0}
    shopper = Shopper.objects.order_by("pk")[0]
    quote_id = make_quote(
        variant, shopper, NOON + DAY, inputs=inputs, candidates=[weighed, weighed | {"minor": 480}]
    )
    quote = reverse("admin:quote", args=[quote_id])
    for address, words in (
        (quote, ("costofonepiece", "whatelseasalecosts", "$3.50", "Payoff", "Expectedpayoff")),
        (
            reverse("admin:campaign_workspace", args=[campaign.pk]),
            ("Margin<", "Moremargin", "$0.50", "Discountcost", "Givenaway"),
        ),
        (
            reverse("admin:campaign_results_csv", args=[campaign.pk]),
            ("discount_minor", ",50,", "returned_minor", "unit_cost_minor"),
        ),
        (reverse("admin:index"), ("Margin",)),
        (reverse("admin:insights"), ("Margin",)),
        (reverse("admin:insights") + "?format=csv", ("Margin",)),
        (reverse("admin:insights_promotions"), ("$0.50", "Discountcost")),
        (reverse("admin:insights_promotions") + "?format=csv", ("$0.50", "Discountcost", "Share")),
        (reverse("admin:shop_variant_changelist"), (">Cost<",)),
        (product, ('">Cost</th>', '">Floor</th>', "Margin")),
        (reverse("admin:prices_today"), ("Floor",)),
    ):
        forget_all()
        answer = browser.get(address, follow=True)
        assert answer.status_code == 200, address
        page = "".join(answer.content.decode().split())
        for word in words:
            assert (word in page) is sees, (address, word)


def rehearse(campaign: Campaign, figures: list[list[str]]) -> None:
    """Keep a forecast of the campaign with these figures of money."""
    band = {"day": "2026-11-25", "uses": [1, 2, 3], "given_minor": [1, 2, 3]}
    carts = {"carts": 9, "people": 4, "since": "", "until": "", "refused": 0}
    prospect = {"scarce": [], "lowered": [], "is_public": True}
    answer = {
        "tried": carts | {"spent_out_day": None, "at_floor": 0, "is_cut": False},
        "figures": [["Carts it would have applied to", "40 %", "30 % – 50 %"], *figures],
        "bands": [band | {"margin_minor": [1, 2, 3]}],
        "burn": [{"day": "2026-11-25", "carts": 9, "burnt": "$7.77", "left": "$2.23"}],
        "prospect": prospect,
        "audience": {"count": 3, "total": 9, "every": 1, "is_at_most": False, "cart_share": None},
        "conflicts": [],
        "displaced": [],
    }
    said = {"kind": "rehearsal", "state": "done", "asked_at": NOON, "ended_at": NOON}
    CampaignCheck.objects.create(
        campaign=campaign, **said, begun_at=NOON, answer={"en": answer | {"daily": []}}
    )


def spend_budget(campaign: Campaign) -> UseLimit:
    """Let a campaign have used 89 % of its budget, and propose a change for that; return a limit of
    it that counts, too."""
    spent = {"budget_minor": 1_000, "spent_minor": 890}
    Campaign.objects.filter(pk=campaign.pk).update(**spent)
    Redemption.objects.update(state="committed")
    BudgetAlert.objects.all().delete()
    BudgetAlert.objects.create(campaign=campaign, percent=80, at=utc_now(), **spent)
    CampaignAdjustment.objects.create(
        campaign=campaign,
        proposed_at=utc_now(),
        last_seen_at=utc_now(),
        lever="depth",
        before=10.0,
        after=7.5,
        source="rule",
        reason_code="sold_below_cost",
        evidence={"pace": 1.4, "spent_minor": 654},
        expected_minor=321,
        state="waiting",
    )
    limit = UseLimit.objects.order_by("pk")[0]
    LimitCounter.objects.create(limit=limit, period="2026-11", uses=2, spent_minor=890)
    return limit


@pytest.mark.parametrize(("role", "sees"), [(SUPPORT, False), (ANALYST, True)])
def test_what_campaigns_give_away_is_shown_by_role(
    as_role: Callable[[str], Client], role: str, sees: bool
) -> None:
    campaign, browser = sell_under_campaign(utc_now()), as_role(role)
    limit = spend_budget(campaign)
    given = ["Given away on top, in all", "$7.70", "$7.10 – $7.90"]
    rehearse(campaign, [given, ["Margin of these carts with it", "$9.90", "$9 – $10"]])
    page = reverse("admin:campaign_workspace", args=[campaign.pk])
    counters = reverse("admin:promotions_uselimit_change", args=[limit.pk])
    for address, words, always in (
        (page, ("$7.70", "$9.90", "$7.77", "Given away so far"), ("40 %", "Carts that get it")),
        (counters, ("mount spent",), ("Uses",)),
        (
            reverse("admin:promotions_campaign_changelist"),
            ("$8.90 / $10.00", "uses, $"),
            ("89 %",),
        ),
        (
            reverse("admin:promotions_campaign_change", args=[campaign.pk]),
            ("Held and committed discounts",),
            ("Budget",),
        ),
        (reverse("admin:index"), ("$8.90 of $10.00",), (campaign.name, "80 % reached")),
        (
            reverse("admin:adjusting"),
            ("$8.90 / $10.00", "Discounts", "$6.54", "$3.21"),
            (campaign.name, "Clicks", "budget spent to time passed"),
        ),
    ):
        forget_all()
        shown = browser.get(address).content.decode()
        for word in words:
            assert (word in shown) is sees, (address, word)
        for word in always:
            assert word in shown, (address, word)


def test_support_meets_no_link_it_may_not_open(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insights, "list_lift_days", lambda: ("a day",))
    monkeypatch.setattr(insights, "tell_lift", lambda _days: {"verdict": "+$1.00 a visit"})
    browser = as_role(SUPPORT)
    quote_id = make_quote(Variant.objects.order_by("pk")[0], Shopper.objects.order_by("pk")[0])
    links = set[str]()
    for address in (
        reverse("admin:insights"),
        reverse("admin:insights_promotions"),
        reverse("admin:quote", args=[quote_id]),
    ):
        page = browser.get(address).content.decode()
        assert "+$1.00 a visit" not in page
        links |= {unescape(one) for one in LINK.findall(page)}
    refused = [one for one in sorted(links) if browser.get(one).status_code == 403]
    assert (len(links) > 9, refused) == (True, [])


def test_a_shoppers_page_shows_support_no_margin(
    as_role: Callable[[str], Client], root: Client
) -> None:
    address = reverse("admin:shopper_overview", args=[Shopper.objects.order_by("pk")[0].pk])
    for browser, sees in ((as_role(SUPPORT), False), (root, True)):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert (">Margin<" in answer.content.decode()) is sees


def test_support_sees_the_kill_switch_and_flips_none(as_role: Callable[[str], Client]) -> None:
    browser, address = as_role(SUPPORT), reverse("admin:safety")
    page = browser.get(address)
    assert (page.status_code, page.context["may_flip"]) == (200, False)
    stop = {"scope": "global", "key": "", "is_active": "stop", "reason": "Because I can"}
    assert browser.post(reverse("admin:flip_switch"), stop).status_code == 403
    assert as_role(APPROVER).get(address).context["may_flip"] is True
