"""Who may decide finds on the first page what waits for a second person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import OnlineEvidence
from pricing.publishing.core.changes import MODEL_USE
from promotions.campaigns.core.workflow import ADJUSTMENT, CAMPAIGN, TERMS, THRESHOLDS
from promotions.models import (
    Campaign,
    CampaignCheck,
    CampaignPolicy,
    Offer,
    OfferVariant,
    PointsAccount,
    PointsAdjustment,
)
from promotions.release.api import (
    move_campaign,
    open_for_change,
    propose_thresholds,
    record_change,
)
from shop.doors.backoffice.home.todos import Todo
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.tasks import check_running_campaigns
from shop.ground.approvals.models import ApprovalRequest
from shop.ground.approvals.selectors import list_waiting
from shop.ground.approvals.services import ask_approval
from shop.ground.catalog.models import Variant
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.log import record_act
from shop.ground.staff.roles import ANALYST, APPROVER, AUDITOR, MERCHANDISER, SUPPORT
from tests.factories.backoffice_prices import NOON
from tests.factories.promotions import make_campaign

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


def test_a_waiting_model_says_why_and_offers_a_trial(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(APPROVER)
    asked = ApprovalRequest.objects.filter(kind=MODEL_USE.label, state="waiting").latest("pk")
    others = ApprovalRequest.objects.filter(kind=MODEL_USE.label).exclude(pk=asked.pk)
    others.update(state="withdrawn")
    check = {"reasons": [{"code": "far_share", "value": 0.22, "limit": 0.1}]}
    DemandModelVersion.objects.filter(pk=asked.object_id).update(metrics={"refit_check": check})
    shown = browser.get(reverse("admin:approval_effect", args=[asked.pk])).content.decode()
    assert "22 % of the products would move by more than one price point (bound 10 %)" in shown
    page = browser.get(reverse("admin:approvals")).content.decode()
    trial = f"{reverse('admin:pricing_modelramp_begin')}?model={asked.object_id}"
    approve = reverse("admin:pricing_demandmodelversion_approve", args=[asked.object_id])
    assert 0 < page.index(f'href="{trial}"') < page.index(f'href="{approve}"')
    dialog = browser.get(trial).content.decode()
    assert f'<option value="{asked.object_id}" selected>' in dialog


def hand_in(as_role: Callable[[str], Client]) -> Campaign:
    """Return a campaign that a merchandiser handed in, for which two people are needed."""
    as_role(MERCHANDISER)
    person = get_user_model().objects.get(email="merchandiser@staff.example")
    campaign = make_campaign("deep-cut", percent="35", budget_minor=200_000)
    Campaign.objects.filter(pk=campaign.pk).update(status="draft")
    offer = Offer.objects.get(campaign=campaign)
    for variant in Variant.objects.order_by("pk")[:3]:
        OfferVariant.objects.create(offer=offer, variant=variant)
    said = {"campaign_id": campaign.pk, "reason": REASON, "by_id": person.pk}
    move_campaign(**said, step="schedule", now=campaign.starts_at)
    campaign.refresh_from_db()
    return campaign


def effect_of(browser: Client, campaign: Campaign) -> str:
    """Return what a reader is told of a campaign that waits."""
    waits = {"kind": CAMPAIGN.label, "object_id": campaign.pk, "state": "waiting"}
    asked = ApprovalRequest.objects.get(**waits)
    return browser.get(reverse("admin:approval_effect", args=[asked.pk])).content.decode()


def test_a_campaign_says_which_limit_it_goes_beyond(as_role: Callable[[str], Client]) -> None:
    campaign = hand_in(as_role)
    said = effect_of(as_role(APPROVER), campaign)
    assert "It takes off 35 %; one person decides up to 30 %." in said


def test_a_campaign_says_its_size_and_what_a_rehearsal_found(
    as_role: Callable[[str], Client],
) -> None:
    campaign, browser = hand_in(as_role), as_role(APPROVER)
    said = effect_of(browser, campaign)
    for words in ("3 products", "everybody", "It was not rehearsed yet."):
        assert f"<dd>{words}" in said
    figures = [["Carts", "40 %", "30 % – 50 %"], ["Given away", "$7.70", "$7 – $8"]]
    check = CampaignCheck.objects.create(
        campaign=campaign,
        kind="rehearsal",
        state="done",
        asked_at=NOON,
        revision=campaign.revision,
        answer={"en": {"figures": figures}},
    )
    for reader, sees_money in ((browser, True), (as_role(SUPPORT), False)):
        said = effect_of(reader, campaign)
        assert "<dd>40 % (30 % – 50 %)</dd>" in said
        assert ("<dd>$7.70 ($7 – $8)</dd>" in said) is sees_money
    CampaignCheck.objects.filter(pk=check.pk).update(revision=campaign.revision + 1)
    assert "<dd>the campaign changed since</dd>" in effect_of(browser, campaign)


def test_a_campaign_is_rehearsed_before_it_is_approved(as_role: Callable[[str], Client]) -> None:
    campaign, browser = hand_in(as_role), as_role(APPROVER)
    rehearsal = reverse("admin:campaign_workspace", args=[campaign.pk]) + "#ft-rehearsal"
    approve = reverse("admin:promotions_campaign_approve", args=[campaign.pk])
    page = browser.get(reverse("admin:approvals")).content.decode()
    assert 0 < page.index(f'href="{rehearsal}"') < page.index(f'href="{approve}"')
    Campaign.objects.filter(pk=campaign.pk).update(status="live", pending_revision=1)
    page = browser.get(reverse("admin:approvals")).content.decode()
    assert f'href="{rehearsal}"' not in page
    assert f'href="{approve}"' in page


def test_a_change_of_a_live_campaign_says_what_it_changes(as_role: Callable[[str], Client]) -> None:
    campaign, browser = hand_in(as_role), as_role(APPROVER)
    person = get_user_model().objects.get(email="approver@staff.example")
    said = {"campaign_id": campaign.pk, "reason": REASON, "by_id": person.pk}
    move_campaign(**said, step="approve", now=campaign.starts_at)
    open_for_change(campaign_id=campaign.pk, now=campaign.starts_at)
    Campaign.objects.filter(pk=campaign.pk).update(budget_minor=300_000)
    author = get_user_model().objects.get(email="merchandiser@staff.example")
    changed = {"campaign_id": campaign.pk, "reason": REASON, "by_id": author.pk}
    assert record_change(**changed, now=campaign.starts_at).is_waiting
    said_now = effect_of(browser, campaign)
    assert "$2,000.00" in said_now
    assert "$3,000.00" in said_now
    assert "<dd>3 products on sale</dd>" in said_now


@pytest.mark.parametrize(
    ("kind", "reason", "said"),
    [
        ("profiles.experiment", "", "It moves public prices, which everybody pays"),
        (TERMS.label, "programme", "This market had no programme before"),
        (
            TERMS.label,
            "earn_rate, category_multipliers, tiers",
            "more than the terms before (earn rate, rates of categories, membership tiers)",
        ),
        (ADJUSTMENT.label, "", "It moves 6,000 points; one person decides up to 5,000."),
    ],
)
def test_what_waits_says_which_bound_it_breaks(
    as_role: Callable[[str], Client], kind: str, reason: str, said: str
) -> None:
    object_id = 1
    if kind == ADJUSTMENT.label:
        account = PointsAccount.objects.order_by("pk")[0]
        PointsAdjustment.objects.all().delete()
        object_id = PointsAdjustment.objects.create(
            account=account, points=-6_000, reason=REASON, at=NOON
        ).pk
    asked = ApprovalRequest.objects.filter(state="waiting").latest("pk")
    ApprovalRequest.objects.exclude(pk=asked.pk).update(state="withdrawn")
    asked.kind, asked.object_id, asked.reason = kind, object_id, reason
    asked.page, asked.permission = "admin:campaign_workspace", CAMPAIGN.permission
    asked.save()
    shown = as_role(APPROVER).get(reverse("admin:approval_effect", args=[asked.pk]))
    assert said in shown.content.decode()


def todos_of(browser: Client) -> dict[str, Todo]:
    """Return what the first page says is to be done, by its sentence."""
    return {todo.text: todo for todo in browser.get(reverse("admin:index")).context["todos"]}


def test_a_law_that_a_live_campaign_breaks_is_to_do(as_role: Callable[[str], Client]) -> None:
    now = utc_now()
    Campaign.objects.update(status="draft")
    campaign, other = Campaign.objects.order_by("pk")[:2]
    within = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=30)}
    Campaign.objects.filter(pk__in=(campaign.pk, other.pk)).update(status="live", **within)
    assert check_running_campaigns.apply().get() == 2
    assert check_running_campaigns.apply().get() == 0
    for said in (True, False):
        for one, is_lawful in ((campaign, said), (other, not said)):
            CampaignCheck.objects.create(
                campaign=one,
                kind="law",
                state="done",
                asked_at=now,
                answer={"en": {"is_lawful": is_lawful}},
            )
    todo = todos_of(as_role(MERCHANDISER))[f"live campaign breaks a law: {campaign.name}"]
    address = reverse("admin:campaign_workspace", args=[campaign.pk])
    assert (todo.count, todo.link, todo.is_failure) == ("1", f"{address}#ft-law", True)
    assert not any("breaks a law" in text for text in todos_of(as_role(APPROVER)))


def test_alarms_of_the_model_in_use_are_to_do(as_role: Callable[[str], Client]) -> None:
    now = utc_now()
    ModelAudit.objects.all().delete()
    DemandModelVersion.objects.update(status="retired")
    newest = DemandModelVersion.objects.latest("pk")
    old = now - timedelta(days=90)
    DemandModelVersion.objects.filter(pk=newest.pk).update(
        status="active", trained_at=old, metrics={"coverage_90": 0.5}
    )
    OnlineEvidence.objects.all().delete()
    for hours, alarms in ((2, 3), (1, 4)):
        at = now - timedelta(hours=hours)
        place: dict[str, Any] = {"market_code": "us", "channel": "online", "is_current": hours == 1}
        OnlineEvidence.objects.create(**place, at=at, watermark=at, alarms=alarms)
    todo = todos_of(as_role(ANALYST))[
        "alarms of the model in use: Calibration, Fairness, Freshness…"
    ]
    assert (todo.count, todo.link) == ("4", reverse("admin:models"))
    assert not any("alarm" in text for text in todos_of(as_role(MERCHANDISER)))


def test_auditors_are_told_of_what_is_to_be_looked_into(
    as_role: Callable[[str], Client],
) -> None:
    now = utc_now()
    browser = as_role(AUDITOR)
    JobRun.objects.create(
        name="check_replay", queue="bulk", outcome="failed", started_at=now, heartbeat_at=now
    )
    LogEntry.objects.all().delete()
    person = get_user_model().objects.get(email="auditor@staff.example")
    record_act(table="profiles.account", object_id=person.pk, by_id=person.pk, act=[])
    other = Campaign.objects.order_by("pk")[0]
    record_act(table="promotions.campaign", object_id=other.pk, by_id=person.pk, act=[])
    forget_all()
    todos = todos_of(browser)
    failed = todos["price records do not come out as they were decided"]
    assert failed.is_failure
    changed = todos["change of an account, role or token within 7 days"]
    for todo in (failed, changed):
        assert browser.get(todo.link).context["cl"].result_count == 1
    assert not any("role or token" in text for text in todos_of(as_role(ANALYST)))


def test_analysts_are_told_of_what_is_to_be_read(as_role: Callable[[str], Client]) -> None:
    now = utc_now()
    Campaign.objects.update(ends_at=now + timedelta(days=1))
    ended = Campaign.objects.order_by("pk")[0]
    Campaign.objects.filter(pk=ended.pk).update(
        status="ended", starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=1)
    )
    forget_all()
    browser = as_role(ANALYST)
    todo = todos_of(browser)[f"campaign ended within 7 days: {ended.name}"]
    assert 'id="ft-results"' in browser.get(todo.link).content.decode()
    assert not any("ended" in text for text in todos_of(as_role(MERCHANDISER)))


def test_forms_offer_the_last_five_reasons_of_their_reader(
    as_role: Callable[[str], Client],
) -> None:
    browser, address = as_role(MERCHANDISER), reverse("admin:flip_switch")
    for number in (1, 2, 3, 4, 5, 6, 2):
        stop = {"scope": "sku", "key": "none", "is_active": "stop", "reason": f"Reason {number}"}
        browser.post(address, stop)
    browser.post(address, {**stop, "reason": "no"})
    page = browser.get(reverse("admin:safety")).content.decode()
    offered = page[page.index('id="ft-reasons"') :].split("</datalist>")[0]
    assert re.findall('value="(.*?)"', offered) == [f"Reason {one}" for one in (2, 6, 5, 4, 3)]
    assert 'list="ft-reasons"' in page
    other = as_role(SUPPORT).get(reverse("admin:index")).content.decode()
    assert "Reason 2" not in other


def test_figures_renew_themselves_until_the_reader_pauses_them(root: Client) -> None:
    address = reverse("admin:index")
    page = root.get(address).content.decode()
    assert f'hx-get="{address}?part=strip"' in page
    strip = root.get(address, {"part": "strip"}, headers={"HX-Request": "true"}).content.decode()
    assert (strip.count("ft-kpi-figure"), "<html" in strip) == (4, False)
    for name in ("index", "workers", "live"):
        paused = root.get(reverse(f"admin:{name}"), {"pause": "1"}).content.decode()
        assert ("every 2s" in paused, "Go on" in paused) == (False, True), name
