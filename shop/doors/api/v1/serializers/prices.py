"""Money, prices and their explanation."""

from __future__ import annotations

from rest_framework import serializers

MAX_QUOTED_VARIANTS = 100
RUNGS = ("personal", "book", "public")


class MoneySerializer(serializers.Serializer[object]):
    """An exact amount of money. Compute with `minor`; show `display`."""

    minor = serializers.IntegerField(help_text="Amount in minor units, such as cents.")
    currency = serializers.CharField(help_text="ISO 4217 code.")
    exponent = serializers.IntegerField(help_text="Decimals of the currency: 2 for USD.")
    display = serializers.CharField(help_text="The amount in the language of the response.")


class ReasonSerializer(serializers.Serializer[object]):
    """One part of a price."""

    code = serializers.CharField()
    amount = MoneySerializer(help_text="Signed; the parts of a price sum to it exactly.")
    text = serializers.CharField(allow_blank=True)


class PriceSerializer(serializers.Serializer[object]):
    """What a variant costs this shopper now, and everything that must be shown beside it."""

    variant_id = serializers.IntegerField()
    list_price = MoneySerializer(help_text="Set by the merchant.")
    public_price = MoneySerializer(help_text="The same for everybody at this moment.")
    quoted_price = MoneySerializer(help_text="What this shopper pays; never above public_price.")
    is_personal = serializers.BooleanField(
        help_text="True: show public_price and label beside the price."
    )
    label_code = serializers.CharField(allow_blank=True)
    label = serializers.CharField(
        allow_blank=True, help_text="Text the law of the place wants beside a personal price."
    )
    reference_price = MoneySerializer(allow_null=True, help_text="A lawful was-price, if any.")
    reference_note = serializers.CharField(allow_blank=True)
    unit_price = MoneySerializer(allow_null=True)
    unit_label = serializers.CharField(allow_blank=True)
    rung = serializers.ChoiceField(choices=RUNGS)
    reasons = ReasonSerializer(many=True)
    quote_id = serializers.UUIDField(allow_null=True)
    quote_token = serializers.CharField(
        allow_null=True, help_text="Send it when adding to the cart: the price is then kept."
    )
    expires_at = serializers.DateTimeField(allow_null=True)
    why_url = serializers.CharField(allow_null=True, help_text="GET: why this price.")
    opt_out_url = serializers.CharField(help_text="PUT: switch personal prices off.")


class QuoteRequestSerializer(serializers.Serializer[object]):
    """Variants to be priced together."""

    variant_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MAX_QUOTED_VARIANTS,
    )


class QuotesSerializer(serializers.Serializer[object]):
    """Prices in the order asked; variants that are not sold are listed apart."""

    prices = PriceSerializer(many=True)
    unknown_variant_ids = serializers.ListField(child=serializers.IntegerField())


class CounterfactualSerializer(serializers.Serializer[object]):
    """The price if something were not known."""

    code = serializers.CharField()
    quoted_price = MoneySerializer()
    text = serializers.CharField(allow_blank=True)


class WhySerializer(serializers.Serializer[object]):
    """Why a quote is what it is."""

    quote_id = serializers.UUIDField()
    variant_id = serializers.IntegerField()
    list_price = MoneySerializer()
    public_price = MoneySerializer()
    quoted_price = MoneySerializer()
    is_personal = serializers.BooleanField()
    label_code = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)
    reasons = ReasonSerializer(many=True)
    counterfactuals = CounterfactualSerializer(many=True)
    data_used = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the features behind the price."
    )
    jurisdiction = serializers.CharField()
    policy_version = serializers.IntegerField()
    model_version = serializers.IntegerField()
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    opt_out_url = serializers.CharField()
