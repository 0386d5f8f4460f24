"""Campaigns by token: the document of files, the services of the back office, nothing approved."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from promotions.models import Campaign, CampaignEvent, CampaignRevision, Coupon, StaffToken
from promotions.release.services.steps import approve_campaign
from promotions.tokens.core import StaffScope
from promotions.tokens.services import revoke_token
from shop.ground.approvals.core.values import NeedsSecondPerson
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, APPROVER
from tests.factories.staff_tokens import make_holder, make_staff_client, make_staff_key
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
URL = "/api/v1/staff/campaigns/spring"


def document(percent: str = "10", **offer: Any) -> dict[str, Any]:
    """A voucher of so many percent, with a shared code."""
    now = utc_now()
    return {
        "format": 2,
        "code": "spring",
        "name": "Spring voucher",
        "kind": "coupon",
        "audience": "public",
        "budget_minor": 10_000,
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(days=5)).isoformat(),
        "offers": [
            {
                "code": "spring-10",
                "name": "Spring voucher",
                "benefit_kind": "percentage",
                "target": "cart",
                "percent": percent,
                "requires_coupon": True,
                "coupons": [{"code": "SPRING10", "max_redemptions": 500}],
                **offer,
            }
        ],
    }


def put(client: ApiClient, body: Any, key: str, version: str = "") -> Any:
    headers = {"If_Match": f'"{version}"'} if version else {}
    return client.put(URL, body, Idempotency_Key=key, **headers)


def move(client: ApiClient, step: str, key: str, version: str) -> Any:
    body = {"step": step, "reason": "agreed in the weekly meeting"}
    return client.post(f"{URL}/steps", body, Idempotency_Key=key, If_Match=f'"{version}"')


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_voucher_is_created_changed_and_handed_in_as_described(strict: dict[str, Any]) -> None:
    ann = make_staff_client()
    body = document(percent="40")
    made = put(ann, body, "one")
    check(OPERATIONS["putStaffCampaign"], made, strict)
    assert (made.json()["is_new"], made.json()["status"]) == (True, "draft")
    again = put(ann, body, "one")
    assert (again.content, again["Idempotent-Replayed"]) == (made.content, "true")
    read = ann.get(URL)
    check(OPERATIONS["getStaffCampaign"], read, strict)
    assert read["ETag"] == made["ETag"] == f'"{read.json()["version"]}"'
    said = read.json()["campaign"]
    assert said["offers"][0]["coupons"][0]["code"] == "SPRING10"
    changed = put(ann, {**said, "name": "Spring"}, "two", read.json()["version"])
    assert changed.json()["changes"] == ["name: Spring voucher → Spring"]
    asked = move(ann, "schedule", "three", changed.json()["version"])
    check(OPERATIONS["moveStaffCampaign"], asked, strict)
    assert asked.json()["status"] == "scheduled"
    campaign = Campaign.objects.get()
    owner = StaffToken.objects.get().account_id
    with pytest.raises(NeedsSecondPerson):
        approve_campaign(campaign_id=campaign.pk, reason="mine", by_id=owner, now=utc_now())
    bob = make_holder("bob", APPROVER)
    approve_campaign(campaign_id=campaign.pk, reason="ok", by_id=bob, now=utc_now())
    assert Campaign.objects.get().status == "live"
    paused = move(ann, "pause", "four", ann.get(URL).json()["version"])
    assert paused.json()["status"] == "paused"
    trail = CampaignEvent.objects.order_by("pk").values_list("step", "by_id")
    assert list(trail) == [
        ("codes", owner),
        ("schedule", owner),
        ("approve", bob),
        ("pause", owner),
    ]
    rows = CampaignRevision.objects.order_by("number").values_list("by_id", "reason", "source")
    token = f"token {StaffToken.objects.get().pk}"
    assert set(rows) == {(owner, "API: CI", token)}
    assert Coupon.objects.get().max_redemptions == 500


def test_no_token_approves() -> None:
    ann, bob = make_staff_client(), make_staff_client("bob", role=APPROVER)
    version = put(ann, document(percent="40"), "one").json()["version"]
    version = move(ann, "schedule", "two", version).json()["version"]
    for client in (ann, bob):
        answer = move(client, "approve", "three", version)
        assert answer.status_code in (400, 403)
    assert Campaign.objects.get().status == "scheduled"
    assert refusal(move(ann, "approve", "three", version)) == (400, "invalid")


def test_wrong_documents_are_refused_with_a_pointer() -> None:
    ann = make_staff_client()
    deep = document(condition={"all": [{"cart_value": "40"}]})
    answer = put(ann, deep, "one")
    assert refusal(answer) == (400, "document_refused")
    assert answer.json()["errors"][0]["pointer"] == "#/offers/0/condition/all/0/cart_value"
    assert answer.json()["detail"] == (
        'offers[0].condition.all[0].cart_value: "40" does not fit: '
        "expected a whole number of at least 1."
    )
    for wrong in ({**document(), "format": 3}, {**document(), "code": "autumn"}, {}):
        assert refusal(put(ann, wrong, "two")) == (400, "document_refused")
    answer = put(ann, {**document(), "goal": "fame"}, "two")
    assert refusal(answer) == (400, "document_refused")
    assert answer.json()["errors"][0]["pointer"] == "#/goal"
    assert refusal(put(ann, [], "two")) == (400, "invalid")
    assert not Campaign.objects.exists()
    assert refusal(ann.put(URL, document())) == (400, "idempotency_key_missing")
    assert refusal(put(ann, document(), "three", "x y")) == (400, "if_match_malformed")
    assert put(ann, document(), "one").status_code == 200, "a refusal does not use up its key"
    assert refusal(put(ann, document("11"), "one")) == (422, "idempotency_mismatch")


def test_law_and_states_hold_as_in_the_back_office() -> None:
    ann = make_staff_client()
    version = put(ann, {**document(), "name": "Only today!", "claims": {"was_minor": 5}}, "1")
    answer = move(ann, "schedule", "2", version.json()["version"])
    assert refusal(answer) == (409, "law_broken")
    assert answer.json()["params"]["rules"]
    assert refusal(move(ann, "resume", "3", version.json()["version"])) == (409, "campaign_refused")


def test_who_saw_an_old_version_is_refused() -> None:
    ann, bob = make_staff_client(), make_staff_client("bob")
    old = put(ann, document(), "one").json()["version"]
    assert refusal(put(bob, document("12"), "one")) == (428, "version_needed")
    new = put(bob, document("12"), "two", old).json()["version"]
    assert refusal(put(ann, document("15"), "two", old)) == (412, "campaign_changed")
    assert refusal(move(ann, "schedule", "three", old)) == (412, "campaign_changed")
    Coupon.objects.update(max_redemptions=9)
    assert refusal(put(ann, document("15"), "four", new)) == (412, "campaign_changed")
    fresh = ann.get(URL).json()["version"]
    assert put(ann, document("15"), "five", fresh).status_code == 200


def test_scope_role_and_expiry_bound_what_a_token_opens() -> None:
    now = utc_now()
    ann = make_holder()
    reader = make_staff_client("ann", StaffScope.READ)
    assert refusal(put(reader, document(), "one")) == (403, "staff_forbidden")
    analyst = make_staff_client("cleo", role=ANALYST)
    assert refusal(put(analyst, document(), "one")) == (403, "staff_forbidden")
    assert refusal(move(analyst, "schedule", "one", "1-a")) == (403, "staff_forbidden")
    assert refusal(ApiClient().get(URL)) == (401, "staff_token_required")
    strangers = ["staff_" + "a" * 43, "till_" + "a" * 43, "ey.ey.ey"]
    gone = [make_staff_key(ann), make_staff_key(ann), make_staff_key(make_holder("dan"))]
    first, second, _third = list(StaffToken.objects.order_by("pk"))[-3:]
    revoke_token(StaffToken, token_id=first.pk, by_id=ann, now=now)
    StaffToken.objects.filter(pk=second.pk).update(
        created_at=now - timedelta(days=9), expires_at=now - timedelta(seconds=1)
    )
    get_user_model().objects.filter(email="dan@staff.example").update(is_staff=False)
    for key in (*strangers, *gone):
        answer = ApiClient(Authorization=f"Bearer {key}").get(URL)
        assert refusal(answer) == (401, "token_invalid")
    stored = json.dumps(list(StaffToken.objects.values_list("digest", "name")))
    assert not [key for key in gone if key in stored]


def test_codes_are_told_and_written_by_those_who_may_only() -> None:
    ann = make_staff_client()
    put(ann, document(), "one")
    account = get_user_model().objects.get(email="ann@staff.example")
    group = account.groups.get()
    rights = group.permissions.filter(codename__in=["view_coupon", "change_coupon"])
    group.permissions.remove(*rights)
    read = ann.get(URL)
    assert b"SPRING10" not in read.content
    answer = put(ann, document("12"), "two", read.json()["version"])
    assert refusal(answer) == (400, "document_refused")
    assert "you may not change codes" in answer.json()["detail"]
