"""Returns."""

from __future__ import annotations

from rest_framework import serializers

from orders.returns.api import (
    Choice,
    ExchangeItem,
    OrderReturns,
    ReturnableLine,
    ReturnItem,
    ReturnView,
)
from shop.doors.api.answers import AnswerSerializer, MoneySerializer
from shop.doors.api.base import InputSerializer

MOST_LINES = 200
REASONS = ("changed_mind", "unlike", "damaged", "wrong", "late", "other")


class ChoiceSerializer(AnswerSerializer[Choice]):
    """A variant that pieces may be exchanged for, and how many of them are free."""

    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    available = serializers.IntegerField(source="free")


class ReturnableLineSerializer(AnswerSerializer[ReturnableLine]):
    """What may be sent back of a line until when; `reason_code` says why nothing may.

    A line has one more row for each variant that pieces of it were exchanged for.
    """

    line_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField(source="pieces")
    until = serializers.DateTimeField(allow_null=True)
    reason_code = serializers.CharField(
        source="reason",
        allow_blank=True,
        help_text="never, not_sent, over, none_left; empty where pieces may.",
    )
    message = serializers.CharField(source="sentence")
    exchangeable_for = ChoiceSerializer(source="choices", many=True)
    is_kept = serializers.BooleanField(
        help_text="Perishable: it is refunded without being sent back."
    )


class ExchangeSerializer(AnswerSerializer[ExchangeItem]):
    """What is wanted in exchange; `sent_quantity` is null until the return is settled."""

    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    sent_quantity = serializers.IntegerField(source="sent", allow_null=True)


class ReturnLineSerializer(AnswerSerializer[ReturnItem]):
    """Pieces in a return; `accepted_quantity` is null until they were inspected."""

    line_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    accepted_quantity = serializers.IntegerField(source="accepted", allow_null=True)
    exchanges = ExchangeSerializer(many=True)
    is_kept = serializers.BooleanField(help_text="Nothing of it is sent back.")


class ReturnSerializer(AnswerSerializer[ReturnView]):
    """A return: requested, received, settled; or withdrawn."""

    currency_from = "currency"

    number = serializers.CharField()
    state = serializers.CharField()
    state_text = serializers.CharField()
    reason = serializers.CharField()
    shop_pays_postage = serializers.BooleanField(source="shop_pays")
    instruction = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField()
    refunded = MoneySerializer()
    refusal = serializers.CharField(allow_blank=True)
    is_withdrawable = serializers.BooleanField()
    lines = ReturnLineSerializer(source="items", many=True)


class OrderReturnsSerializer(AnswerSerializer[OrderReturns]):
    """The returns of an order, newest first, and what may still be sent back."""

    returnable = ReturnableLineSerializer(source="lines", many=True)
    returns = ReturnSerializer(many=True)


class WantedSerializer(InputSerializer):
    """Pieces wanted in exchange: one of `exchangeable_for`."""

    variant_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000)


class ReturnedPiecesSerializer(InputSerializer):
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


class RequestReturnSerializer(InputSerializer):
    """Which pieces come back and why."""

    lines = serializers.ListField(
        child=ReturnedPiecesSerializer(), min_length=1, max_length=MOST_LINES
    )
    reason = serializers.ChoiceField(choices=REASONS)
    comment = serializers.CharField(max_length=500, default="", allow_blank=True)
