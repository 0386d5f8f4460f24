"""My groups at the API: proofs by code, document and address, with their refusals and limits."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from promotions.coupons.core import MAX_DOCUMENT_BYTES
from promotions.coupons.services.verified_groups import make_group_codes
from promotions.models import GroupClaim, VerifiedGroup
from tests.factories.api import expect, make_guest_client
from tests.factories.orders import Shelf
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict
from tests.integration.api.test_tokens import LOGIN, sign_in

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
GROUPS = "/api/v1/groups"
PDF = base64.b64encode(b"%PDF-1.7 I am a student").decode()


@pytest.fixture
def group(shelf: Shelf) -> VerifiedGroup:
    return VerifiedGroup.objects.create(
        code="student", name="Students", name_zh="学生", mail_domains=["uni.example"]
    )


@pytest.fixture
def alice(api: ApiClient, group: VerifiedGroup) -> ApiClient:
    """A signed-in device."""
    get_user_model().objects.create_user(email=LOGIN["email"], password=LOGIN["password"])
    tokens = sign_in(make_guest_client(api))
    return ApiClient(Authorization=f"Bearer {tokens['access_token']}")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_code_proves_it_once(
    alice: ApiClient, group: VerifiedGroup, strict: dict[str, Any]
) -> None:
    check(OPERATIONS["listGroups"], alice.get(GROUPS), strict)
    assert expect(alice.get(GROUPS))["groups"][0]["state"] == ""
    [code] = make_group_codes(group_id=group.pk, amount=1)
    url = f"{GROUPS}/student/code"
    proven = alice.post(url, {"code": code.lower()})
    check(OPERATIONS["proveGroupByCode"], proven, strict)
    (mine,) = proven.json()["groups"]
    assert (mine["state"], mine["valid_until"] is None) == ("accepted", False)
    assert refusal(alice.post(url, {"code": code})) == (400, "code_invalid")
    assert refusal(alice.post(f"{GROUPS}/nobody/code", {"code": "A"})) == (404, "group_unknown")
    chinese = alice.get(GROUPS, Accept_Language="zh-CN").json()["groups"][0]
    assert chinese["name"] == "学生"


def test_a_document_waits_for_review(alice: ApiClient, strict: dict[str, Any]) -> None:
    url = f"{GROUPS}/student/document"
    sent = alice.post(url, {"document": PDF})
    check(OPERATIONS["proveGroupByDocument"], sent, strict)
    assert sent.json()["groups"][0]["state"] == "pending"
    assert bytes(GroupClaim.objects.get().document or b"") == base64.b64decode(PDF)
    assert refusal(alice.post(url, {"document": PDF})) == (409, "claim_waits")
    text = base64.b64encode(b"I am a student").decode()
    assert refusal(alice.post(url, {"document": text})) == (415, "document_type")
    assert refusal(alice.post(url, {"document": "no base64!"})) == (400, "invalid")
    VerifiedGroup.objects.update(takes_documents=False)
    assert refusal(alice.post(url, {"document": PDF})) == (409, "way_closed")


def test_a_document_is_taken_up_to_the_size_limit(
    alice: ApiClient,
) -> None:
    url = f"{GROUPS}/student/document"
    whole = b"%PDF-1.7 ".ljust(MAX_DOCUMENT_BYTES, b".")
    for more in (1, 2 * 1_048_576):
        text = base64.b64encode(whole + b"." * more).decode()
        answer = alice.post(url, {"document": text})
        code = "document_too_large" if more == 1 else "body_too_large"
        assert refusal(answer) == (413, code)
    assert answer.json()["detail"] == "The body is larger than 7 MiB."
    sent = alice.post(url, {"document": base64.b64encode(whole).decode()})
    assert sent.json()["groups"][0]["state"] == "pending"
    assert len(GroupClaim.objects.get().document or b"") == MAX_DOCUMENT_BYTES


def test_only_accounts_may_send_a_large_body(api: ApiClient, group: VerifiedGroup) -> None:
    answer = make_guest_client(api).post(f"{GROUPS}/student/document", {"document": "." * 2**20})
    assert refusal(answer) == (413, "body_too_large")


def test_an_address_proves_it_by_the_mailed_token(alice: ApiClient, strict: dict[str, Any]) -> None:
    url = f"{GROUPS}/student/address"
    assert refusal(alice.post(url, {"address": "a@myuni.example"})) == (400, "domain_unknown")
    sent = alice.post(url, {"address": "alice@cs.uni.example"})
    check(OPERATIONS["mailGroupLink"], sent, strict)
    (letter,) = mail.outbox
    assert letter.to == ["alice@cs.uni.example"]
    found = re.search(r"/account/groups/\?token=(\S+)", str(letter.body))
    assert found is not None
    confirmed = alice.post(f"{GROUPS}/confirm", {"token": found[1]})
    check(OPERATIONS["confirmGroupAddress"], confirmed, strict)
    assert confirmed.json()["groups"][0]["state"] == "accepted"
    assert refusal(alice.post(f"{GROUPS}/confirm", {"token": "x"})) == (400, "link_invalid")


def test_guests_have_no_groups_and_guessing_is_limited(
    api: ApiClient, alice: ApiClient, settings: Any
) -> None:
    guest = make_guest_client(api)
    for answer in (guest.get(GROUPS), guest.post(f"{GROUPS}/student/code", {"code": "A"})):
        assert refusal(answer) == (401, "sign_in_required")
    settings.API_RATES = {"guess": "2/h"}
    said = [alice.post(f"{GROUPS}/student/code", {"code": "NO"}) for _ in range(2)]
    # One try was the guest's, from the same address
    assert [answer.status_code for answer in said] == [400, 429]
    assert int(said[1]["Retry-After"]) > 0
