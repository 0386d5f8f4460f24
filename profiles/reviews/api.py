"""The door of `reviews`, the only module of it that others import.

Reviews of products and their tone; questions about products with answers.
"""

from profiles.reviews.core import LONGEST_ANSWER, LONGEST_QUESTION
from profiles.reviews.selectors import (
    ARRAYS,
    AnswerValue,
    QuestionValue,
    RatingSummary,
    ReviewValue,
    count_open_questions,
    count_opinions,
    has_bought,
    list_questions,
    list_review_tones,
    list_reviews,
    measure_usual_tone,
    score_lexicon,
    summarize_ratings,
)
from profiles.reviews.services import (
    MAX_TEXT,
    answer_as_shop,
    answer_question,
    ask_question,
    hide_answer,
    hide_question,
    hide_review,
    refit_sentiment,
    show_answer,
    show_question,
    show_review,
    write_review,
)

__all__ = [
    "ARRAYS",
    "LONGEST_ANSWER",
    "LONGEST_QUESTION",
    "MAX_TEXT",
    "AnswerValue",
    "QuestionValue",
    "RatingSummary",
    "ReviewValue",
    "answer_as_shop",
    "answer_question",
    "ask_question",
    "count_open_questions",
    "count_opinions",
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
