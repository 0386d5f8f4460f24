"""The door of `reviews`, the only module of it that others import.

Reviews of products and their tone.
"""

from profiles.reviews.selectors.reviews import (
    RatingSummary,
    ReviewValue,
    has_bought,
    list_review_tones,
    list_reviews,
    measure_usual_tone,
    summarize_ratings,
)
from profiles.reviews.selectors.sentiment import (
    ARRAYS,
    score_lexicon,
)
from profiles.reviews.services.reviews import (
    MAX_TEXT,
    ReviewRefused,
    hide_review,
    show_review,
    write_review,
)
from profiles.reviews.services.sentiment import (
    refit_sentiment,
)

__all__ = [
    "ARRAYS",
    "MAX_TEXT",
    "RatingSummary",
    "ReviewRefused",
    "ReviewValue",
    "has_bought",
    "hide_review",
    "list_review_tones",
    "list_reviews",
    "measure_usual_tone",
    "refit_sentiment",
    "score_lexicon",
    "show_review",
    "summarize_ratings",
    "write_review",
]
