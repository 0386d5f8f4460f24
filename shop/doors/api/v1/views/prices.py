"""Quotes and their explanation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from shop.doors.api.base import ApiView
from shop.doors.api.parsers import read_json
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import examples
from shop.doors.api.v1.serializers.prices import (
    MAX_QUOTED_VARIANTS,
    QuoteRequestSerializer,
    QuotesSerializer,
    WhySerializer,
)
from shop.doors.pages.cards import quote_page
from shop.doors.pages.trust import why
from shop.ground.jobs.limits import BROWSE

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
        body = read_json(self.request._request)
        wanted = find_plain_ids(body)
        if wanted is None:
            wanted = self.check_body(QuoteRequestSerializer, body)["variant_ids"]
        wanted = list(dict.fromkeys(wanted))
        ctx = self.context
        prices = quote_page(ctx, wanted, "api")
        body = QuotesSerializer.to_json(
            None,
            ctx.locale,
            prices=[prices[one] for one in wanted if one in prices],
            unknown_variant_ids=[one for one in wanted if one not in prices],
        )
        return text_response(body)


def find_plain_ids(body: object) -> list[int] | None:
    """Return the ids in the body of a request whose every fault is impossible, else None.

    The serializer then says what is wrong, or reads what is unusual: to let it look at 48 plain
    numbers took as long as a tenth of the whole request.

    >>> find_plain_ids({"variant_ids": [7, 9]}), find_plain_ids({"variant_ids": ["7"]})
    ([7, 9], None)
    """
    ids = body.get("variant_ids") if type(body) is dict and len(body) == 1 else None
    if type(ids) is not list or not 0 < len(ids) <= MAX_QUOTED_VARIANTS:
        return None
    is_plain = all(type(one) is int for one in ids) and min(ids) > 0 and max(ids) < 2**63
    return ids if is_plain else None


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
        page = why(ctx, quote_id)
        return text_response(WhySerializer.to_json(page, ctx.locale))
