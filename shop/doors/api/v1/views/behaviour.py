"""Events, recommendations and offers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from profiles.events.api import ingest_events
from profiles.shoppers.api import find_shopper
from shop.doors.api.authentication import TokenRefused
from shop.doors.api.base import ApiView, refuse_unknown
from shop.doors.api.parsers import read_json
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import examples
from shop.doors.api.v1.serializers.catalog import ListingQuerySerializer
from shop.doors.api.v1.serializers.shopper import (
    MAX_EVENTS,
    EventBatchSerializer,
    HomeSerializer,
    IngestSerializer,
    OfferPageSerializer,
    OffersSerializer,
    ShelfSerializer,
)
from shop.doors.api.v1.views.catalog import listing_query
from shop.doors.pages.home import home
from shop.doors.pages.members import find_profile
from shop.doors.pages.offers import list_shopper_offers, offer
from shop.ground.jobs.limits import EVENTS

TAG = "behaviour"
OFFERS = 20


class EventBatchView(ApiView):
    """Behaviour events of one shopper."""

    policies = (EVENTS,)

    @describe(
        "sendEvents",
        "Send up to 500 events",
        tag=TAG,
        request=EventBatchSerializer,
        request_example=examples.EVENT_BATCH,
        response=IngestSerializer,
        example=examples.INGESTED,
        status=202,
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """Accepted events are durable and the next quote sees them. gzip is welcome.

        Each event is judged by itself: one bad event does not spoil the batch. Without consent
        nothing is stored, only counted.
        """
        pseudonym = self.require_shopper()
        events, sent_at = read_batch(read_json(request._request, may_be_gzip=True))
        shopper = find_shopper(pseudonym)
        if shopper is None:
            raise TokenRefused("The shopper token is not valid. Ask for a new one.")
        ctx = self.context
        result = ingest_events(
            shopper=shopper,
            events=events,
            now=self.now,
            channel=ctx.channel,
            user_agent=request.headers.get("User-Agent", ""),
            consents=shopper.consents.without_price() if ctx.gpc else shopper.consents,
            sent_at=sent_at,
        )
        return text_response(IngestSerializer.to_json(result), status=202)


class HomeView(ApiView):
    """The front page."""

    @describe(
        "getHome",
        "Show the front page: offers, picks, shelves",
        tag=TAG,
        response=HomeSerializer,
        example=examples.HOME,
    )
    def get(self, request: Request) -> HttpResponse:
        """Follows what the shopper did up to this request, if the shopper agreed to that."""
        ctx = self.context
        return text_response(HomeSerializer.to_json(home(ctx), ctx.locale, ctx.currency))


class RecommendationsView(ApiView):
    """Picks."""

    @describe(
        "getRecommendations",
        "List products worth showing to me",
        tag=TAG,
        response=ShelfSerializer,
        example=examples.SHELF,
    )
    def get(self, request: Request) -> HttpResponse:
        """Personal with consent (`is_personal`), else what everybody buys."""
        ctx = self.context
        return text_response(ShelfSerializer.to_json(home(ctx).picks, ctx.locale))


class OffersView(ApiView):
    """Offers."""

    @describe(
        "listOffers",
        "List my offers",
        tag=TAG,
        response=OffersSerializer,
        example={"offers": [examples.OFFER]},
    )
    def get(self, request: Request) -> HttpResponse:
        """Live offers that suit the shopper best, with coupon codes and end dates."""
        ctx = self.context
        offers = list_shopper_offers(ctx, find_profile(ctx), limit=OFFERS)
        body = OffersSerializer.to_json(None, ctx.locale, ctx.currency, offers=offers)
        return text_response(body)


class OfferView(ApiView):
    """One offer."""

    @describe(
        "getOffer",
        "Show one of my offers and what it covers",
        tag=TAG,
        query=ListingQuerySerializer,
        response=OfferPageSerializer,
        example={"offer": examples.OFFER, "terms": examples.OFFER_TERMS, **examples.LISTING},
        refusals=("offer_not_found",),
    )
    def get(self, request: Request, offer_id: int) -> HttpResponse:
        """The variants it covers, as a listing with facets."""
        ctx = self.context
        page = offer(ctx, offer_id, listing_query(self.read_query(ListingQuerySerializer)))
        return text_response(OfferPageSerializer.to_json(page, ctx.locale, ctx.currency))


def read_batch(body: Any) -> tuple[list[dict[str, Any]], datetime | None]:
    """Return (events, sent_at) of a batch, looking only at its frame: the room checks each event.

    No serializer per event: at 2,000 events a second that alone would take a core.
    """
    if isinstance(body, dict) and (unknown := refuse_unknown(body, ("events", "sent_at"))):
        raise ValidationError(unknown)
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise ValidationError({"events": ["Send a list of events."]}, code="required")
    if len(events) > MAX_EVENTS:
        raise ValidationError({"events": [f"At most {MAX_EVENTS} events."]}, code="max_length")
    wrong = [index for index, event in enumerate(events) if not isinstance(event, dict)]
    if wrong:
        raise ValidationError({"events": {str(wrong[0]): ["Must be an object."]}}, code="type")
    return events, _read_moment(body.get("sent_at"))


def _read_moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValidationError(
            {"sent_at": ["Must be a moment with a time zone (ISO 8601)."]}, code="invalid"
        )
    return moment
