"""Reviews, read by everybody and written by buyers; questions, asked by anybody."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from shop.doors.api.base import ApiView
from shop.doors.api.conditions import MAY_HAVE_KEY
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import shopper_examples as examples
from shop.doors.api.v1.serializers.reviews import (
    AskSerializer,
    QuestionsSerializer,
    ReviewsQuerySerializer,
    ReviewsSerializer,
    WriteReviewSerializer,
)
from shop.doors.pages.reviews import ask, questions, review, reviews
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
        refusals=("product_not_found", "not_bought", "not_arrived"),
        audience="shopper",
    )
    def put(self, request: Request, slug: str) -> HttpResponse:
        """Shown at once, whatever it says; a second one replaces the first."""
        body = self.read_body(WriteReviewSerializer)
        self.require_shopper()
        ctx = self.context
        review(ctx, slug, rating=body["rating"], text=body["text"])
        return text_response(ReviewsSerializer.to_json(reviews(ctx, slug)))


class QuestionsView(ApiView):
    """Questions about a product."""

    @describe(
        "listQuestions",
        "List questions about a product with their answers",
        tag=TAG,
        query=ReviewsQuerySerializer,
        response=QuestionsSerializer,
        example=examples.QUESTIONS,
        refusals=("product_not_found",),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Newest first. Others see a question once it has an answer; who asked it, at once."""
        page = self.read_query(ReviewsQuerySerializer)["page"]
        return text_response(QuestionsSerializer.to_json(questions(self.context, slug, page)))

    @describe(
        "askQuestion",
        "Ask something about a product",
        tag=TAG,
        request=AskSerializer,
        request_example={"text": "Does it melt well?"},
        response=QuestionsSerializer,
        example=examples.QUESTIONS,
        headers=[MAY_HAVE_KEY],
        refusals=("product_not_found", "names_contact"),
        audience="shopper",
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """The shop or a buyer answers it. The same words again are the same question."""
        body = self.read_body(AskSerializer)
        self.require_shopper()
        ctx = self.context

        def act() -> HttpResponse:
            ask(ctx, slug, body["text"])
            return text_response(QuestionsSerializer.to_json(questions(ctx, slug)))

        return self.answer_once(body, act)
