"""Staff see what breakers did, undo it in one click, and lead trials; others cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from pricing.api import list_kill_switches
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import ModelChange, ModelRamp
from pricing.ledger.models.quotes import QuoteSeal
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.core.changes import MODEL_USE
from pricing.publishing.services.breakers import trip_breaker
from shop.ground.approvals.selectors import list_waiting_ids
from shop.ground.approvals.services import ask_approval, withdraw_request
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, APPROVER, MERCHANDISER, SUPPORT
from tests.factories.backoffice import make_staff
from tests.factories.pricing_visits import make_visits

REASON = "looked at it with care"


def act(browser: Client, name: str, *key: Any, **fields: Any) -> Any:
    """Confirm the dialog of an action."""
    address = reverse(f"admin:pricing_{name}", args=key)
    return browser.post(address, {"_form_submitted": "on", **fields})


def trip() -> int:
    """Let the profit breaker switch the market's personal prices off."""
    trip_breaker(
        kind="profit",
        scope="market",
        key="us",
        action="switched_off",
        evidence={"difference": -12.5},
        now=utc_now(),
    )
    return int(BreakerTrip.objects.latest("id").pk)


def read(browser: Client, name: str, *key: Any) -> str:
    return browser.get(reverse(f"admin:{name}", args=key)).content.decode()


def test_the_dashboard_shows_a_breaker_and_one_click_undoes_it(root: Client) -> None:
    key = trip()
    assert [one.key for one in list_kill_switches() if one.scope == "market"] == ["us"]
    page = read(root, "index")
    assert "Breakers have tripped" in page
    address = reverse("admin:pricing_breakertrip_change", args=[key])
    assert f'<a href="{address}">profit per visit below the holdout</a>' in page
    assert "personal prices switched off · market us · " in page
    act(root, "breakertrip_undo", key, reason=REASON)
    row = BreakerTrip.objects.get(pk=key)
    assert (row.undo_reason, row.undone_by.is_superuser) == (REASON, True)
    assert [one for one in list_kill_switches() if one.scope == "market"] == []
    act(root, "breakertrip_undo", key, reason=REASON)
    assert "over or undone already" in read(root, "pricing_breakertrip_changelist")


def test_a_breaker_is_undone_where_it_is_told(as_role: Callable[[str], Client]) -> None:
    key, browser = trip(), as_role(MERCHANDISER)
    form = {"trip": str(key), "reason": " no "}
    undo = reverse("admin:undo_breaker")
    assert undo in read(browser, "index")
    page = browser.post(undo, form, follow=True).content.decode()
    assert "Give a reason of at least 5 characters" in page
    assert list_kill_switches() != []
    page = browser.post(undo, {**form, "reason": REASON}, follow=True).content.decode()
    assert "Undone. This breaker rests for a day." in page
    assert list_kill_switches() == []
    page = browser.post(undo, {**form, "reason": REASON}, follow=True).content.decode()
    assert "over or undone already" in page
    assert undo not in read(as_role(ANALYST), "index")


def test_a_trip_shows_its_figures(root: Client) -> None:
    page = read(root, "pricing_breakertrip_change", trip())
    assert "-12.5" in page
    assert "&quot;difference" not in page


@pytest.mark.parametrize(
    ("role", "may"), [(MERCHANDISER, True), (APPROVER, True), (ANALYST, False), (SUPPORT, False)]
)
def test_who_may_undo(as_role: Callable[[str], Client], role: str, may: bool) -> None:
    key = trip()
    act(as_role(role), "breakertrip_undo", key, reason=REASON)
    assert (BreakerTrip.objects.get(pk=key).undone_at is not None) is may


def test_a_trial_is_begun_grown_and_stopped(as_role: Callable[[str], Client], root: Client) -> None:
    approver = as_role(APPROVER)
    model = DemandModelVersion.objects.get(pk=list_waiting_ids(MODEL_USE)[0])
    ModelAudit.objects.create(
        model=model, sha256=model.sha256, at=utc_now(), is_passed=True, is_blind=True, report={}
    )
    act(approver, "modelramp_begin", model=model.pk)
    ramp = ModelRamp.objects.get(ended_at__isnull=True)
    assert (ramp.model_id, ramp.steps.first().share) == (model.pk, 0.0)
    act(approver, "modelramp_step", ramp.pk, share="0.01", reason=REASON)
    assert "somebody else must take responsibility" in read(
        approver, "pricing_modelramp_changelist"
    )
    act(root, "modelramp_step", ramp.pk, share="0.01", reason=REASON)
    assert [step.share for step in ramp.steps.all()] == [0.01, 0.0]
    assert "1.0 %" in read(approver, "pricing_modelramp_changelist")
    assert REASON in read(approver, "pricing_modelramp_change", ramp.pk)
    act(approver, "modelramp_stop", ramp.pk, reason=REASON)
    ramp.refresh_from_db()
    assert (ramp.end, ModelChange.objects.first().kind) == ("stopped", "ramp_stopped")


