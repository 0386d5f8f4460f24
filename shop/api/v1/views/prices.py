"""Quotes and their explanation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from shop.api.base import ApiView
from shop.api.responses import json_response
from shop.api.schema import describe
from shop.api.v1 import examples
from shop.api.v1.bodies.prices import price_body
from shop.api.v1.bodies.why import why_body
from shop.api.v1.serializers.prices import (
    QuoteRequestSerializer,
    QuotesSerializer,
    WhySerializer,
)
from shop.jobs.limits import BROWSE
from shop.pages.cards import quote_page
from shop.pages.trust import why

TAG = "prices"


class QuotesView(ApiView):
    """Prices of many variants at one instant."""

    policies = (BROWSE,)  # a POST only because a hundred ids are too long for an address

    @describe(
        "quoteVariants",
        "Quote up to 100 variants",
        tag=TAG,
        request=QuoteRequestSerializer,
        request_example={"variant_ids": [1042, 1043]},
        response=QuotesSerializer,
        example={"prices": [examples.PRICE], "unknown_variant_ids": [1043]},
    )
    def post(self, request: Request) -> HttpResponse:
        """Each price is kept until `expires_at` for whoever sends its `quote_token` with the cart.

        Without a token of a shopper the prices are the public ones.
        """
        wanted = list(dict.fromkeys(self.read_body(QuoteRequestSerializer)["variant_ids"]))
        ctx = self.context
        prices = quote_page(ctx, wanted, "api")
        return json_response(
            {
                "prices": [price_body(prices[i], ctx.locale) for i in wanted if i in prices],
                "unknown_variant_ids": [i for i in wanted if i not in prices],
            }
        )


class WhyView(ApiView):
    """Why a price is what it is."""

    @describe(
        "explainQuote",
        "Explain a quote",
        tag=TAG,
        response=WhySerializer,
        example=examples.WHY,
        refusals=("quote_not_found",),
        audience="shopper",
    )
    def get(self, request: Request, quote_id: UUID) -> HttpResponse:
        """The public price, every adjustment (they sum exactly), the data used, counterfactuals.

        Only for the shopper who was quoted: everybody else finds nothing.
        """
        self.require_shopper()
        ctx = self.context
        return json_response(why_body(why(ctx, quote_id), ctx.locale))
