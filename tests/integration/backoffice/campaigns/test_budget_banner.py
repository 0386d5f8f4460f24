"""The dashboard says which running campaigns spent half, four fifths or all of their budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from promotions.coupons.selectors.limits import list_budget_alerts
from promotions.models import Campaign
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import MERCHANDISER, SUPPORT
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
HEADING = "Budgets that are running out"


def spend(code: str, minor: int) -> Campaign:
    """Spend of a running campaign of 10.00."""
    now = utc_now()
    found = Campaign.objects.filter(code=code)
    if not found:
        make_campaign(code, percent="10", budget_minor=1_000)
    found.update(starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9))
    found.update(spent_minor=minor)
    return found.get()


def test_budgets_are_listed_once_the_fullest_first(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    spend("little", 499)
    half, most, all_of_it = spend("half", 500), spend("most", 850), spend("all", 1_000)
    for change in ({"status": "ended"}, {"ends_at": utc_now()}, {"budget_minor": 9_000}):
        code = f"gone-{next(iter(change))}"
        spend(code, 900)
        Campaign.objects.filter(code=code).update(**change)
    with django_assert_num_queries(1):
        rows = list_budget_alerts(now=utc_now())
    told = [(row.campaign_id, row.percent, row.is_spent) for row in rows]
    assert told == [(all_of_it.pk, 100, True), (most.pk, 80, False), (half.pk, 50, False)]
    spend("all", 700)  # given back: what was reached stays told, with what is spent now
    rows = list_budget_alerts(now=utc_now())
    fullest = [(row.campaign_id, row.percent) for row in rows[:2]]
    assert fullest == [(most.pk, 80), (all_of_it.pk, 100)]


def test_staff_of_campaigns_read_it_on_their_first_page(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    assert HEADING not in browser.get(reverse("admin:index")).content.decode()
    most, empty = spend("most", 850), spend("empty", 1_000)
    page = browser.get(reverse("admin:index")).content.decode()
    address = reverse("admin:promotions_campaign_change", args=[most.pk])
    assert HEADING in page
    # The clock of the days on this page: noon there is another hour elsewhere.
    noon = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo(settings.BUSINESS_TIME_ZONE))
    most.alerts.update(at=noon)
    page = browser.get(reverse("admin:index")).content.decode()
    said = (
        f'<a href="{address}">{most.name}</a> · $8.50 of $10.00 spent (85 %)'
        " · 80 % reached 2026-11-20 12:00</li>"
    )
    assert said in page
    assert "all of $10.00 spent: its offers apply to nobody any more · 100 % reached" in page
    assert page.index(f">{empty.name}</a>") < page.index(f">{most.name}</a>")
    chinese = browser.get("/zh-hans" + reverse("admin:index"))
    assert "即将用完的预算" in chinese.content.decode()
    assert HEADING not in as_role(SUPPORT).get(reverse("admin:index")).content.decode()
