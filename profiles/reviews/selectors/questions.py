"""Read questions about a product and their answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q

from profiles.reviews.models import Answer, Question


@dataclass(frozen=True, slots=True)
class AnswerValue:
    """An answer as pages show it. `is_shop`: by the shop, else by a buyer."""

    answer_id: int
    text: str
    language: str
    answered_at: datetime
    is_shop: bool
    is_own: bool
    hidden_because: str


@dataclass(frozen=True, slots=True)
class QuestionValue:
    """A question as pages show it. `is_own`: the one who looks asked it."""

    question_id: int
    text: str
    language: str
    asked_at: datetime
    is_own: bool
    hidden_because: str
    answers: tuple[AnswerValue, ...]


def count_open_questions() -> int:
    """Return how many shown questions nobody has answered. One query."""
    return Question.objects.filter(state=Question.State.SHOWN, answers=None).count()


def list_questions(
    *,
    product_id: int,
    shopper_id: int | None,
    may_answer: bool = False,
    limit: int = 20,
    offset: int = 0,
) -> list[QuestionValue]:
    """Return questions of a product with shown answers, newest first; one's own always.

    A question without an answer is for those who may answer it. Two queries, one without any.
    """
    shown = Answer.objects.filter(question=OuterRef("pk"), state=Answer.State.SHOWN)
    is_public = Q(state=Question.State.SHOWN)
    if not may_answer:
        is_public &= Q(Exists(shown))
    is_own = Q(shopper_id=shopper_id) if shopper_id is not None else Q(pk=None)
    answers = Answer.objects.filter(
        Q(state=Answer.State.SHOWN)
        | (Q(shopper_id=shopper_id) if shopper_id is not None else Q(pk=None))
    )
    rows = Question.objects.filter(is_public | is_own, product_id=product_id)
    rows = rows.prefetch_related(Prefetch("answers", queryset=answers))
    return [
        QuestionValue(
            question_id=row.pk,
            text=row.text,
            language=row.language,
            asked_at=row.asked_at,
            is_own=shopper_id is not None and row.shopper_id == shopper_id,
            hidden_because=row.hidden_because,
            answers=tuple(_value(one, shopper_id) for one in row.answers.all()),
        )
        for row in rows.order_by("-asked_at", "-pk")[offset : offset + limit]
    ]


def _value(row: Answer, shopper_id: int | None) -> AnswerValue:
    return AnswerValue(
        answer_id=row.pk,
        text=row.text,
        language=row.language,
        answered_at=row.answered_at,
        is_shop=row.is_shop,
        is_own=shopper_id is not None and row.shopper_id == shopper_id,
        hidden_because=row.hidden_because,
    )
