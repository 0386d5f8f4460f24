"""Question a price, answer, and write the answer to who asked."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from pricing.ledger.models.contests import LONGEST_ANSWER, LONGEST_TEXT, PriceContest
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.outbox.services import write_fact
from shop.ground.staff.log import record_act, write_act
from shop.ground.storeinfo.selectors import mail_sender

SUBJECT = gettext_noop("Our answer about a price you questioned")
BODY = gettext_noop(
    "You wrote: {text}\n\nOur answer: {answer}\n\nThe price and its reasons: {link}"
)


class ContestRefused(FairtagError):
    """The text is not kept; code: text_missing, text_long, email_wrong or
    contest_answered."""

    code = "contest_refused"


@transaction.atomic
def contest_price(
    *, quote_id: UUID, shopper_id: int, email: str, text: str, language: str, now: datetime
) -> None:
    """Keep that a shopper questions a quote of theirs; words sent again replace the first.

    Raises ContestRefused.
    """
    said = {"email": _check_email(email), "text": _clean(text, LONGEST_TEXT), "language": language}
    rows = PriceContest.objects.select_for_update().filter(quote_id=quote_id, shopper_id=shopper_id)
    known = rows.first()
    if known is None:
        PriceContest.objects.create(quote_id=quote_id, shopper_id=shopper_id, asked_at=now, **said)
    elif known.answered_at is None:
        rows.update(**said)
    else:
        raise ContestRefused(
            gettext_noop("We have answered this question."), code="contest_answered"
        )


@transaction.atomic
def answer_contest(*, contest_id: int, text: str, by_id: int, now: datetime) -> None:
    """Keep the shop's answer, log who gave it, and have it sent. Raises ContestRefused."""
    row = PriceContest.objects.select_for_update().get(pk=contest_id)
    if row.answered_at is not None:
        raise ContestRefused(gettext_noop("This question has an answer."), code="contest_answered")
    row.answer = _clean(text, LONGEST_ANSWER)
    row.answered_at, row.answered_by_id = now, by_id
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    act = write_act(gettext_noop("Answered."))
    record_act(table="pricing.pricecontest", object_id=contest_id, by_id=by_id, act=act)
    write_fact(kind="PriceContestAnswered", payload={"contest_id": contest_id}, occurred_at=now)


def send_contest_answer(*, contest_id: int) -> bool:
    """Send the answer to who asked; return whether there was one to send."""
    row = PriceContest.objects.filter(pk=contest_id).exclude(answer="").first()
    if row is None:
        return False
    link = settings.SITE_URL.rstrip("/") + reverse("why", args=[row.quote_id])
    EmailMessage(
        subject=translate(SUBJECT, row.language),
        body=translate(BODY, row.language, text=row.text, answer=row.answer, link=link),
        from_email=mail_sender(row.language),
        to=[row.email],
    ).send()
    return True


def _check_email(email: str) -> str:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        said = gettext_noop("Check the e-mail address.")
        raise ContestRefused(said, code="email_wrong") from error
    return email.strip()


def _clean(text: str, longest: int) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise ContestRefused(gettext_noop("Please write something."), code="text_missing")
    if len(cleaned) > longest:
        raise ContestRefused(gettext_noop("This text is too long."), code="text_long")
    return cleaned
