"""Guests, accounts, consent, events, front page."""

from __future__ import annotations

from operator import itemgetter

from rest_framework import serializers

from pricing.base.core.values import JurisdictionRule
from profiles.segments.api import name_tags
from profiles.values import Consents, IngestResult, RejectedEvent, SegmentValue
from promotions.offers.api import PersonalOffer
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.language import page_language
from shop.doors.api.v1.serializers.cart import LAW_LABEL
from shop.doors.api.v1.serializers.catalog import (
    CategorySerializer,
    ListingSerializer,
    VariantSerializer,
)
from shop.doors.pages.values import AccountPage, HomePage, OfferPage, Shelf
from shop.ground.catalog.core.values import CategoryNode

MAX_EVENTS = 500
EVENT_KINDS = (
    "view",
    "click",
    "search",
    "cart_add",
    "cart_remove",
    "checkout",
    "review",
    "offer_view",
    "offer_click",
)


class ConsentsSerializer(AnswerSerializer[Consents]):
    """What a shopper agrees to."""

    price = serializers.BooleanField(help_text="Personal prices.")
    recommendations = serializers.BooleanField(help_text="Personal picks and ranking.")
    marketing = serializers.BooleanField(help_text="Messages.")
    analytics = serializers.BooleanField(help_text="Measuring how the store is used.")


