"""My groups in the browser: every way of proof, every refusal in words, in both languages."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from profiles.models import Shopper
from promotions.coupons.services.verified_groups import decide_claim, make_group_codes
from promotions.models import GroupClaim, VerifiedGroup
from tests.factories.orders import NOON, Shelf

pytestmark = pytest.mark.django_db
PAGE, PROVE = "/account/groups/", "/account/groups/prove/"


@pytest.fixture
def group(shelf: Shelf) -> VerifiedGroup:
    return VerifiedGroup.objects.create(
        code="student", name="Students", name_zh="学生", mail_domains=["uni.example"]
    )


@pytest.fixture
def alice(group: VerifiedGroup) -> Client:
    """A signed-in shopper."""
    account = get_user_model().objects.create_user("alice@example.com", "a long password")
    Shopper.objects.create(account=account, created_at=NOON, last_seen_at=NOON)
    client = Client()
    client.force_login(account)
    return client


def prove(client: Client, **given: object) -> str:
    """Hand in a proof of being a student; return the page that follows."""
    answer = client.post(PROVE, {"group": "student", **given}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    return answer.content.decode()


def test_a_code_confirms_and_works_once(alice: Client, group: VerifiedGroup) -> None:
    [code] = make_group_codes(group_id=group.pk, amount=1)
    before = alice.get(PAGE).content.decode()
    assert ("Verification code" in before, "Confirmed" in before) == (True, False)
    after = prove(alice, code=code.lower())
    assert ("Confirmed" in after, "Verification code" in after) == (True, False)
    GroupClaim.objects.update(valid_until=NOON)
    assert "This code is not valid, or it was used." in prove(alice, code=code)
    assert "学生" in alice.get(f"/zh-hans{PAGE}").content.decode()


def test_a_document_waits_and_a_refusal_says_why(alice: Client) -> None:
    pdf = SimpleUploadedFile("card.exe", b"%PDF-1.7 a student", content_type="text/plain")
    assert "Your document waits for review." in prove(alice, document=pdf)
    staff = get_user_model().objects.create(email="sue@example.com", is_staff=True)
    decide_claim(
        claim_id=GroupClaim.objects.get().pk,
        is_accepted=False,
        reason="It names nobody.",
        account_id=int(staff.pk),
        now=NOON,
    )
    page = alice.get(PAGE).content.decode()
    assert "Not accepted: It names nobody." in page
    text = SimpleUploadedFile("card.pdf", b"MZ I am a program", content_type="application/pdf")
    assert "Send a PDF, JPEG or PNG file." in prove(alice, document=text)


def test_an_address_gets_a_link_that_its_reader_confirms(alice: Client) -> None:
    assert "Addresses of that domain do not prove it." in prove(alice, address="a@myuni.example")
    assert "We sent a link to that address." in prove(alice, address="alice@cs.uni.example")
    (letter,) = mail.outbox
    found = re.search(r"http://testserver(/account/groups/\?token=(\S+))", str(letter.body))
    assert found is not None
    assert "Your address is confirmed with one press." in alice.get(found[1]).content.decode()
    assert GroupClaim.objects.count() == 0  # looking confirms nothing: programs open links
    other = Client()
    account = get_user_model().objects.create_user("bea@example.com", "a long password")
    Shopper.objects.create(account=account, created_at=NOON, last_seen_at=NOON)
    other.force_login(account)
    assert "This link is not valid any more." in prove(other, token=found[2])
    assert "Confirmed" in prove(alice, token=found[2])
    assert GroupClaim.objects.get().how == "mail"


def test_guests_are_asked_to_sign_in_and_unknown_groups_refused(alice: Client) -> None:
    assert Client().get(PAGE).headers["Location"].startswith("/account/login/")
    assert Client().post(PROVE, {"group": "student"}).status_code == 302
    assert "There is no such group." in prove(alice, group="nobody", code="A")
    VerifiedGroup.objects.update(takes_documents=False)
    pdf = SimpleUploadedFile("card.pdf", b"%PDF-1.7")
    assert "This group does not accept documents." in prove(alice, document=pdf)
    assert "Document (PDF" not in alice.get(PAGE).content.decode()
