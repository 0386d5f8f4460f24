"""Logistic regression on hashed TF-IDF of words (English) or characters (Chinese)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

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
        self._vectorizer = HashingVectorizer(
            n_features=BUCKETS, alternate_sign=False, norm=None, **_GRAMS[language]
        )

    def fit(
        self,
        texts: Sequence[str],
        is_positive: ArrayLike,
        *,
        lexicon: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Learn from `texts` (n,), whether each is glad, lexicon scores and weights (n,)."""
        counts = self._count(texts)
        seen = np.bincount(counts.indices, minlength=BUCKETS)
        self.idf_ = np.log((1 + len(texts)) / (1 + seen)) + 1.0
        score = _scores(lexicon, len(texts))
        design = sparse.hstack([self._weigh(counts), sparse.csr_matrix(score[:, None])]).tocsr()
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

    def _count(self, texts: Sequence[str]) -> sparse.csr_matrix:
        counts = sparse.csr_matrix(self._vectorizer.transform(texts))
        counts.data = 1.0 + np.log(counts.data)
        return counts

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        return normalize(counts.multiply(self.idf_[None, :]).tocsr())


def _scores(lexicon: ArrayLike | None, count: int) -> FloatArray:
    return np.zeros(count) if lexicon is None else np.asarray(lexicon, dtype=float)
