"""Money, prices and their explanation."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pricing.base.core.values import Counterfactual, PriceView, Reason
from promotions.offers.api import TAGS, Comparison, PriceBlock, build_price_block
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, Writer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.responses import encode_json
from shop.doors.pages.cards import card_block
from shop.doors.pages.values import ProductCard, WhyPage

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


class ComparisonSerializer(AnswerSerializer[Comparison]):
    """The one price that a price is compared with."""

    kind = serializers.ChoiceField(
        choices=(
            "everyone",
            "reference",
            "members",
            "together",
            "piece",
            "deal",
            "before",
        ),
        help_text="Strike through reference only: a lawful was-price. deal is text alone.",
    )
    text = serializers.CharField(source="said")
    amount = MoneySerializer()
    language = serializers.CharField(
        allow_blank=True, help_text="Of the words, where the law wants another than the page's."
    )


class PriceBlockSerializer(AnswerSerializer[PriceBlock]):
    """A price as it is to be shown, row by row: the same block as on pages and in mails."""

    currency_from = "currency"

    now = MoneySerializer(help_text="Row 1: what one more piece costs now, with offers.")
    percent_off = serializers.IntegerField(
        source="percent", help_text="Of the reference, rounded down; 0: no reduction is announced."
    )
    comparison = ComparisonSerializer(allow_null=True, help_text="Row 2.")
    unit_price = MoneySerializer(source="unit_minor", allow_null=True)
    unit_text = serializers.CharField(
        source="unit", allow_blank=True, help_text="Row 3: the unit price of row 1."
    )
    unit_text_several = serializers.CharField(
        source="unit_several", allow_blank=True, help_text="That of several pieces, as in row 2."
    )
    kind = serializers.ChoiceField(choices=("", "statutory", *TAGS))
    tag = serializers.CharField(
        allow_blank=True, help_text="Row 4: show it as the link to why. statutory: word for word."
    )
    label = serializers.CharField(
        allow_blank=True, help_text="The law's sentence: beside the price on pages of one product."
    )
    can_switch_off = serializers.BooleanField(
        help_text="True: show a switch for personal prices beside the tag."
    )
    ribbon = serializers.CharField(allow_blank=True, help_text="On the picture.")
    minimum_age = serializers.IntegerField(allow_null=True)
    order_discount = MoneySerializer(
        source="reached_minor",
        allow_null=True,
        help_text="What comes off the order as a whole once one piece more is in the cart.",
    )
    order_discount_text = serializers.CharField(source="reached", allow_blank=True)
    spoken = serializers.CharField(help_text="All of it in one sentence, for screen readers.")


@extend_schema_field(PriceBlockSerializer)
class CardBlock(serializers.Field[object, object, object, object]):
    """The price block of a card, in the language of the answer."""

    def writer(self) -> Writer:
        """Return the function that writes the block of a card."""
        write = PriceBlockSerializer.writer()

        def write_block(item: ProductCard, currency: str, locale: str) -> str:
            return write(card_block(item, locale), currency, locale)

        return write_block


@extend_schema_field(serializers.CharField(help_text="The price in one sentence, before offers."))
class Spoken(serializers.Field[object, object, object, object]):
    """The spoken sentence of a price, in the language of the answer."""

    def writer(self) -> Writer:
        """Return the function that writes the sentence."""
        return lambda price, _currency, locale: encode_json(build_price_block(price, locale).spoken)


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
    reference_name = serializers.CharField(
        allow_blank=True, help_text="Its short name, as the law wants it."
    )
    reference_note = serializers.CharField(allow_blank=True)
    unit_price = MoneySerializer(source="unit_minor", allow_null=True)
    unit_label = serializers.CharField(allow_blank=True)
    spoken = Spoken(source="*")
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


class SpokenBeforeOffers(Spoken):
    """The spoken sentence of a price that offers lower further."""

    def writer(self) -> Writer:
        """Return the function that writes the sentence."""
        return lambda price, _currency, locale: encode_json(
            build_price_block(price, locale, is_before_offers=True).spoken
        )


class PriceBeforeOffersSerializer(PriceSerializer):
    """The price of one unit of a line that offers lower."""

    spoken = SpokenBeforeOffers(source="*")


class QuoteRequestSerializer(InputSerializer):
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

    currency_from = "quote.currency"

    quote_id = serializers.UUIDField(source="quote.quote_id")
    variant_id = serializers.IntegerField(source="quote.variant_id")
    list_price = MoneySerializer(source="quote.list_minor")
    public_price = MoneySerializer(source="quote.public_minor")
    quoted_price = MoneySerializer(source="quote.quoted_minor")
    is_personal = serializers.BooleanField(source="quote.is_personal")
    label_code = serializers.CharField(source="quote.label_code", allow_blank=True)
    label = serializers.CharField(allow_blank=True)
    reasons = ReasonSerializer(source="quote.reasons", many=True)
    price = MoneySerializer(
        source="amount_minor",
        help_text="While the quote holds, what one more piece costs with offers; else as quoted.",
    )
    parts = ReasonSerializer(many=True, help_text="They sum to `price`.")
    price_now = MoneySerializer(
        source="now_minor",
        allow_null=True,
        help_text="What one more piece costs by now, lower at most; null for a quote that ran out.",
    )
    counterfactuals = CounterfactualSerializer(source="quote.counterfactuals", many=True)
    data_used = computed(
        lambda page: sorted(name for name, value in page.quote.features.items() if value),
        serializers.ListField(
            child=serializers.CharField(), help_text="Names of the features behind the price."
        ),
    )
    jurisdiction = serializers.CharField(source="quote.jurisdiction_code")
    policy_version = serializers.IntegerField(source="quote.policy_version")
    model_version = serializers.IntegerField(source="quote.model_version")
    issued_at = serializers.DateTimeField(source="quote.issued_at")
    expires_at = serializers.DateTimeField(source="quote.expires_at")
    opt_out_url = computed(lambda page: OPT_OUT_URL, serializers.CharField())
