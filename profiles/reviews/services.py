"""Reviews and questions are written and answered; the model of their mood is fitted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np
from django.db import transaction

from profiles.events.models import Event
from profiles.reviews.core import (
    LANGUAGES,
    LONGEST_ANSWER,
    LONGEST_QUESTION,
    SentimentClassifier,
    SentimentQuality,
    detect_language,
    judge_sentiment,
    names_contact,
)
from profiles.reviews.models import Answer, Question, Review, SentimentVersion
from profiles.reviews.selectors import (
    forget_sentiment_models,
    get_sentiment_model,
    has_bought,
    read_positivity,
    score_lexicon,
)
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
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


MAX_TEXT = 2_000
BATCH = 500


class ReviewRefused(FairtagError):
    """The review is not kept; code: rating_range, text_long, not_bought or no_reason."""

    code = "review_refused"


@transaction.atomic
def write_review(
    *, shopper_id: int, variant_ids: dict[int, int], rating: int, text: str, now: datetime
) -> int:
    """Keep what a buyer says of a product; a second one replaces the first. Return its id.

    `variant_ids` maps each variant of the one product to the product. Shown at once, whatever it
    says. Raises ReviewRefused, also for who did not buy the product here: reviews by people who
    never had it would mislead (EU 2019/2161).
    """
    text = " ".join(text.split())
    if not 1 <= rating <= 5:
        raise ReviewRefused(gettext_noop("Choose one to five stars."), code="rating_range")
    if len(text) > MAX_TEXT:
        raise ReviewRefused(
            f"A review has at most {MAX_TEXT} characters; this one has {len(text)}.",
            code="text_long",
        )
    mine = Event.objects.filter(shopper_id=shopper_id, kind="purchase", variant_id__in=variant_ids)
    bought = mine.order_by("-occurred_at").first()
    if bought is None or bought.variant_id is None:
        raise ReviewRefused(
            gettext_noop("Only people who bought it here can review it."), code="not_bought"
        )
    positivity = float(read_positivity([text])[0])
    review, _ = Review.objects.update_or_create(
        shopper_id=shopper_id,
        product_id=variant_ids[bought.variant_id],
        defaults={
            "variant_id": bought.variant_id,
            "rating": rating,
            "text": text,
            "language": detect_language(text),
            "positivity": None if np.isnan(positivity) else positivity,
            "bought_at": bought.occurred_at,
            "written_at": now,
        },
    )
    return review.pk


def hide_review(*, review_id: int, because: str) -> None:
    """Take a review off the pages, with the reason that its writer is shown.

    A bad mark is none: leaving out unkind reviews misleads (EU 2019/2161). Raises ReviewRefused
    without a reason.
    """
    if not because.strip():
        raise ReviewRefused("Say why: its writer is shown the reason.", code="no_reason")
    Review.objects.filter(pk=review_id).update(
        state=Review.State.HIDDEN, hidden_because=because.strip()[:200]
    )


def show_review(*, review_id: int) -> None:
    """Put a hidden review back."""
    Review.objects.filter(pk=review_id).update(state=Review.State.SHOWN, hidden_because="")


def reread_reviews() -> int:
    """Read the tone of all reviews again, after another model came into use; return how many."""
    rows = list(Review.objects.exclude(text="").order_by("pk").values_list("pk", "text"))
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        read = read_positivity([text for _, text in part])
        Review.objects.bulk_update(
            [
                Review(pk=pk, positivity=None if np.isnan(value) else float(value))
                for (pk, _), value in zip(part, read, strict=True)
            ],
            ["positivity"],
        )
    return len(rows)


LEAST_REVIEWS = 400
LEAST_OF_A_KIND = 60
HELD_OUT = 0.25
KEEP_VERSIONS = 5


def refit_sentiment(*, now: datetime) -> int:
    """Fit each language on its rated reviews; use a fit that reads the latest quarter better.

    Four and five stars count as glad, one and two as sorry, three as neither. Below 400 reviews, or
    60 of a kind, the shipped model stays. Returns how many reviews were learned from.
    """
    learned = sum(_refit_language(language, now) for language in LANGUAGES)
    if learned:
        forget_sentiment_models()
        reread_reviews()
    return learned


def _refit_language(language: str, now: datetime) -> int:
    rows = list(
        Review.objects.filter(language=language)
        .exclude(text="")
        .exclude(rating=3)
        .order_by("written_at", "pk")
        .values_list("text", "rating")
    )
    texts = [text for text, _ in rows]
    glad = np.array([rating > 3 for _, rating in rows], dtype=bool)
    # In time order: what is judged on lies after what was learned from, as it will in use.
    cut = int(len(rows) * (1 - HELD_OUT))
    kinds = [glad[:cut].sum(), (~glad[:cut]).sum(), glad[cut:].sum(), (~glad[cut:]).sum()]
    if len(rows) < LEAST_REVIEWS or min(kinds) < LEAST_OF_A_KIND * HELD_OUT:
        return 0
    lexicon = score_lexicon(texts, language)
    fitted = SentimentClassifier(language).fit(texts[:cut], glad[:cut], lexicon=lexicon[:cut])
    held, scores = texts[cut:], lexicon[cut:]
    own = judge_sentiment(glad[cut:], fitted.predict_proba(held, lexicon=scores))
    used = judge_sentiment(
        glad[cut:], get_sentiment_model(language).predict_proba(held, lexicon=scores)
    )
    better = own.log_loss < used.log_loss
    if better:
        _activate(SentimentClassifier(language).fit(texts, glad, lexicon=lexicon), now, own, used)
    return len(rows) if better else 0


@transaction.atomic
def _activate(
    model: SentimentClassifier, now: datetime, own: SentimentQuality, used: SentimentQuality
) -> None:
    arrays = model.to_arrays()
    SentimentVersion.objects.filter(language=model.language, is_active=True).update(is_active=False)
    SentimentVersion.objects.create(
        language=model.language,
        fitted_at=now,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
        metrics={"held_out": asdict(own), "before": asdict(used)},
        is_active=True,
    )
    _delete_old(model.language)


def _delete_old(language: str) -> None:
    rows = SentimentVersion.objects.filter(language=language).order_by("-fitted_at")
    kept: Sequence[int] = list(rows.values_list("pk", flat=True)[:KEEP_VERSIONS])
    rows.exclude(pk__in=kept).delete()
