"""The pages of experiments: planned, started, read and decided by staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from profiles.experiments.services.readouts import read_experiment
from profiles.models import Experiment
from shop.doors.backoffice.memory import forget_all
from shop.ground.staff.roles import ANALYST, MERCHANDISER
from tests.factories.experiments import plant, start
from tests.factories.profiles import NOON

pytestmark = pytest.mark.usefixtures("forgetful")
FORM: dict[str, Any] = {
    "name": "Shorter lists",
    "hypothesis": "Fewer picks are read more carefully.",
    "subject": "recommendations",
    "purpose": "recommendations",
    "mode": "fixed",
    "namespace": "home",
    "traffic": "100",
    "primary_metric": "conversion",
    "minimum_effect": "5",
    "guard": "revenue_per_shopper",
    "tolerance": "5",
    "planned_days": "28",
    "arm-TOTAL_FORMS": "4",
    "arm-INITIAL_FORMS": "4",
    "arm-0-name": "As it is",
    "arm-0-share": "50",
    "arm-1-name": "Six picks",
    "arm-1-share": "50",
    "arm-1-settings": '{"limit": 6}',
}


def plan(browser: Client, **changes: Any) -> Any:
    address = reverse("admin:plan_experiment")
    return browser.post(address, FORM | {"save": "1"} | changes)


def act(browser: Client, pk: int, **asked: Any) -> str:
    answer = browser.post(reverse("admin:act_on_experiment", args=[pk]), asked, follow=True)
    return answer.content.decode()


def test_staff_plan_start_read_stop_and_decide(
    root: Client, as_role: Callable[[str], Client]
) -> None:
    analyst = as_role(ANALYST)
    assert root.get(reverse("admin:plan_experiment")).status_code == 200
    assert plan(root).status_code == 302
    row = Experiment.objects.get()
    assert [arm.settings for arm in row.arms.all()] == [{}, {"limit": 6}]
    assert (
        "Register and start"
        in root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    )
    assert "Done." in act(root, row.pk, verb="start")
    assert "It has started already." in act(root, row.pk, verb="start")
    act(root, row.pk, verb="prolong", days="40", reason="a holiday")
    assert not list_to_read(analyst)
    act(root, row.pk, verb="stop", reason="enough seen")
    assert list_to_read(analyst) == [(f": {row.name}", name_page(row.pk))]
    act(root, row.pk, verb="decide", arm="six-picks", reason="it reads better")
    row.refresh_from_db()
    assert (row.state, row.decision, row.planned_days) == ("decided", "six-picks", 40)
    assert not list_to_read(analyst)


def list_to_read(browser: Client) -> list[tuple[str, str]]:
    """Return what the first page says is to be read: the names, and where it leads."""
    forget_all()
    said = "experiment is over or has a clear result"
    todos = browser.get(reverse("admin:index")).context["todos"]
    return [(one.text.removeprefix(said), one.link) for one in todos if one.text.startswith(said)]


def name_page(pk: int) -> str:
    """Return the address of an experiment's page."""
    return reverse("admin:experiment", args=[pk])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"arm-1-share": "40"}, "add up to 100"),
        ({"arm-1-name": ""}, "at least two arms"),
        ({"arm-1-settings": "{"}, "not JSON"),
        ({"arm-1-price": "105"}, "less than or equal to 100"),
        ({"hypothesis": ""}, "required"),
        ({"segments": ["segment-1"], "subject": "prices"}, "know segments"),
    ],
)
def test_a_plan_that_cannot_be_run_says_why(root: Client, changes: Any, told: str) -> None:
    page = plan(root, **changes)
    assert page.status_code == 200
    assert told in page.content.decode()
    assert not Experiment.objects.exists()


def test_an_experiment_is_for_segments_that_staff_choose(root: Client) -> None:
    assert plan(root, segments=["segment-1"]).status_code == 302
    row = Experiment.objects.get()
    assert row.targeting == {"segments": ["segment-1"]}
    page = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "<dd>Segment 1</dd>" in page


def test_the_list_has_the_days_that_are_asked_for(root: Client) -> None:
    plan(root)
    row = Experiment.objects.get()
    act(root, row.pk, verb="start")
    address, name = reverse("admin:experiments"), reverse("admin:experiment", args=[row.pk])
    assert name in root.get(address).content.decode()
    long_ago = {"days": "custom", "from": "2020-01-01", "to": "2020-01-31"}
    page = root.get(address, long_ago)
    assert name not in page.content.decode()
    assert page.context["counts"] == [
        ("Experiments that ran", "0", "0"),
        ("Begun", "0", "0"),
        ("Ended", "0", "0"),
    ]
    assert root.get(address, {"compare": "none"}).context["counts"][1] == ("Begun", "1", "")


def test_what_a_plan_needs_is_told_while_one_types(root: Client) -> None:
    part = root.post(reverse("admin:plan_experiment"), FORM, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.content.decode()
    assert "four weeks" in part.content.decode()


@pytest.fixture
def winner(stocked_shop: None) -> int:
    """An experiment of six days with a planted winner, read every day."""
    found = start()
    for day in range(3):
        plant(
            found,
            shoppers=200,
            chance={"plain": 0.2, "short": 0.5},
            seed=day + 1,
            day=NOON + timedelta(days=day),
        )
        read_experiment(experiment_id=found, now=NOON + timedelta(days=day, hours=23, minutes=50))
    return found


def test_the_read_out_says_in_words_who_wins(winner: int, root: Client) -> None:
    page = root.get(reverse("admin:experiment", args=[winner])).content.decode()
    assert "“Six picks” is better than the control arm: share of shoppers who order +" in page
    assert "certainly better" in page
    assert "balanced" in page
    assert page.count('<svg class="ft-chart') == 2
    listed = root.get(reverse("admin:experiments")).content.decode()
    assert "a winner" in listed


def test_the_read_out_speaks_chinese(winner: int, root: Client) -> None:
    with override("zh-hans"):
        page = root.get(
            reverse("admin:experiment", args=[winner]), headers={"Accept-Language": "zh-hans"}
        ).content.decode()
    assert "“六个推荐”优于对照组：下单顾客的比例 +" in page


def test_every_read_out_is_in_the_csv(winner: int, root: Client) -> None:
    answer = root.get(reverse("admin:experiment_csv", args=[winner]))
    lines = answer.content.decode().splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == 1 + 3 * 2
    assert lines[1].split(",")[1:3] == ["short", "conversion"]


def test_who_may_only_look_does_not_act(winner: int, as_role: Any) -> None:
    browser = as_role(MERCHANDISER)
    assert (
        'name="verb"'
        not in browser.get(reverse("admin:experiment", args=[winner])).content.decode()
    )
    assert browser.post(reverse("admin:act_on_experiment", args=[winner])).status_code == 403


def test_an_unknown_experiment_is_not_found(root: Client) -> None:
    assert root.get(reverse("admin:experiment", args=[9_999])).status_code == 404
