"""Money, prices and their explanation."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from rest_framework import serializers

from pricing.base.core.values import Counterfactual, PriceView, Reason
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, Writer, computed
from shop.doors.pages.values import WhyPage

MAX_QUOTED_VARIANTS = 100
MOST_TEXTS = 20_000
RUNGS = ("personal", "book", "public")
API_ROOT = "/api/v1"
OPT_OUT_URL = f"{API_ROOT}/consent/price"


def why_url(quote_id: UUID | None) -> str | None:
    """Return where the price of a quote is explained."""
    return None if quote_id is None else f"{API_ROOT}/quotes/{quote_id}/why"


class ReasonSerializer(AnswerSerializer[Reason]):
    """One part of a price."""

    code = serializers.CharField()
    amount = MoneySerializer(help_text="Signed; the parts of a price sum to it exactly.")
    text = serializers.CharField(allow_blank=True)


@cache
def _write_once(write: Writer) -> Writer:
    texts: dict[tuple[str | None, str], tuple[PriceView, str]] = {}

    def write_known(price: PriceView, currency: str, locale: str, given: object = None) -> str:
        key = (price.token, locale)
        known = texts.get(key)
        if known is not None and known[0] is price:
            return known[1]
        if len(texts) > MOST_TEXTS:
            texts.clear()
        text = write(price, currency, locale)
        texts[key] = (price, text)
        return text

    return write_known


class PriceSerializer(AnswerSerializer[PriceView]):
    """What a variant costs this shopper now, and everything that must be shown beside it."""

    currency_from = "currency"

    variant_id = serializers.IntegerField()
    list_price = MoneySerializer(source="list_minor", help_text="Set by the merchant.")
    public_price = MoneySerializer(
        source="public_minor", help_text="The same for everybody at this moment."
    )
    quoted_price = MoneySerializer(
        source="quoted_minor", help_text="What this shopper pays; never above public_price."
    )
    is_personal = serializers.BooleanField(
        help_text="True: show public_price and label beside the price."
    )
    label_code = serializers.CharField(allow_blank=True)
    label = serializers.CharField(
        allow_blank=True, help_text="Text the law of the place wants beside a personal price."
    )
    reference_price = MoneySerializer(
        source="reference_minor", allow_null=True, help_text="A lawful was-price, if any."
    )
    reference_note = serializers.CharField(allow_blank=True)
    unit_price = MoneySerializer(source="unit_minor", allow_null=True)
    unit_label = serializers.CharField(allow_blank=True)
    rung = serializers.ChoiceField(choices=RUNGS)
    reasons = ReasonSerializer(many=True)
    quote_id = serializers.UUIDField(allow_null=True)
    quote_token = serializers.CharField(
        source="token",
        allow_null=True,
        help_text="Send it when adding to the cart: the price is then kept.",
    )
    expires_at = serializers.DateTimeField(allow_null=True)
    why_url = computed(
        lambda price: why_url(price.quote_id),
        serializers.CharField(allow_null=True, help_text="GET: why this price."),
    )
    opt_out_url = computed(
        lambda price: OPT_OUT_URL,
        serializers.CharField(help_text="PUT: switch personal prices off."),
    )

    @classmethod
    def writer(cls) -> Writer:
        """Return the function that writes a price: once, as long as pricing hands out its view."""
        return _write_once(super().writer())


class QuoteRequestSerializer(serializers.Serializer[object]):
    """Variants to be priced together."""

    variant_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MAX_QUOTED_VARIANTS,
    )


class QuotesSerializer(AnswerSerializer[None]):
    """Prices in the order asked; variants that are not sold are listed apart."""

    given = ("prices", "unknown_variant_ids")

    prices = PriceSerializer(many=True)
    unknown_variant_ids = serializers.ListField(child=serializers.IntegerField())


class CounterfactualSerializer(AnswerSerializer[Counterfactual]):
    """The price if something were not known."""

    code = serializers.CharField()
    quoted_price = MoneySerializer(source="quoted_minor")
    text = serializers.CharField(allow_blank=True)


class WhySerializer(AnswerSerializer[WhyPage]):
    """Why a quote is what it is."""

    currency_from = "trace.currency"

    quote_id = serializers.UUIDField(source="trace.quote_id")
    variant_id = serializers.IntegerField(source="trace.variant_id")
    list_price = MoneySerializer(source="trace.list_minor")
    public_price = MoneySerializer(source="trace.public_minor")
    quoted_price = MoneySerializer(source="trace.quoted_minor")
    is_personal = serializers.BooleanField(source="trace.is_personal")
    label_code = serializers.CharField(source="trace.label_code", allow_blank=True)
    label = serializers.CharField(allow_blank=True)
    reasons = ReasonSerializer(source="trace.reasons", many=True)
    counterfactuals = CounterfactualSerializer(source="trace.counterfactuals", many=True)
    data_used = computed(
        lambda page: sorted(name for name, value in page.trace.features.items() if value),
        serializers.ListField(
            child=serializers.CharField(), help_text="Names of the features behind the price."
        ),
    )
    jurisdiction = serializers.CharField(source="trace.jurisdiction_code")
    policy_version = serializers.IntegerField(source="trace.policy_version")
    model_version = serializers.IntegerField(source="trace.model_version")
    issued_at = serializers.DateTimeField(source="trace.issued_at")
    expires_at = serializers.DateTimeField(source="trace.expires_at")
    opt_out_url = computed(lambda page: OPT_OUT_URL, serializers.CharField())
