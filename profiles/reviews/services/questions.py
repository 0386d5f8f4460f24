"""Ask about a product, answer, and hide what must not be shown, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from profiles.reviews.core import (
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    detect_language,
    names_contact,
)
from profiles.reviews.models import Answer, Question
from profiles.reviews.selectors.reviews import has_bought
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop


class QuestionRefused(FairtagError):
    """The text is not kept; code: text_missing, text_long, names_contact, not_a_buyer, gone or
    no_reason."""

    code = "question_refused"


def ask_question(*, shopper_id: int, product_id: int, text: str, now: datetime) -> int:
    """Keep a question about a product; return its id. The same words again are once.

    Raises QuestionRefused.
    """
    text = _clean(text, LONGEST_QUESTION)
    known = Question.objects.filter(shopper_id=shopper_id, product_id=product_id, text=text)
    found = known.first() or Question.objects.create(
        shopper_id=shopper_id,
        product_id=product_id,
        text=text,
        language=detect_language(text),
        asked_at=now,
    )
    return found.pk


@transaction.atomic
def answer_question(
    *,
    question_id: int,
    product_id: int,
    shopper_id: int,
    variant_ids: Collection[int],
    text: str,
    now: datetime,
) -> None:
    """Keep a buyer's answer to a question about `product_id`; a second one replaces the first.

    `variant_ids` are those of the product. Raises QuestionRefused, also for who did not buy it.
    """
    text = _clean(text, LONGEST_ANSWER)
    if not has_bought(shopper_id=shopper_id, variant_ids=variant_ids):
        said = gettext_noop("Only people who bought it here can answer.")
        raise QuestionRefused(said, code="not_a_buyer")
    shown = Question.objects.filter(pk=question_id, state=Question.State.SHOWN)
    if not shown.filter(product_id=product_id).exists():
        raise QuestionRefused(gettext_noop("This question is gone."), code="gone")
    Answer.objects.update_or_create(
        question_id=question_id,
        shopper_id=shopper_id,
        defaults={"text": text, "language": detect_language(text), "answered_at": now},
    )


def answer_as_shop(*, question_id: int, text: str, now: datetime) -> None:
    """Keep the shop's answer; a second one is shown below the first. Raises QuestionRefused."""
    text = _clean(text, LONGEST_ANSWER, may_name=True)
    Answer.objects.create(
        question_id=question_id,
        is_shop=True,
        text=text,
        language=detect_language(text),
        answered_at=now,
    )


def hide_question(*, question_id: int, because: str) -> None:
    """Take a question and its answers off the pages; its writer is told the reason."""
    Question.objects.filter(pk=question_id).update(
        state=Question.State.HIDDEN, hidden_because=_reason(because)
    )


def show_question(*, question_id: int) -> None:
    """Put a hidden question back."""
    Question.objects.filter(pk=question_id).update(state=Question.State.SHOWN, hidden_because="")


def hide_answer(*, answer_id: int, because: str) -> None:
    """Take an answer off the pages; its writer is told the reason."""
    Answer.objects.filter(pk=answer_id).update(
        state=Answer.State.HIDDEN, hidden_because=_reason(because)
    )


def show_answer(*, answer_id: int) -> None:
    """Put a hidden answer back."""
    Answer.objects.filter(pk=answer_id).update(state=Answer.State.SHOWN, hidden_because="")


def _clean(text: str, longest: int, *, may_name: bool = False) -> str:
    """Return the text with single spaces. Raises QuestionRefused."""
    text = " ".join(text.split())
    if not text:
        raise QuestionRefused(gettext_noop("Please write something."), code="text_missing")
    if len(text) > longest:
        raise QuestionRefused(gettext_noop("This text is too long."), code="text_long")
    if not may_name and names_contact(text):
        said = gettext_noop("Please leave out e-mail addresses and telephone numbers.")
        raise QuestionRefused(said, code="names_contact")
    return text


def _reason(because: str) -> str:
    if not because.strip():
        raise QuestionRefused("Say why: its writer is shown the reason.", code="no_reason")
    return because.strip()[:200]
