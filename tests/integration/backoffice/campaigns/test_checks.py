"""What a worker answers for staff: asked once, told how far, stopped, failed in words, kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from promotions.models import Campaign, CampaignCheck
from promotions.release.services import checks as services
from promotions.release.services.checks import ask_check, begin_next_check, stop_check
from shop.doors.backoffice.campaigns import checks
from shop.doors.backoffice.campaigns.checks import Telling, answer_checks
from shop.doors.backoffice.tasks import answer_campaign_checks
from shop.doors.backoffice.views.checks import FAILURES
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.log import say_entry
from tests.factories.races import hold_elsewhere

pytestmark = pytest.mark.django_db
NOW = utc_now()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(stocked_shop: None) -> Campaign:
    """A draft whose dates lie ahead."""
    found = Campaign.objects.order_by("pk")[0]
    Campaign.objects.filter(pk=found.pk).update(
        starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=8)
    )
    return found


def page_of(browser: Client, campaign: Campaign, **asked: Any) -> str:
    address = reverse("admin:campaign_workspace", args=[campaign.pk])
    return browser.get(address, asked).content.decode()


def ask(browser: Client, campaign: Campaign, kind: str = "rehearsal", **fields: Any) -> str:
    """Press the button, and return what the page says then."""
    address = reverse("admin:campaign_ask", args=[campaign.pk])
    return browser.post(address, {"kind": kind, **fields}, follow=True).content.decode()


def states(campaign: Campaign) -> list[str]:
    return list(CampaignCheck.objects.filter(campaign=campaign).values_list("state", flat=True))


def test_a_rehearsal_is_asked_once_and_kept_in_both_languages(
    root: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert "Waiting for a worker" in ask(root, campaign, depth=30)
    assert "It was requested already" in ask(root, campaign)
    assert states(campaign) == ["waiting"]
    assert answer_campaign_checks.apply().get() == 1
    assert answer_campaign_checks.apply().get() == 0
    run = JobRun.objects.filter(name="answer_campaign_checks").order_by("-rows")[0]
    assert (run.outcome, run.rows, run.report["of"]) == ("ok", 1, 100)
    shown = page_of(root, campaign)
    for said in (
        "Whom it could reach",
        "Shows overlaps from 30 % off.",
        "Rehearse again",
        "it took",
    ):
        assert said in shown
    assert "the campaign changed since" not in shown
    assert sorted(CampaignCheck.objects.get().answer) == ["en", "zh-hans"]
    Campaign.objects.filter(pk=campaign.pk).update(revision=7)
    assert "the campaign changed since" in page_of(root, campaign)
    noted = [say_entry(one) for one in LogEntry.objects.filter(object_id=str(campaign.pk))]
    assert noted == ["A worker was asked: rehearsal on recorded carts."]
    with django_assert_max_num_queries(60):
        page_of(root, campaign)


def test_the_page_shows_progress_and_reloads_at_the_end(root: Client, campaign: Campaign) -> None:
    ask(root, campaign)
    with begin_next_check(now=NOW) as task:
        assert task is not None
    told: list[tuple[int, int]] = []
    telling = Telling(task.check_id, lambda done, of: told.append((done, of)))
    tell = telling.between("overlaps", 60, 95)
    tell(0, 10)
    tell(1, 10)  # within half a second: not told
    assert told == [(60, 100)]
    shown = page_of(root, campaign)
    assert '<progress class="ft-progress" id="ft-bar-rehearsal" max="100" value="60">' in shown
    assert "Looking for overlaps with other campaigns" in shown
    assert "Rehearse now" not in shown
    address = reverse("admin:campaign_workspace", args=[campaign.pk])
    part = root.get(address, {"part": "rehearsal"}, headers=HTMX)
    assert part.content.decode().startswith('<div id="ft-progress-rehearsal"')
    stop_check(campaign_id=campaign.pk, kind="rehearsal", by_id=None, now=NOW)
    assert root.get(address, {"part": "rehearsal"}, headers=HTMX).headers["HX-Refresh"] == "true"


def test_a_stopped_check_leaves_the_earlier_answer(
    root: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(root, campaign)
    answer_checks()
    ask(root, campaign)
    address = reverse("admin:campaign_stop_asking", args=[campaign.pk])

    def stop_meanwhile(task: Any, telling: Telling) -> dict[str, Any]:
        root.post(address, {"kind": "rehearsal"})
        telling.between("carts", 0, 55)(0, 1)
        raise AssertionError("nobody waits for this")

    monkeypatch.setitem(checks.ANSWERS, "rehearsal", stop_meanwhile)
    assert answer_checks() == 0
    assert states(campaign) == ["stopped", "done"]
    shown = page_of(root, campaign)
    assert "Stopped by" in shown
    assert "Whom it could reach" in shown
    again = root.post(address, {"kind": "rehearsal"}, follow=True).content.decode()
    assert "It has already ended." in again


def test_a_check_begins_again_when_its_draft_is_saved(campaign: Campaign) -> None:
    ask_check(campaign_id=campaign.pk, kind="law", by_id=None, now=NOW)
    with begin_next_check(now=NOW) as task:
        assert task is not None
    services.advance_check(check_id=task.check_id, step="law", percent=10)
    Campaign.objects.filter(pk=campaign.pk).update(revision=campaign.revision + 1)
    with pytest.raises(services.CheckStopped):
        services.advance_check(check_id=task.check_id, step="law", percent=20)
    assert states(campaign) == ["waiting"]
    with begin_next_check(now=NOW) as again:
        assert again == task
    services.advance_check(check_id=task.check_id, step="law", percent=10)
    assert CampaignCheck.objects.get().revision == campaign.revision + 1


def test_the_law_is_answered_first_and_then_gives_way(campaign: Campaign) -> None:
    for kind in ("rehearsal", "law"):
        ask_check(campaign_id=campaign.pk, kind=kind, by_id=None, now=NOW)
    turns = iter([False, True])
    assert answer_checks(gives_way=lambda: next(turns)) == 1
    assert states(campaign) == ["done", "waiting"]


WRONG: dict[str, tuple[Exception, str]] = {
    "broken": (ZeroDivisionError(), "Something went wrong unexpectedly."),
    "too_long": (SoftTimeLimitExceeded(), "It took longer than a quarter of an hour."),
}


@pytest.mark.parametrize("failure", WRONG)
def test_a_failed_check_is_explained_on_page_and_run(
    root: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    error, said = WRONG[failure]
    ask(root, campaign, "law")

    def fail(task: Any, telling: Telling) -> dict[str, Any]:
        raise error

    monkeypatch.setitem(checks.ANSWERS, "law", fail)
    with pytest.raises(type(error)):
        answer_checks()
    check = CampaignCheck.objects.get()
    assert (check.state, check.failure) == ("failed", failure)
    shown = root.get(reverse("admin:campaign_workspace", args=[campaign.pk])).content.decode()
    assert said in shown
    with override("zh-hans"):
        assert not str(FAILURES[failure]).isascii()
    assert answer_checks() == 0


def test_a_dead_workers_check_is_tried_three_times_at_most(campaign: Campaign) -> None:
    ask_check(campaign_id=campaign.pk, kind="law", by_id=None, now=NOW)
    for _death in range(services.MOST_TRIES):
        with begin_next_check(now=NOW) as task:
            assert task is not None
    with begin_next_check(now=NOW) as task:
        assert task is None
    check = CampaignCheck.objects.get()
    assert (check.state, check.failure) == ("failed", "died")


def test_two_workers_answer_two_checks_and_none_twice(campaign: Campaign) -> None:
    for kind in ("law", "rehearsal"):
        ask_check(campaign_id=campaign.pk, kind=kind, by_id=None, now=NOW)
    law = CampaignCheck.objects.get(kind="law")
    with hold_elsewhere(f"campaign check {law.pk}"), begin_next_check(now=NOW) as task:
        assert task is not None
        assert task.kind == "rehearsal"
        with hold_elsewhere(f"campaign check {task.check_id}") as is_free:
            assert not is_free
    # the control: a worker that died holds nothing, and its check is begun again
    with begin_next_check(now=NOW) as task:
        assert task is not None
        assert task.kind == "law"


def test_with_each_check_another_worker_is_asked(campaign: Campaign) -> None:
    for kind in ("law", "rehearsal"):
        ask_check(campaign_id=campaign.pk, kind=kind, by_id=None, now=NOW)
    asked: list[list[str]] = []
    assert answer_checks(ask_another=lambda: asked.append(states(campaign))) == 2
    assert [sorted(one) for one in asked] == [["running", "waiting"], ["done", "running"]]


def test_ten_answers_of_a_campaign_are_kept(campaign: Campaign) -> None:
    for _round in range(12):
        ask_check(campaign_id=campaign.pk, kind="law", by_id=None, now=NOW)
        with begin_next_check(now=NOW) as task:
            assert task is not None
        services.finish_check(check_id=task.check_id, answer={"en": {}}, now=NOW)
    assert states(campaign) == ["done"] * services.KEPT


def test_a_depth_nobody_can_show_is_refused(root: Client, campaign: Campaign) -> None:
    assert "Enter a depth between 1 and 100 percent." in ask(root, campaign, depth=0)
    assert states(campaign) == []
