"""The weekly letter: own offers with their reason, once a week, only to who agreed, and stopped
with one click."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from profiles.models import Account, ConsentRecord, Shopper
from promotions.models import Campaign, CampaignShopper, OfferDigest
from promotions.privacy import erase_shopper
from promotions.targeting.services import digests
from promotions.targeting.services.digests import send_digests
from tests.factories.orders import LABEL, RULE, Shelf
from tests.factories.promotions import NOON, make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the market lie where a personal price carries the New York label."""
    monkeypatch.setattr(digests, "find_personal_rule", lambda **_: RULE)


@pytest.fixture
def campaign(shelf: Shelf) -> Campaign:
    """A fifth off, for chosen shoppers."""
    made = make_campaign("fifth", percent="20", audience="personal", name_zh="八折")
    Campaign.objects.filter(pk=made.pk).update(ends_at=NOON + 4 * WEEK)
    return made


def make_reader(
    campaign: Campaign, email: str = "alice@example.com", *, reason: str = "", **fields: Any
) -> Shopper:
    """Store an account holder who agreed, addressed by the campaign."""
    known = {"consent_marketing": True, "consent_price": True, "last_seen_at": NOON}
    account = Account.objects.create_user(email, "a long password")
    shopper = Shopper.objects.create(account=account, created_at=NOON, **(known | fields))
    CampaignShopper.objects.create(campaign=campaign, shopper=shopper, reason=reason)
    return shopper


def speak_chinese(shopper: Shopper) -> None:
    ConsentRecord.objects.create(
        shopper=shopper,
        purpose="marketing",
        is_granted=True,
        how="storefront",
        locale="zh_Hans_CN",
        text_version="2026-11",
        recorded_at=NOON,
    )


def html_of(letter: Any) -> str:
    assert isinstance(letter, EmailMultiAlternatives)
    return str(letter.alternatives[0][0])


def path_of(link: str) -> str:
    return "/" + link.strip("<>").split("/", 3)[3]


def test_a_weekly_email_names_offer_reason_label_and_end(campaign: Campaign) -> None:
    shopper = make_reader(campaign, reason="by_chance")
    assert [send_digests(now=NOON) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"]
    assert letter.subject == "Your own offers this week"
    for text in (str(letter.body), html_of(letter)):
        assert "−20 %" in text
        assert "fifth" in text
        assert "Why you: Chosen by chance, to learn what helps" in text
        assert LABEL in text
        assert "Until: 2026-12-23 07:00 (America/New_York)" in text
        assert f"/offers/{campaign.offers.get().pk}/" in text
        assert "/letters/stop/" in text
        assert "/how-our-prices-work/" in text
    assert OfferDigest.objects.get().week == "2026-W48"
    assert [send_digests(now=NOON + WEEK) for _ in range(2)] == [1, 0]
    assert list(OfferDigest.objects.values_list("shopper", "week", "offers").order_by("week")) == [
        (shopper.pk, "2026-W48", 1),
        (shopper.pk, "2026-W49", 1),
    ]


def test_a_reader_of_chinese_gets_it_in_chinese(campaign: Campaign) -> None:
    speak_chinese(make_reader(campaign))
    assert send_digests(now=NOON) == 1
    (letter,) = mail.outbox
    assert letter.subject == "本周您的专属优惠"
    for text in (str(letter.body), html_of(letter)):
        assert "八折" in text
        assert "为什么是您：专属于您" in text
        assert "个性化价格" in text
        assert "/zh-hans/letters/stop/" in text
        assert "/zh-hans/how-our-prices-work/" in text
        assert "退订此类邮件" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"consent_marketing": False},
        {"consent_price": False},
        {"is_minor": True},
        {"account": None},
    ],
)
def test_nobody_else_gets_one(campaign: Campaign, fields: dict[str, Any]) -> None:
    Shopper.objects.filter(pk=make_reader(campaign).pk).update(**fields)
    assert send_digests(now=NOON) == 0
    assert (mail.outbox, OfferDigest.objects.count()) == ([], 0)


