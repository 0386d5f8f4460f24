"""Serializers of reviews."""

from __future__ import annotations

from rest_framework import serializers

from profiles.reviews.api import MAX_TEXT, ReviewValue
from shop.doors.api.answers import AnswerSerializer, computed
from shop.doors.pages.reviews import ReviewsPage

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
    may_write = serializers.BooleanField(help_text="This shopper bought it here.")
    page = serializers.IntegerField()
    has_next = serializers.BooleanField()


class ReviewsQuerySerializer(serializers.Serializer[object]):
    """Which page."""

    page = serializers.IntegerField(min_value=1, max_value=MOST_PAGES, default=1)


class WriteReviewSerializer(serializers.Serializer[object]):
    """Stars and, if somebody likes, words."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    text = serializers.CharField(max_length=MAX_TEXT, allow_blank=True, default="")
