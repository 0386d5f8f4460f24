"""Shoppers question a price; support answers within 72 hours, and the answer is mailed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage

from pricing.api import read_open_contests
from pricing.base.core.tokens import owner_of
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.selectors.references import OpenContests
from pricing.ledger.services import answer_contest
from pricing.privacy import PRIVACY
from profiles.models import Shopper
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.wiring import HANDLERS
from tests.factories.backoffice_prices import make_quote
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy, make_shopper
from tests.integration.storefront.test_promises import read

pytestmark = pytest.mark.django_db
QUESTION = {"text": "Why less?", "email": "ann@example.org"}


def test_a_price_is_questioned_once_and_answered_by_mail(
    shop: Dairy, mailoutbox: list[EmailMessage]
) -> None:
    now = utc_now()
    shopper = Shopper.objects.get(pk=make_shopper().id)
    own = {"shopper_hash": owner_of(str(shopper.pseudonym)).hex()}
    quote_id = make_quote(Variant.objects.get(pk=shop.cheddar), shopper, **own)
    client, address = browse_as(shopper), f"/why/{quote_id}/"
    assert browse_as(None).post(address, QUESTION).status_code == 404
    refused = client.post(address, {**QUESTION, "email": "nobody"})
    assert (refused.status_code, PriceContest.objects.count()) == (422, 0)
    assert "Check the e-mail address." in refused.content.decode()
    assert client.post(address, {**QUESTION, "text": "What?"}).status_code == 302
    assert client.post(address, QUESTION).status_code == 302
    contest = PriceContest.objects.get()
    assert (contest.text, contest.email) == (QUESTION["text"], QUESTION["email"])
    assert "You questioned this price." in read(client, address)
    late = read_open_contests(now=contest.asked_at + timedelta(hours=72))
    assert (late.waiting, late.overdue) == (1, 1)
    _answer(contest)
    (mail,) = mailoutbox
    assert (mail.to, "Our answer: It was a test." in mail.body) == ([QUESTION["email"]], True)
    assert "It was a test." in read(client, address)
    assert client.post(address, QUESTION).status_code == 422
    assert read_open_contests(now=now) == OpenContests(0, 0, None)
    assert PRIVACY.export_shopper(shopper.pk)["questioned_prices"][0]["text"] == "Why less?"
    PRIVACY.erase_shopper(shopper.pk, now)
    assert not PriceContest.objects.exists()


def _answer(contest: PriceContest) -> None:
    """Let a member of staff answer, and the worker deliver what followed."""
    person = get_user_model().objects.create_user("support@staff.example", is_staff=True)
    answer_contest(contest_id=contest.pk, text="It was a test.", by_id=person.pk, now=utc_now())
    fact = Fact.objects.get(kind="PriceContestAnswered")
    for handle in HANDLERS[fact.kind]:
        handle(fact.pk, fact.payload)