class GuestSerializer(AnswerSerializer[None]):
    """A guest's token and the answers that hold until the shopper says otherwise."""

    given = ("shopper_token", "expires_in", "consents")

    shopper_token = serializers.CharField(help_text="Keep it; send it as X-Shopper-Token.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    consents = ConsentsSerializer()


class ConsentStateSerializer(AnswerSerializer[JurisdictionRule]):
    """The current answers and the rule of the place."""

    given = ("consents", "is_gpc")

    consents = ConsentsSerializer()
    jurisdiction = serializers.CharField(source="code")
    personal_prices_allowed = serializers.BooleanField(
        source="personal_allowed", help_text="False: the place forbids them."
    )
    opt_in_required = serializers.BooleanField(help_text="True: silence means no.")
    is_gpc = serializers.BooleanField(help_text="This request carried Sec-GPC: 1.")


class SetConsentSerializer(InputSerializer):
    """An answer, and to which text it was given."""

    granted = serializers.BooleanField()
    text_version = serializers.CharField(
        max_length=40, default="api-1", help_text="Version of the text the shopper was shown."
    )


def _choose(text: str, chinese: str) -> str:
    return chinese if page_language().startswith("zh") else text


class SegmentSerializer(AnswerSerializer[SegmentValue]):
    """A group of shoppers with similar habits."""

    code = serializers.CharField()
    name = computed(lambda one: _choose(one.name, one.name_zh), serializers.CharField())
    description = computed(
        lambda one: _choose(one.description, one.description_zh),
        serializers.CharField(allow_blank=True),
    )


class InterestSerializer(AnswerSerializer[tuple[CategoryNode, float]]):
    """How much a category interests the shopper."""

    category = computed(itemgetter(0), CategorySerializer())
    share = computed(
        lambda interest: round(interest[1], 4),
        serializers.FloatField(help_text="1 for the strongest interest."),
    )


class AccountSerializer(AnswerSerializer[AccountPage]):
    """What the store knows about a shopper."""

    is_guest = computed(
        lambda page: page.shopper is None or page.shopper.account_id is None,
        serializers.BooleanField(),
    )
    consents = computed(
        lambda page: page.shopper.consents if page.shopper else Consents(), ConsentsSerializer()
    )
    segment = SegmentSerializer(allow_null=True)
    tags = computed(
        lambda page: name_tags(page.tags, page_language()),
        serializers.ListField(child=serializers.CharField()),
    )
    interests = InterestSerializer(source="affinities", many=True)
    known_since = computed(
        lambda page: page.shopper and page.shopper.created_at,
        serializers.DateTimeField(allow_null=True),
    )


class ErasedSerializer(AnswerSerializer[None]):
    """What became of a wish to be forgotten."""

    given = ("is_erased",)

    is_erased = serializers.BooleanField(help_text="False: nothing was known.")


class OwnDataSerializer(AnswerSerializer[None]):
    """All that is kept about a shopper. What stands under a room may grow with it."""

    given = ("rooms",)

    rooms = serializers.DictField(
        child=serializers.DictField(), help_text="By room: orders, promotions, pricing, profiles."
    )


class EventSerializer(InputSerializer):
    """One observed act. Fields that do not belong to its kind are refused per item."""

    id = serializers.UUIDField(help_text="Made by the client (UUIDv7); a repeat counts once.")
    kind = serializers.ChoiceField(choices=EVENT_KINDS)
    occurred_at = serializers.DateTimeField()
    variant_id = serializers.IntegerField(required=False)
    category_id = serializers.IntegerField(required=False)
    quantity = serializers.IntegerField(required=False)
    basket_ref = serializers.CharField(required=False, max_length=64)
    query = serializers.CharField(required=False, max_length=200)
    offer_ref = serializers.CharField(required=False, max_length=64)
    quote_id = serializers.UUIDField(required=False)


class EventBatchSerializer(InputSerializer):
    """Events of one shopper; `sent_at` is the client's clock, to correct its skew."""

    events = serializers.ListField(child=EventSerializer(), min_length=1, max_length=MAX_EVENTS)
    sent_at = serializers.DateTimeField(required=False)


class RejectedEventSerializer(AnswerSerializer[RejectedEvent]):
    """Why one event was refused."""

    index = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    code = serializers.CharField()
    message = serializers.CharField()


class IngestSerializer(AnswerSerializer[IngestResult]):
    """What became of a batch; the counts and the length of `rejected` add up to its size."""

    accepted = serializers.IntegerField(help_text="Stored; the next quote sees them.")
    duplicates = serializers.IntegerField(help_text="Known already.")
    dropped_no_consent = serializers.IntegerField(help_text="Not stored: no consent.")
    dropped_bot = serializers.IntegerField(help_text="Not stored: no human.")
    rejected = RejectedEventSerializer(many=True)


class OfferSerializer(AnswerSerializer[PersonalOffer]):
    """An offer with what it gives and until when."""

    offer_id = serializers.IntegerField()
    campaign_id = serializers.IntegerField()
    label = serializers.CharField()
    reason = serializers.CharField(help_text="Why this shopper sees it.")
    law_label = serializers.CharField(allow_blank=True, help_text=LAW_LABEL)
    coupon_code = serializers.CharField(allow_null=True)
    audience = serializers.CharField(help_text="public, members or personal.")
    ends_at = serializers.DateTimeField()
    left = computed(
        lambda offer: offer.left and offer.left.count,
        serializers.IntegerField(
            allow_null=True, help_text="How many are left for everybody now; null: not limited."
        ),
    )
    left_counted = computed(
        lambda offer: offer.left.counted.value if offer.left else "",
        serializers.CharField(
            allow_blank=True, help_text="What left counts: units (pieces) or uses (orders)."
        ),
    )
    percent = serializers.CharField(allow_null=True)
    amount = MoneySerializer(allow_null=True)
    variant_ids = serializers.ListField(child=serializers.IntegerField())
    category_ids = serializers.ListField(child=serializers.IntegerField())


class OffersSerializer(AnswerSerializer[None]):
    """Offers, best first."""

    given = ("offers",)

    offers = OfferSerializer(many=True)


class OfferPageSerializer(ListingSerializer[OfferPage]):
    """An offer and what it covers. `terms` are what it asks, clause by clause, in words."""

    offer = OfferSerializer()
    terms = serializers.ListField(child=serializers.CharField())


class ShelfSerializer(AnswerSerializer[Shelf]):
    """A row of cards and why it is there."""

    code = serializers.CharField()
    category = CategorySerializer(allow_null=True)
    is_personal = serializers.BooleanField()
    items = VariantSerializer(source="cards", many=True)


class HomeSerializer(AnswerSerializer[HomePage]):
    """The front page; offers and picks follow what the shopper did up to this request."""

    flash_sales = OfferSerializer(
        many=True, help_text="Offers whose end was fixed before they began, by that end."
    )
    offers = OfferSerializer(many=True)
    picks = ShelfSerializer()
    again = ShelfSerializer(help_text="Bought before; no items for who bought nothing.")
    shelves = ShelfSerializer(many=True)
    departments = CategorySerializer(many=True)


class IndexSerializer(AnswerSerializer[None]):
    """Where things are."""

    given = ("name", "version", "docs", "schema", "account_api")

    name = serializers.CharField()
    version = serializers.CharField()
    docs = serializers.CharField()
    schema = serializers.CharField()
    account_api = serializers.CharField()
