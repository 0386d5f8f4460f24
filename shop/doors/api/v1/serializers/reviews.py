"""Serializers of reviews."""

from __future__ import annotations

from rest_framework import serializers

from profiles.reviews.api import (
    LONGEST_QUESTION,
    MAX_TEXT,
    AnswerValue,
    QuestionValue,
    ReviewValue,
)
from shop.doors.api.answers import AnswerSerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.pages.reviews import QuestionsPage, ReviewsPage

MOST_PAGES = 500


class ReviewSerializer(AnswerSerializer[ReviewValue]):
    """A review by somebody who bought the product here."""

    rating = serializers.IntegerField(help_text="1 to 5.")
    text = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    bought_at = serializers.DateTimeField()
    written_at = serializers.DateTimeField()
    is_own = serializers.BooleanField()
    hidden_because = computed(
        lambda one: one.hidden_because if one.is_own else "",
        serializers.CharField(
            allow_blank=True, help_text="Only of one's own: why nobody else sees it."
        ),
    )


class ReviewsSerializer(AnswerSerializer[ReviewsPage]):
    """A page of reviews, kind or not, newest first."""

    count = serializers.IntegerField(source="summary.count")
    mean = computed(
        lambda page: round(page.summary.mean, 2),
        serializers.FloatField(help_text="0 without reviews."),
    )
    stars = serializers.ListField(
        source="summary.stars",
        child=serializers.IntegerField(),
        help_text="How many have 1, 2, 3, 4 and 5 stars.",
    )
    reviews = ReviewSerializer(many=True)
    may_write = serializers.BooleanField(help_text="This shopper bought it here, and has it.")
    page = serializers.IntegerField()
    has_next = serializers.BooleanField()


class AnswerToQuestionSerializer(AnswerSerializer[AnswerValue]):
    """An answer of the shop, or of one who bought the product here."""

    text = serializers.CharField()
    language = serializers.CharField()
    answered_at = serializers.DateTimeField()
    is_shop = serializers.BooleanField(help_text="True: the shop; false: a verified buyer.")
    is_own = serializers.BooleanField()


class QuestionSerializer(AnswerSerializer[QuestionValue]):
    """A question about a product with its answers."""

    text = serializers.CharField()
    language = serializers.CharField()
    asked_at = serializers.DateTimeField()
    is_own = serializers.BooleanField()
    hidden_because = computed(
        lambda one: one.hidden_because if one.is_own else "",
        serializers.CharField(
            allow_blank=True, help_text="Only of one's own: why nobody else sees it."
        ),
    )
    answers = AnswerToQuestionSerializer(many=True)


class QuestionsSerializer(AnswerSerializer[QuestionsPage]):
    """A page of questions, newest first."""

    questions = QuestionSerializer(many=True)
    may_answer = serializers.BooleanField(
        help_text="This shopper bought it here, and sees questions without an answer too."
    )
    page = serializers.IntegerField()
    has_next = serializers.BooleanField()


class AskSerializer(InputSerializer):
    """A question."""

    text = serializers.CharField(max_length=LONGEST_QUESTION)


class ReviewsQuerySerializer(InputSerializer):
    """Which page."""

    page = serializers.IntegerField(min_value=1, max_value=MOST_PAGES, default=1)


class WriteReviewSerializer(InputSerializer):
    """Stars and, if somebody likes, words."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    text = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, default="")