def test_a_trial_of_nothing_says_what_to_do_first(root: Client) -> None:
    for waiting in list_waiting_ids(MODEL_USE):
        withdraw_request(MODEL_USE, waiting, by_id=None, now=utc_now())
    address = reverse("admin:pricing_modelramp_begin")
    assert "Nobody has asked for a model yet." in root.get(address).content.decode()
    refused = act(root, "modelramp_begin", model="")
    assert "press “Ask for this model”" in refused.content.decode()
    ModelRamp.objects.all().delete()
    assert "No model was on trial yet." in read(root, "pricing_modelramp_changelist")
    model = DemandModelVersion.objects.filter(status="candidate").first()
    ask_approval(MODEL_USE, model.pk, name="", reason="", by_id=None, now=utc_now())
    assert "Nobody has asked" not in root.get(address).content.decode()


def test_whoever_may_not_approve_begins_no_trial(as_role: Callable[[str], Client]) -> None:
    model = DemandModelVersion.objects.filter(status="candidate").first()
    assert act(as_role(MERCHANDISER), "modelramp_begin", model=model.pk).status_code == 403
    assert ModelRamp.objects.filter(ended_at__isnull=True).count() == 0


def test_a_change_of_models_tells_its_impact(root: Client) -> None:
    change = ModelChange.objects.first()
    assert "Impact so far" in read(root, "pricing_modelchange_change", change.pk)
    make_visits([400.0, 500.0] * 100, is_held_out=False, model_version=change.model_id)
    make_visits([300.0, 400.0] * 60, is_held_out=True, first_owner=900)
    page = read(root, "pricing_modelchange_change", change.pk)
    assert "200 visits earned $4.50 each, the holdout $3.50" in page


def test_the_model_before_is_back_in_one_click(root: Client) -> None:
    models = list(DemandModelVersion.objects.order_by("pk")[:2])
    DemandModelVersion.objects.filter(status="active").update(status="retired")
    DemandModelVersion.objects.filter(pk=models[0].pk).update(status="active")
    act(root, "modelchange_roll_back", reason=REASON)
    # The arrays of these rows are empty, so their hash is not theirs: nothing may change.
    assert DemandModelVersion.objects.get(status="active").pk == models[0].pk


def test_a_changed_record_stands_on_the_pages_of_safety(root: Client) -> None:
    seal = QuoteSeal.objects.latest("day")
    assert "wait for their first comparison" in read(root, "safety")
    QuoteSeal.objects.filter(pk=seal.pk).update(found_digest="e" * 64, checked_at=utc_now())
    trip_breaker(
        kind="seal",
        scope="global",
        key="quotes",
        action="noted",
        evidence={"days": {seal.day.isoformat(): "e" * 64}},
        now=utc_now(),
    )
    assert "1 sealed day is not what was sealed" in read(root, "safety")
    assert "a sealed record that was changed" in read(root, "index")
    assert "ft-tag-red" in read(root, "pricing_quoteseal_changelist")


@pytest.mark.parametrize(
    ("right", "shown"),
    [
        ("view_killswitch", "kill-switch"),
        ("view_breakertrip", "breakers"),
        ("view_quote", "guardrails"),
    ],
)
def test_a_part_of_safety_is_shown_by_its_own_right(
    stocked_shop: None, right: str, shown: str
) -> None:
    account, browser = make_staff("nobody"), Client()
    browser.force_login(account)
    address = reverse("admin:safety")
    assert browser.get(address).status_code == 403
    account.user_permissions.add(Permission.objects.get(codename=right))
    page = browser.get(address).content.decode()
    every = ("kill-switch", "breakers", "guardrails")
    parts = [one for one in every if f'id="{one}"' in page]
    assert parts == [shown]
    assert f'href="{address}"' in read(browser, "index")


def test_the_page_of_safety_lists_open_breakers(root: Client) -> None:
    BreakerTrip.objects.all().delete()
    assert "No breaker is open." in read(root, "safety")
    key = trip()
    page = read(root, "safety")
    assert reverse("admin:pricing_breakertrip_change", args=[key]) in page
    assert reverse("admin:undo_breaker") in page


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kill-switch/", "safety/#kill-switch"),
        ("guardrails/?days=7&code=below_cap", "safety/?days=7&code=below_cap#guardrails"),
        ("learning/", "models/?part=learning"),
        ("trials/", "models/?part=trials"),
        ("elasticities/", "models/?part=elasticities"),
        ("season/", "models/?part=season"),
        ("campaigns/calendar/?month=2026-02&view=list", "promotions/campaign/?month=2026-02"),
    ],
)
def test_bookmarks_of_joined_pages_lead_to_their_part(root: Client, old: str, new: str) -> None:
    for start in ("/admin/", "/zh-hans/admin/"):
        answer = root.get(start + old)
        assert (answer.status_code, answer.headers["Location"]) == (301, start + new)
    assert Client().get(f"/admin/{old}").status_code == 302
