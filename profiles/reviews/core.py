"""Sentiment of reviews: a linear model of hashed words for each language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

LANGUAGES = ("en", "zh")
LONGEST_QUESTION, LONGEST_ANSWER = 500, 1_000
# An e-mail address, or seven digits and more as telephones have them.
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|(?:\+|\b)(?:\d[\s().-]?){6,}\d")


def names_contact(text: str) -> bool:
    """Return whether a public text tells how to reach somebody.

    >>> [names_contact(text) for text in ("call 518 555 0100", "is it 2 x 500 g?", "me@home.org")]
    [True, False, True]
    """
    return _CONTACT.search(text) is not None


# CJK ideographs with extension A, and Chinese punctuation. A range test is right for short texts
# where language guessers are not: they take "ok" for Afrikaans and mixed texts for Cantonese.
_CHINESE = re.compile(r"[\u3001\u3002\u3400-\u4dbf\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
CHINESE_SHARE = 0.2


def detect_language(text: str) -> str:
    """Return "zh" if a fifth of the letters of `text` are Chinese, else "en".

    >>> [detect_language(text) for text in ("很好吃，下次再买", "Tasty, would buy again", "5")]
    ['zh', 'en', 'en']
    """
    letters = len(_LETTER.findall(text))
    return "zh" if letters and len(_CHINESE.findall(text)) >= CHINESE_SHARE * letters else "en"


FloatArray = NDArray[np.float64]

BUCKETS = 2**16
# Chinese is written without spaces: single characters and pairs carry what words do in English.
_GRAMS: Mapping[str, Mapping[str, Any]] = {
    "en": {"analyzer": "word", "ngram_range": (1, 2)},
    "zh": {"analyzer": "char", "ngram_range": (1, 2)},
}
ARRAY_NAMES = ("idf", "coef", "intercept", "lexicon_weight")


class SentimentClassifier:
    """P(glad | text) = expit(x'w + a s + b), x the unit-length hashed TF-IDF of the text.

    x_j is proportional to (1 + ln n_j) idf_j for n_j > 0 (sublinear tf-idf, Manning, Raghavan and
    Schuetze, Introduction to Information Retrieval, 2008, 6.4), hashed to 65,536 buckets, so no
    vocabulary is kept and any text can be read. s is the score of a lexicon in [-1, 1], 0 where
    there is none. Fitted by penalised likelihood; deterministic.

    Learned: `idf_` and `coef_` (65,536,), `intercept_`, `lexicon_weight_`.

    >>> glad = ["lovely and fresh", "great, fresh again", "really lovely"]
    >>> sorry = ["broken on arrival", "stale and broken", "awful, stale"]
    >>> model = SentimentClassifier("en").fit(glad + sorry, [True] * 3 + [False] * 3)
    >>> (model.predict_proba(["fresh and lovely", "arrived broken"]) > 0.5).tolist()
    [True, False]
    """

    def __init__(self, language: str, *, inverse_penalty: float = 4.0) -> None:
        """Take "en" or "zh", and the inverse of the L2 penalty."""
        if language not in _GRAMS:
            raise ValueError(f"No sentiment for {language!r}; known: {', '.join(_GRAMS)}.")
        self.language = language
        self.inverse_penalty = inverse_penalty

    def fit(
        self,
        texts: Sequence[str],
        is_positive: ArrayLike,
        *,
        lexicon: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Learn from `texts` (n,), whether each is glad, lexicon scores and weights (n,)."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only workers that judge reviews load it

        counts = self._count(texts)
        seen = np.bincount(counts.indices, minlength=BUCKETS)
        self.idf_ = np.log((1 + len(texts)) / (1 + seen)) + 1.0
        score = _scores(lexicon, len(texts))
        design = scipy.sparse.hstack(
            [self._weigh(counts), scipy.sparse.csr_matrix(score[:, None])]
        ).tocsr()
        fitted = LogisticRegression(C=self.inverse_penalty, max_iter=500).fit(
            design, np.asarray(is_positive, dtype=bool), sample_weight=weights
        )
        self.coef_ = fitted.coef_[0, :BUCKETS]
        self.lexicon_weight_ = float(fitted.coef_[0, BUCKETS])
        self.intercept_ = float(fitted.intercept_[0])
        return self

    def predict_proba(
        self, texts: Sequence[str], *, lexicon: ArrayLike | None = None
    ) -> FloatArray:
        """Return P(glad) of each text (n,)."""
        if not len(texts):
            return np.zeros(0)
        linear = self._weigh(self._count(texts)) @ self.coef_ + self.intercept_
        found: FloatArray = expit(linear + self.lexicon_weight_ * _scores(lexicon, len(texts)))
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learned, single precision: half a megabyte."""
        return {
            "idf": self.idf_.astype(np.float32),
            "coef": self.coef_.astype(np.float32),
            "intercept": np.array([self.intercept_]),
            "lexicon_weight": np.array([self.lexicon_weight_]),
        }

    @classmethod
    def from_arrays(cls, language: str, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model that `to_arrays` wrote."""
        model = cls(language)
        model.idf_ = np.asarray(arrays["idf"], dtype=float)
        model.coef_ = np.asarray(arrays["coef"], dtype=float)
        model.intercept_ = float(arrays["intercept"][0])
        model.lexicon_weight_ = float(arrays["lexicon_weight"][0])
        return model

    def _count(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        from sklearn.feature_extraction.text import HashingVectorizer  # noqa: PLC0415  # only workers that judge reviews load it

        hashing = HashingVectorizer(
            n_features=BUCKETS, alternate_sign=False, norm=None, **_GRAMS[self.language]
        )
        counts = scipy.sparse.csr_matrix(hashing.transform(texts))
        counts.data = 1.0 + np.log(counts.data)
        return counts

    def _weigh(self, counts: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
        from sklearn.preprocessing import normalize  # noqa: PLC0415  # only workers that judge reviews load it

        return normalize(counts.multiply(self.idf_[None, :]).tocsr())


def _scores(lexicon: ArrayLike | None, count: int) -> FloatArray:
    return np.zeros(count) if lexicon is None else np.asarray(lexicon, dtype=float)


@dataclass(frozen=True, slots=True)
class SentimentQuality:
    """Area under the ROC curve, share told right, and log-loss, on `count` held-out texts."""

    count: int
    auc: float
    accuracy: float
    log_loss: float


def judge_sentiment(
    is_positive: NDArray[np.bool_], probability: NDArray[np.float64]
) -> SentimentQuality:
    """Return the quality of `probability` (n,) of being glad against the truth (n,).

    >>> judge_sentiment(np.array([True, False]), np.array([0.9, 0.2])).accuracy
    1.0
    """
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score  # noqa: PLC0415  # only workers that judge reviews load it

    return SentimentQuality(
        count=len(is_positive),
        auc=float(roc_auc_score(is_positive, probability)),
        accuracy=float(accuracy_score(is_positive, probability > 0.5)),
        log_loss=float(log_loss(is_positive, probability, labels=[False, True])),
    )