def test_a_closed_login_or_one_without_an_address_gets_none(campaign: Campaign) -> None:
    make_reader(campaign)
    make_reader(campaign, "bob@example.com")
    Account.objects.filter(email="alice@example.com").update(is_active=False)
    Account.objects.filter(email="bob@example.com").update(email="")
    assert send_digests(now=NOON) == 0


def test_an_ended_campaign_writes_to_nobody(campaign: Campaign) -> None:
    make_reader(campaign)
    assert send_digests(now=NOON + 4 * WEEK) == 0


def test_where_nothing_personal_is_allowed_no_letter_is_sent(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = replace(RULE, personal_allowed=False)
    monkeypatch.setattr(digests, "find_personal_rule", lambda **_: strict)
    make_reader(campaign)
    assert send_digests(now=NOON) == 0
    assert OfferDigest.objects.get().offers == 0


def test_a_batch_is_bounded_and_the_next_goes_on(campaign: Campaign) -> None:
    for name in ("alice", "bob", "carol"):
        make_reader(campaign, f"{name}@example.com")
    assert [send_digests(now=NOON, limit=2) for _ in range(3)] == [2, 1, 0]
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "alice@example.com",
        "bob@example.com",
        "carol@example.com",
    ]


def test_a_refused_address_stops_no_other_and_is_not_retried(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_reader(campaign, "gone@example.com")
    make_reader(campaign)
    send = EmailMultiAlternatives.send

    def refuse_one(self: EmailMultiAlternatives, *args: Any) -> int:
        if self.to == ["gone@example.com"]:
            raise SMTPRecipientsRefused({})
        return send(self, *args)

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse_one)
    assert [send_digests(now=NOON) for _ in range(2)] == [1, 0]
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]


def test_a_mail_outage_leaves_the_email_for_the_next_run(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_reader(campaign)

    def fail(self: EmailMultiAlternatives) -> int:
        raise ConnectionRefusedError("Nobody answers.")

    with monkeypatch.context() as down:
        down.setattr(EmailMultiAlternatives, "send", fail)
        with pytest.raises(ConnectionRefusedError):
            send_digests(now=NOON)
    assert OfferDigest.objects.count() == 0
    assert send_digests(now=NOON) == 1


def test_one_click_stops_it_and_looking_does_not(campaign: Campaign) -> None:
    shopper = make_reader(campaign)
    send_digests(now=NOON)
    (letter,) = mail.outbox
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = path_of(letter.extra_headers["List-Unsubscribe"])
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(path)
    assert "Stop offers by e-mail</button>" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert Shopper.objects.get(pk=shopper.pk).consent_marketing
    answer = browser.post(path, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, "Done." in answer.content.decode()) == (200, True)
    assert not Shopper.objects.get(pk=shopper.pk).consent_marketing
    record = ConsentRecord.objects.get(shopper=shopper)
    assert (record.purpose, record.is_granted, record.how) == ("marketing", False, "letter")
    assert browser.post(path).status_code == 200  # twice is once
    assert ConsentRecord.objects.filter(shopper=shopper).count() == 1
    assert send_digests(now=NOON + WEEK) == 0


def test_the_page_is_chinese_for_chinese_readers(campaign: Campaign) -> None:
    speak_chinese(make_reader(campaign))
    send_digests(now=NOON)
    path = path_of(mail.outbox[0].extra_headers["List-Unsubscribe"])
    assert "停止优惠邮件" in Client().get(path).content.decode()
    assert "您将不再收到优惠邮件" in Client().post(path).content.decode()


def test_a_forged_link_stops_nobody(campaign: Campaign) -> None:
    shopper = make_reader(campaign)
    answer = Client().post(f"/letters/stop/{shopper.pseudonym}:forged/")
    assert answer.status_code == 404
    assert "not complete" in answer.content.decode()
    assert Shopper.objects.get(pk=shopper.pk).consent_marketing


def test_who_is_forgotten_leaves_no_letters(campaign: Campaign) -> None:
    shopper = make_reader(campaign)
    send_digests(now=NOON)
    erase_shopper(shopper.pk, NOON)
    assert OfferDigest.objects.count() == 0
