"""Sentiment of texts, by the shop's own model where one is active, else the shipped one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from profiles.reviews.core import LANGUAGES, SentimentClassifier, detect_language
from profiles.reviews.models import SentimentVersion
from shop.ground.kernel.arrays import unpack_arrays

FloatArray = NDArray[np.float64]

ARRAYS = Path(__file__).parent.parent / "arrays"
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
