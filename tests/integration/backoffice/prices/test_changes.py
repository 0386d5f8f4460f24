"""The change inbox: shows why and what to expect; a word of staff goes through the services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pricing.ledger.models.proposals import PriceProposal
from shop.ground.staff.roles import ANALYST, APPROVER, MERCHANDISER
from tests.factories.backoffice import ROWS
from tests.integration.backoffice.learning.test_learning_pages import list_asked

INBOX = "admin:change_inbox"


def decide(browser: Client, verb: str, *chosen: int, **fields: Any) -> list[str]:
    """Post a decision about chosen changes; return what the next page says."""
    form = {"verb": verb, "chosen": [str(one) for one in chosen], "tab": "pending", **fields}
    page = browser.post(reverse("admin:decide_changes"), form, follow=True)
    assert page.status_code == 200
    return [str(message) for message in page.context["messages"]]


def list_ids() -> list[int]:
    """Return the proposals in order."""
    return list(PriceProposal.objects.order_by("pk").values_list("pk", flat=True))


def states() -> list[str]:
    """Return the states of the proposals in order."""
    return list(PriceProposal.objects.order_by("pk").values_list("state", flat=True))


def test_the_inbox_shows_reason_expected_effect_and_binding_rule(root: Client) -> None:
    root.get(reverse(INBOX))
    with CaptureQueriesContext(connection) as queries:
        page = root.get(reverse(INBOX))
    text = page.content.decode()
    assert len(list_asked(queries)) <= 13
    for words in (
        "No randomized prices back this elasticity",
        "$5.00</s> <strong>$4.89",
        "-2.2 %",
        "+$0.02",
        "+$0.01 … +$0.03",
        "Cheddar 0",
        "$4.00 – $5.00",
        "profit and purchases won +1.0 %, better with a probability of 90 %",
        f'Waiting <span class="ft-count">{ROWS}',
    ):
        assert words in text, words


def test_many_changes_are_approved_at_once(root: Client) -> None:
    ids = list_ids()
    PriceProposal.objects.update(first_by=None)
    assert decide(root, "approve", *ids[:3]) == ["3 changes are decided."]
    assert states() == ["approved"] * 3 + ["pending"] * (ROWS - 3)
    page = root.get(reverse(INBOX), {"tab": "decided"})
    assert len(page.context["changes"]) == 3


def test_a_large_change_needs_two_people(as_role: Callable[[str], Client]) -> None:
    one = list_ids()[0]
    PriceProposal.objects.filter(pk=one).update(first_by=None, needs_two=True)
    first, second = as_role(MERCHANDISER), as_role(APPROVER)
    said = decide(first, "approve", one)
    assert said == ["1 large change has your yes and waits for a second person."]
    assert "You approved this change" in first.get(reverse(INBOX)).content.decode()
    assert decide(first, "approve", one) == ["You approved this change: somebody else must, too."]
    link = f'href="{reverse(INBOX)}?tab=pending&amp;which=second">1 price change</a>'
    for page in ("admin:index", "admin:approvals"):  # where approvers look first
        assert link in second.get(reverse(page)).content.decode(), page
        assert link not in first.get(reverse(page)).content.decode(), page
    assert "A colleague approved this change" in second.get(reverse(INBOX)).content.decode()
    assert decide(second, "approve", one) == ["1 change is decided."]
    assert link not in second.get(reverse("admin:index")).content.decode()
    row = PriceProposal.objects.get(pk=one)
    assert (row.state, row.first_by.email, row.decided_by.email) == (
        "approved",
        "merchandiser@staff.example",
        "approver@staff.example",
    )


def test_one_change_is_given_another_price_or_refused(root: Client) -> None:
    one = list_ids()[0]
    PriceProposal.objects.filter(pk=one).update(first_by=None)
    asked = {"only": str(one), "amount": "4.95", "reason": "rounder"}
    assert decide(root, "edit", **asked) == ["1 change is decided."]
    row = PriceProposal.objects.get(pk=one)
    assert (row.state, row.final_minor, row.reason) == ("edited", 495, "rounder")
    said = decide(root, "edit", **{**asked, "amount": "3.00"})
    assert said == ["The price must lie between the floor $4.00 and the ceiling $5.00."]
    assert decide(root, "edit", **{**asked, "amount": "0.01"}) == said


def test_a_price_named_by_staff_shows_no_model_forecast(
    root: Client,
) -> None:
    one = list_ids()[0]
    PriceProposal.objects.exclude(pk=one).delete()
    assert "+$0.01 … +$0.03" in root.get(reverse(INBOX)).content.decode()
    decide(root, "edit", only=str(one), amount="4.20", reason="as large as needs two")
    page = root.get(reverse(INBOX))
    (change, _card) = page.context["changes"][0]
    assert (change.after, change.is_edited, change.effect, change.goal) == ("$4.20", True, (), "")
    curve = reverse("admin:demand_curve", args=[change.row.variant_id])
    assert f'href="{curve}?price=4.20"' in page.content.decode()


def test_only_a_change_that_costs_profit_explains_its_goal(root: Client) -> None:
    words = "The goal also counts purchases won"
    assert words not in root.get(reverse(INBOX)).content.decode()
    costs = {"profit": [-0.03, -0.02, -0.01]}
    PriceProposal.objects.update(effect={"share": costs, "weekly": costs})
    assert words in root.get(reverse(INBOX)).content.decode()


@pytest.mark.parametrize(
    ("verb", "fields", "words"),
    [
        ("reject", {"reason": ""}, "Give a reason of at least 5 characters"),
        ("reject", {"reason": "    no   "}, "Give a reason of at least 5 characters"),
        ("snooze", {"reason": "later please"}, "for how many days"),
        ("edit", {"reason": "because of it"}, "Enter the other price"),
        ("burn", {"reason": "because of it"}, "valid choice"),
    ],
)
def test_an_incomplete_word_changes_nothing(
    root: Client, verb: str, fields: dict[str, str], words: str
) -> None:
    said = decide(root, verb, list_ids()[0], **fields)
    assert words in said[0]
    assert states() == ["pending"] * ROWS


def test_nothing_chosen_is_said(root: Client) -> None:
    assert decide(root, "approve") == ["Choose at least one change first."]


def test_put_off_and_rejected_changes_leave_the_inbox(root: Client) -> None:
    first, second, *_ = list_ids()
    decide(root, "snooze", first, reason="after the feast", days="7")
    decide(root, "reject", second, reason="too low for us")
    assert states()[:2] == ["snoozed", "rejected"]
    page = root.get(reverse(INBOX))
    assert len(page.context["changes"]) == ROWS - 2
    put_off = root.get(reverse(INBOX), {"tab": "snoozed"}).content.decode()
    assert "after the feast" in put_off
    assert decide(root, "approve", second) == ["1 change no longer waits for a decision."]


def test_who_may_only_look_gets_no_buttons(as_role: Callable[[str], Client]) -> None:
    analyst = as_role(ANALYST)
    page = analyst.get(reverse(INBOX))
    assert b"ft-bulk" not in page.content
    assert b"Why" in page.content
    answer = analyst.post(reverse("admin:decide_changes"), {"verb": "approve", "only": "1"})
    assert answer.status_code == 403


def test_a_kind_of_change_is_decided_as_a_whole(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.doors.backoffice.views.changes.PAGE", 3)
    PriceProposal.objects.update(first_by=None)
    ids = list_ids()
    PriceProposal.objects.filter(pk__in=ids[:2]).update(current_minor=450, final_minor=460)
    cheaper = root.get(reverse(INBOX), {"which": "cheaper"})
    assert [change.row.id for change, _ in cheaper.context["changes"]] == ids[-3:][::-1]
    assert cheaper.context["total"] == ROWS - 2
    assert f"all {ROWS - 2}, not only those chosen" in cheaper.content.decode()
    dearer = root.get(reverse(INBOX), {"which": "dearer"})
    assert len(dearer.context["changes"]) == 2
    assert b"not only those chosen" not in dearer.content
    said = decide(root, "approve", which="cheaper", everything="1")
    assert said == [f"{ROWS - 2} changes are decided."]
    assert states() == ["pending"] * 2 + ["approved"] * (ROWS - 2)


def test_a_whole_list_gets_no_other_price_at_once(root: Client) -> None:
    fields = {"everything": "1", "amount": "4.95", "reason": "rounder"}
    assert decide(root, "edit", **fields) == ["Choose at least one change first."]
    assert states() == ["pending"] * ROWS


def test_an_empty_inbox_leads_to_what_was_published(root: Client) -> None:
    PriceProposal.objects.update(state="published")
    page = root.get(reverse(INBOX))
    assert b"Nothing waits for a decision." in page.content
    assert b"?tab=closed" in page.content


def test_the_inbox_pages_by_number(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.doors.backoffice.views.changes.PAGE", 5)
    first = root.get(reverse(INBOX))
    ids = list_ids()
    assert first.context["next"] == ids[-5]
    older = root.get(reverse(INBOX), {"before": str(ids[-5])})
    assert [change.row.id for change, _ in older.context["changes"]] == ids[:3][::-1]
