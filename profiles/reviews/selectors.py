"""Reviews, their mood, and questions about products."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
from django.db import connection
from django.db.models import Avg, Count, Exists, OuterRef, Prefetch, Q
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from profiles.events.models import Event
from profiles.reviews.core import LANGUAGES, SentimentClassifier, detect_language
from profiles.reviews.models import Answer, Question, Review, SentimentVersion
from shop.ground.kernel.arrays import unpack_arrays


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


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """How many reviews are shown, their mean (0 without any) and how many have 1 to 5 stars."""

    count: int
    mean: float
    stars: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReviewValue:
    """A review as pages show it. `is_own`: the one who looks wrote it."""

    review_id: int
    rating: int
    text: str
    language: str
    bought_at: datetime
    written_at: datetime
    is_own: bool
    hidden_because: str = ""


def summarize_ratings(*, product_id: int) -> RatingSummary:
    """Return the marks of a product. One query."""
    rows = Review.objects.filter(product_id=product_id, state=Review.State.SHOWN)
    return _summarize(dict(rows.order_by().values_list("rating").annotate(count=Count("pk"))))


def _summarize(counts: Mapping[int, int]) -> RatingSummary:
    stars = tuple(counts.get(star, 0) for star in range(1, 6))
    total = sum(stars)
    mean = sum(star * count for star, count in counts.items()) / total if total else 0.0
    return RatingSummary(total, mean, (stars[0], stars[1], stars[2], stars[3], stars[4]))


# One statement for what most products have none of: marks by star, and in the row of no star how
# many questions everybody may read.
OPINIONS = """
SELECT rating, count(*) FROM profiles_review
WHERE product_id = %(product)s AND state = 'shown' GROUP BY rating
UNION ALL
SELECT 0, count(*) FROM profiles_question q
WHERE product_id = %(product)s AND state = 'shown' AND EXISTS
(SELECT FROM profiles_answer a WHERE a.question_id = q.id AND a.state = 'shown')
"""


def count_opinions(*, product_id: int) -> tuple[RatingSummary, int]:
    """Return the marks of a product and how many answered questions it has. One query."""
    with connection.cursor() as cursor:
        cursor.execute(OPINIONS, {"product": product_id})
        counts: dict[int, int] = dict(cursor.fetchall())
    questions = counts.pop(0)
    return _summarize(counts), questions


def list_reviews(
    *, product_id: int, shopper_id: int | None, limit: int = 20, offset: int = 0
) -> list[ReviewValue]:
    """Return reviews of a product, the newest first, one's own hidden one among them. One query."""
    rows = Review.objects.filter(product_id=product_id)
    shown = rows.filter(state=Review.State.SHOWN)
    if shopper_id is not None:
        shown = shown | rows.filter(shopper_id=shopper_id)
    return [
        ReviewValue(
            review_id=row.pk,
            rating=row.rating,
            text=row.text,
            language=row.language,
            bought_at=row.bought_at,
            written_at=row.written_at,
            is_own=shopper_id is not None and row.shopper_id == shopper_id,
            hidden_because=row.hidden_because,
        )
        for row in shown.order_by("-written_at", "-pk")[offset : offset + limit]
    ]


@dataclass(frozen=True, slots=True)
class ReviewTone:
    """What one buyer said of one variant: stars, and the chance that the words are glad."""

    shopper_id: int
    variant_id: int
    rating: int
    positivity: float | None
    written_at: datetime


def list_review_tones(*, since: datetime, until: datetime) -> list[ReviewTone]:
    """Return who said what in [since, until), in that order, hidden reviews too. One query."""
    rows = Review.objects.filter(
        written_at__gte=since, written_at__lt=until, shopper__isnull=False
    ).order_by("written_at", "pk")
    return [
        ReviewTone(shopper_id or 0, variant_id, rating, positivity, written_at)
        for shopper_id, variant_id, rating, positivity, written_at in rows.values_list(
            "shopper_id", "variant_id", "rating", "positivity", "written_at"
        )
    ]


def measure_usual_tone(*, since: datetime, until: datetime) -> float | None:
    """Return the mean chance of being glad of all reviews in [since, until). One query."""
    rows = Review.objects.filter(written_at__gte=since, written_at__lt=until)
    return rows.aggregate(mean=Avg("positivity"))["mean"]


def has_bought(*, shopper_id: int, variant_ids: Collection[int]) -> bool:
    """Return whether the shopper bought one of the variants here. One query."""
    bought = Event.objects.filter(shopper_id=shopper_id, kind="purchase")
    return bought.filter(variant_id__in=variant_ids).exists()


FloatArray = NDArray[np.float64]

ARRAYS = Path(__file__).parent / "arrays"
CHECK_SECONDS = 60.0

_active: dict[str, tuple[float, int | None, SentimentClassifier]] = {}


def read_positivity(texts: Sequence[str]) -> FloatArray:
    """Return the chance (n,) that each of `texts` is glad; NaN for a text without words.

    English and Chinese, told apart by their letters. One query a language and minute.
    """
    found = np.full(len(texts), np.nan)
    languages = [detect_language(text) for text in texts]
    for language in LANGUAGES:
        at = [i for i, text in enumerate(texts) if languages[i] == language and has_words(text)]
        if at:
            chosen = [texts[i] for i in at]
            model = get_sentiment_model(language)
            found[at] = model.predict_proba(chosen, lexicon=score_lexicon(chosen, language))
    return found


def has_words(text: str) -> bool:
    """Return whether there is a letter to read."""
    return any(letter.isalpha() for letter in text)


def score_lexicon(texts: Sequence[str], language: str) -> FloatArray:
    """Return VADER's compound score (n,) in [-1, 1] of English texts; zeros for other languages.

    Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
    Media Text", ICWSM 2014: what is known of English words before any review was written.
    """
    if language != "en":
        return np.zeros(len(texts))
    analyzer = _load_lexicon()
    return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])


def get_sentiment_model(language: str) -> SentimentClassifier:
    """Return the active model of `language`, at most a minute old."""
    now = time.monotonic()
    checked, version, model = _active.get(language, (-CHECK_SECONDS, None, None))
    if model is not None and now - checked < CHECK_SECONDS:
        return model
    row = SentimentVersion.objects.filter(language=language, is_active=True).first()
    if row is None:
        model = load_shipped_model(language)
    elif model is None or version != row.pk:
        model = SentimentClassifier.from_arrays(language, unpack_arrays(row.arrays))
    _active[language] = (now, None if row is None else row.pk, model)
    return model


def forget_sentiment_models() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _active.clear()


@cache
def load_shipped_model(language: str) -> SentimentClassifier:
    """Return the model that comes with the code; `manage.py train_sentiment` made it."""
    packed = (ARRAYS / f"sentiment-{language}.npz").read_bytes()
    return SentimentClassifier.from_arrays(language, unpack_arrays(packed))


@cache
def _load_lexicon() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
