"""The door of `reviews`, the only module of it that others import.

Reviews of products and their tone; questions about products with answers.
"""

from profiles.reviews.core import LONGEST_ANSWER, LONGEST_QUESTION
from profiles.reviews.selectors.questions import (
    AnswerValue,
    QuestionValue,
    count_open_questions,
    list_questions,
)
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
from profiles.reviews.services.questions import (
    QuestionRefused,
    answer_as_shop,
    answer_question,
    ask_question,
    hide_answer,
    hide_question,
    show_answer,
    show_question,
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
    "LONGEST_ANSWER",
    "LONGEST_QUESTION",
    "MAX_TEXT",
    "AnswerValue",
    "QuestionRefused",
    "QuestionValue",
    "RatingSummary",
    "ReviewRefused",
    "ReviewValue",
    "answer_as_shop",
    "answer_question",
    "ask_question",
    "count_open_questions",
    "has_bought",
    "hide_answer",
    "hide_question",
    "hide_review",
    "list_questions",
    "list_review_tones",
    "list_reviews",
    "measure_usual_tone",
    "refit_sentiment",
    "score_lexicon",
    "show_answer",
    "show_question",
    "show_review",
    "summarize_ratings",
    "write_review",
]
