"""Whether a text is glad or sorry: a linear model of hashed words, one a language."""

from profiles.core.sentiment.classifier import SentimentClassifier
from profiles.core.sentiment.languages import LANGUAGES, detect_language
from profiles.core.sentiment.quality import SentimentQuality, judge_sentiment

__all__ = [
    "LANGUAGES",
    "SentimentClassifier",
    "SentimentQuality",
    "detect_language",
    "judge_sentiment",
]
