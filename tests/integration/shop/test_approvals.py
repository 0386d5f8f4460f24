"""One mechanism for what two people decide: who may, in which order, and what is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.db.utils import Error

from promotions.campaigns.core.workflow import ADJUSTMENT, CAMPAIGN, TERMS
from shop.ground.approvals.core.values import NeedsSecondPerson, NotWaiting
from shop.ground.approvals.models import ApprovalEvent, ApprovalRequest
from shop.ground.approvals.selectors import list_trail, list_waiting
from shop.ground.approvals.services import (
    approve_request,
    ask_approval,
    require_second_person,
    send_back_request,
)
from tests.factories.campaigns import NOON, REASON, make_person

DAY = timedelta(days=1)


def ask(object_id: int, by_id: int | None, **more: object) -> None:
    """Ask for a decision about a campaign that need not exist."""
    known = {"name": f"number {object_id}", "reason": REASON, "by_id": by_id, "now": NOON}
    ask_approval(CAMPAIGN, object_id, **(known | more))


def states() -> list[str]:
    return list(ApprovalRequest.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.django_db
def test_only_another_person_approves_a_request_once() -> None:
    ann, bob, cleo = make_person("ann"), make_person("bob"), make_person("cleo")
    ask(1, ann, authors=[bob, ann, None])
    for involved in (ann, bob, None):
        for decide in (approve_request, require_second_person):
            with pytest.raises(NeedsSecondPerson):
                decide(CAMPAIGN, 1, by_id=involved, now=NOON)
    assert require_second_person(CAMPAIGN, 1, by_id=cleo, now=NOON).state == "waiting"
    assert approve_request(CAMPAIGN, 1, by_id=cleo, now=NOON, reason="yes").reason == REASON
    for decide in (approve_request, send_back_request):
        with pytest.raises(NotWaiting):
            decide(CAMPAIGN, 1, by_id=cleo, now=NOON, reason="again")
    trail = ApprovalEvent.objects.values_list("act", "by_id", "reason")
    assert list(trail) == [
        ("wrote", bob, ""),
        ("asked", ann, REASON),
        ("agreed", cleo, ""),
        ("approved", cleo, "yes"),
    ]
    assert list_trail(CAMPAIGN, 1)[0] == "Written by bob@staff.example"
    for change in (
        lambda: ApprovalEvent.objects.update(reason="never said"),
        lambda: ApprovalEvent.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            change()
    with pytest.raises(Error, match="approval_second_person"), transaction.atomic():
        ApprovalRequest.objects.update(decided_by=ann)


@pytest.mark.django_db
def test_a_new_request_withdraws_the_earlier_one() -> None:
    ann, bob = make_person("ann"), make_person("bob")
    ask(1, ann)
    ask(1, bob)
    send_back_request(CAMPAIGN, 1, by_id=bob, now=NOON, reason="a mistake")
    ask(1, bob)
    send_back_request(CAMPAIGN, 1, by_id=ann, now=NOON, reason="too dear")
    assert states() == ["withdrawn", "withdrawn", "sent_back"]


@pytest.mark.django_db
def test_the_inbox_lists_by_deadline_and_says_who_decides() -> None:
    ann, bob = make_person("ann"), make_person("bob")
    role = Group.objects.create(name="approver")
    role.permissions.add(
        Permission.objects.get_or_create(
            codename="approve_campaign",
            content_type=Permission.objects.get(codename="view_campaign").content_type,
            defaults={"name": "approve"},
        )[0]
    )
    for person in (ann, bob):
        get_user_model().objects.get(pk=person).groups.add(role)
    ask(1, ann)
    ask(2, ann, deadline=NOON + DAY)
    ask(3, bob, deadline=NOON)
    terms = {"name": "terms", "reason": "", "by_id": None, "now": NOON, "deadline": NOON - DAY}
    ask_approval(TERMS, 9, **terms)
    ask_approval(ADJUSTMENT, 9, **terms)
    reader = get_user_model().objects.get(pk=bob)
    found = list_waiting(reader, now=NOON)
    assert [(one.name, one.is_late, one.is_mine, one.roles) for one in found] == [
        ("terms", True, True, ("approver",)),
        ("number 2", False, True, ("approver",)),
        ("number 1", False, True, ("approver",)),
    ]
    assert found[1].url.endswith("/admin/campaigns/2/")
    reader.user_permissions.add(Permission.objects.get(codename="view_campaign"))
    reader = get_user_model().objects.get(pk=bob)
    names = [(one.name, one.is_mine) for one in list_waiting(reader, now=NOON)]
    assert ("number 3", False) in names
    assert len(names) == 4
    assert len(list_waiting(reader, now=NOON, only_mine=True)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_second_of_two_deciders_learns_it_was_decided() -> None:
    ask(1, make_person("ann"))
    people = [make_person("bob"), make_person("cleo")]

    def decide(by_id: int) -> str:
        try:
            with transaction.atomic():
                approve_request(CAMPAIGN, 1, by_id=by_id, now=NOON)
            return "approved"
        except NotWaiting as late:
            return late.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, people)) == ["approved", "not_waiting"]
    assert states() == ["approved"]
