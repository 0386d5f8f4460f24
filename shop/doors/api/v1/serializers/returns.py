"""Returns."""

from __future__ import annotations

from rest_framework import serializers

from shop.doors.api.v1.serializers.prices import MoneySerializer

MOST_LINES = 200
REASONS = ("changed_mind", "unlike", "damaged", "wrong", "late", "other")


class ChoiceSerializer(serializers.Serializer[object]):
    """A variant that pieces may be exchanged for, and how many of them are free."""

    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    available = serializers.IntegerField()


class ReturnableLineSerializer(serializers.Serializer[object]):
    """What may be sent back of a line until when; `reason_code` says why nothing may.

    A line has one more row for each variant that pieces of it were exchanged for.
    """

    line_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)
    reason_code = serializers.CharField(
        allow_blank=True, help_text="never, not_sent, over, none_left; empty where pieces may."
    )
    message = serializers.CharField()
    exchangeable_for = ChoiceSerializer(many=True)


class ExchangeSerializer(serializers.Serializer[object]):
    """What is wanted in exchange; `sent_quantity` is null until the return is settled."""

    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    sent_quantity = serializers.IntegerField(allow_null=True)


class ReturnLineSerializer(serializers.Serializer[object]):
    """Pieces in a return; `accepted_quantity` is null until they were inspected."""

    line_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    accepted_quantity = serializers.IntegerField(allow_null=True)
    exchanges = ExchangeSerializer(many=True)


class ReturnSerializer(serializers.Serializer[object]):
    """A return: requested, received, settled; or withdrawn."""

    number = serializers.CharField()
    state = serializers.CharField()
    state_text = serializers.CharField()
    reason = serializers.CharField()
    shop_pays_postage = serializers.BooleanField()
    instruction = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    refunded = MoneySerializer()
    refusal = serializers.CharField(allow_blank=True)
    is_withdrawable = serializers.BooleanField()
    lines = ReturnLineSerializer(many=True)


class OrderReturnsSerializer(serializers.Serializer[object]):
    """The returns of an order, newest first, and what may still be sent back."""

    returnable = ReturnableLineSerializer(many=True)
    returns = ReturnSerializer(many=True)


class WantedSerializer(serializers.Serializer[object]):
    """Pieces wanted in exchange: one of `exchangeable_for`."""

    variant_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000)


class ReturnedPiecesSerializer(serializers.Serializer[object]):
    """Pieces of a line; what is not to be exchanged is refunded."""

    line_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000)
    variant_id = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        required=False,
        help_text="What comes back, where pieces were exchanged before. Left out: what was bought.",
    )
    exchanges = serializers.ListField(child=WantedSerializer(), default=list, max_length=50)


class RequestReturnSerializer(serializers.Serializer[object]):
    """Which pieces come back and why."""

    lines = serializers.ListField(
        child=ReturnedPiecesSerializer(), min_length=1, max_length=MOST_LINES
    )
    reason = serializers.ChoiceField(choices=REASONS)
    comment = serializers.CharField(max_length=500, default="", allow_blank=True)
