"""Reviews: read by everybody, written by buyers only."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from shop.doors.api.base import ApiView
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import shopper_examples as examples
from shop.doors.api.v1.serializers.reviews import (
    ReviewsQuerySerializer,
    ReviewsSerializer,
    WriteReviewSerializer,
)
from shop.doors.pages.reviews import review, reviews
from shop.ground.jobs.limits import MONEY

TAG = "reviews"


class ReviewsView(ApiView):
    """The reviews of a product."""

    @describe(
        "listReviews",
        "List what buyers say of a product",
        tag=TAG,
        query=ReviewsQuerySerializer,
        response=ReviewsSerializer,
        example=examples.REVIEWS,
        refusals=("product_not_found",),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Kind or not, newest first; only people who bought it here can write one."""
        page = self.read_query(ReviewsQuerySerializer)["page"]
        return text_response(ReviewsSerializer.to_json(reviews(self.context, slug, page)))


class OwnReviewView(ApiView):
    """The shopper's own review."""

    policies = (MONEY,)

    @describe(
        "writeReview",
        "Say what I think of a product I bought",
        tag=TAG,
        request=WriteReviewSerializer,
        request_example={"rating": 4, "text": "Melts well."},
        response=ReviewsSerializer,
        example=examples.REVIEWS,
        refusals=("product_not_found", "not_bought"),
        audience="shopper",
    )
    def put(self, request: Request, slug: str) -> HttpResponse:
        """Shown at once, whatever it says; a second one replaces the first."""
        body = self.read_body(WriteReviewSerializer)
        self.require_shopper()
        ctx = self.context
        review(ctx, slug, rating=body["rating"], text=body["text"])
        return text_response(ReviewsSerializer.to_json(reviews(ctx, slug)))
