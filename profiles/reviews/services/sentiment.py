"""Learn the tone of words from the shop's own rated reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import numpy as np
from django.db import transaction

from profiles.reviews.core import LANGUAGES, SentimentClassifier, SentimentQuality, judge_sentiment
from profiles.reviews.models import Review, SentimentVersion
from profiles.reviews.selectors.sentiment import (
    forget_sentiment_models,
    get_sentiment_model,
    score_lexicon,
)
from profiles.reviews.services.reviews import reread_reviews
from shop.ground.kernel.arrays import hash_arrays, pack_arrays

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
