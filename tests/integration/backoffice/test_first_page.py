"""Who may decide finds on the first page what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from promotions.campaigns.core.workflow import CAMPAIGN, THRESHOLDS
from promotions.models import Campaign, CampaignPolicy
from promotions.release.api import propose_thresholds
from shop.ground.approvals.models import ApprovalRequest
from shop.ground.approvals.selectors import list_waiting
from shop.ground.approvals.services import ask_approval
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.roles import APPROVER, AUDITOR, MERCHANDISER, SUPPORT
from tests.factories.backoffice_prices import NOON

HEADING = "For you to decide"
REASON = "The school year begins."


@pytest.fixture
def asked_by(as_role: Callable[[str], Client]) -> Client:
    """The browser of a merchandiser who asked for six decisions; nothing else waits."""
    browser = as_role(MERCHANDISER)
    person = get_user_model().objects.get(email="merchandiser@staff.example")
    ApprovalRequest.objects.filter(state="waiting").update(state="withdrawn")
    for number, campaign in enumerate(Campaign.objects.order_by("pk")[:6]):
        ask_approval(
            CAMPAIGN,
            campaign.pk,
            name=campaign.name,
            reason=REASON,
            by_id=person.pk,
            now=NOON,
            deadline=utc_now() + timedelta(days=1 + number),
        )
    return browser


def test_the_first_page_begins_with_what_the_reader_may_decide(
    as_role: Callable[[str], Client], asked_by: Client
) -> None:
    page = as_role(APPROVER).get(reverse("admin:index")).content.decode()
    first = Campaign.objects.order_by("pk")[0]
    address = reverse("admin:campaign_workspace", args=[first.pk])
    row = page[page.index(f'href="{address}"') : page.index('id="ft-todo"')]
    assert page.index(HEADING) < page.index(address)
    assert f">{first.name}</a>" in row
    assert row.count(f"<p>{REASON}</p>") == 5
    assert row.count("Asked by merchandiser@staff.example") == 5
    assert row.count(f'href="{reverse("admin:promotions_campaign_approve", args=[first.pk])}"') == 1
    assert row.count("Send back…") == 5
    assert f'href="{reverse("admin:approvals")}">All that waits for approval</a>' in row
    chinese = as_role(SUPPORT).get("/zh-hans" + reverse("admin:index")).content.decode()
    assert "由您决定" not in chinese


def test_nothing_to_decide_is_shown_without_the_right(
    as_role: Callable[[str], Client], asked_by: Client
) -> None:
    for browser in (asked_by, as_role(SUPPORT), as_role(AUDITOR)):
        assert HEADING not in browser.get(reverse("admin:index")).content.decode()


def test_the_waiting_list_costs_three_queries_at_any_length(
    as_role: Callable[[str], Client],
    asked_by: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    as_role(APPROVER)
    reader = get_user_model().objects.get(email="approver@staff.example")
    assert reader.has_perm(CAMPAIGN.label.replace(".", ".view_"))  # reads the reader's rights
    with django_assert_num_queries(3):
        assert len(list_waiting(reader, now=NOON, only_mine=True)) == 6


def test_the_effect_of_a_new_version_is_told_as_money(as_role: Callable[[str], Client]) -> None:
    as_role(MERCHANDISER)
    person = get_user_model().objects.get(email="merchandiser@staff.example")
    active = CampaignPolicy.objects.get(is_active=True)
    changes = {"two_person_budget_minor": active.two_person_budget_minor + 100}
    propose_thresholds(changes=changes, reason=REASON, by_id=person.pk, now=utc_now())
    asked = ApprovalRequest.objects.filter(kind=THRESHOLDS.label, state="waiting").latest("pk")
    shown = as_role(APPROVER).get(reverse("admin:approval_effect", args=[asked.pk]))
    before = show_money(active.two_person_budget_minor, "USD")
    after = show_money(active.two_person_budget_minor + 100, "USD")
    assert f"<del>{before}</del>" in shown.content.decode()
    assert f"<ins>{after}</ins>" in shown.content.decode()
    assert as_role("warehouse").get(shown.wsgi_request.path).status_code == 404
