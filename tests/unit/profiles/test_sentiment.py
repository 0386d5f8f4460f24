"""Reading the tone of reviews: languages, the classifier, the shipped models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.reviews.core import SentimentClassifier, detect_language, judge_sentiment
from profiles.reviews.selectors import has_words, load_shipped_model, score_lexicon
from shop.ground.kernel.arrays import pack_arrays, unpack_arrays

GLAD = ["lovely fresh cheese", "great value, will buy again", "really tasty and fresh"] * 4
SORRY = ["stale and broken", "awful, never again", "arrived late and broken"] * 4

# Written for this test; none of them is in a corpus the shipped models were fitted on.
SAMPLES = {
    "en": (
        ["The cheddar is delicious and arrived well packed.", "Great price, my kids love it."],
        ["The bread was mouldy when it arrived, very disappointed.", "Waste of money, it broke."],
    ),
    "zh": (
        ["味道很好，包装也很结实，下次还会买。", "物美价廉，孩子非常喜欢。"],
        ["收到的时候已经坏了，太失望了。", "质量很差，完全是浪费钱。"],
    ),
}


def test_chinese_is_told_by_its_letters() -> None:
    assert [detect_language(text) for text in ("好吃", "so 好 fresh and good", "👍 5/5", "")] == [
        "zh",
        "en",
        "en",
        "en",
    ]


def test_a_text_without_letters_has_no_words() -> None:
    assert [has_words(text) for text in ("!!! 5/5 👍", "ok", "好")] == [False, True, True]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_model_tells_new_sentences(language: str) -> None:
    glad, sorry = SAMPLES[language]
    model = load_shipped_model(language)
    texts = [*glad, *sorry]
    chance = model.predict_proba(texts, lexicon=score_lexicon(texts, language))
    assert (chance > 0.5).tolist() == [True, True, False, False]


def test_the_lexicon_knows_english_only() -> None:
    assert score_lexicon(["good", "bad"], "en")[0] > 0 > score_lexicon(["good", "bad"], "en")[1]
    assert score_lexicon(["很好"], "zh").tolist() == [0.0]


def test_arrays_hold_the_whole_model() -> None:
    model = SentimentClassifier("en").fit(GLAD + SORRY, [True] * 12 + [False] * 12)
    again = SentimentClassifier.from_arrays("en", unpack_arrays(pack_arrays(model.to_arrays())))
    texts = ["fresh and tasty", "broken again", "", "完全"]
    np.testing.assert_allclose(
        again.predict_proba(texts), model.predict_proba(texts), rtol=0, atol=1e-6
    )


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_gets_a_chance(texts: list[str]) -> None:
    chance = load_shipped_model("zh").predict_proba(texts)
    assert chance.shape == (len(texts),)
    assert bool(np.all((chance > 0) & (chance < 1)))


def test_the_lexicon_moves_the_chance() -> None:
    texts = GLAD + SORRY
    lexicon = np.array([0.8] * 12 + [-0.8] * 12)
    model = SentimentClassifier("en").fit(texts, [True] * 12 + [False] * 12, lexicon=lexicon)
    low, high = model.predict_proba(["unheard words"] * 2, lexicon=[-1.0, 1.0])
    assert low < high


def test_an_unknown_language_is_refused_with_those_known() -> None:
    with pytest.raises(ValueError, match="No sentiment for 'fr'; known: en, zh"):
        SentimentClassifier("fr")


def test_quality_counts_what_was_told_right() -> None:
    truth = np.array([True, True, False, False])
    found = judge_sentiment(truth, np.array([0.9, 0.4, 0.3, 0.1]))
    assert (found.count, found.accuracy, found.auc) == (4, 0.75, 1.0)
