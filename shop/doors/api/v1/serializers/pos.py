"""Serializers of POS requests and answers about points."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rest_framework import serializers

from shop.doors.api.answers import AnswerSerializer, MoneySerializer
from shop.doors.api.base import InputSerializer
from shop.doors.api.v1.serializers.points import MAX_POINTS

MAX_MINOR = 100_000_000
MAX_LINES = 500
MAX_QUANTITY = 10_000


def reference_field(**options: Any) -> serializers.RegexField:
    """Return a field for a till's own number of a sale or a return."""
    return serializers.RegexField(r"^[!-~]{1,40}\Z", **options)


class PosHoldSerializer(InputSerializer):
    """Pay with points: the code of the shopper's account page, and what is to be paid."""

    reference = reference_field(help_text="The till's own number of the sale, once per store.")
    code = serializers.CharField(max_length=20)
    amount_minor = serializers.IntegerField(
        min_value=1, max_value=MAX_MINOR, help_text="What the goods cost, in cents."
    )
    currency = serializers.RegexField(r"^[A-Z]{3}\Z")
    points = serializers.IntegerField(
        min_value=1,
        max_value=MAX_POINTS,
        required=False,
        help_text="How many at most; without it as many as the amount takes.",
    )


class PosCancelSerializer(InputSerializer):
    """The sale whose points are given back."""

    reference = reference_field()


class PosLineSerializer(InputSerializer):
    """A line: what is charged for its products, points aside."""

    sku = serializers.CharField(max_length=60, default="", allow_blank=True)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    amount_minor = serializers.IntegerField(min_value=0, max_value=MAX_MINOR)


class PosSaleSerializer(InputSerializer):
    """A sale that was made: in lines, or as one amount that can come back in one piece only."""

    reference = reference_field()
    member_number = serializers.CharField(
        max_length=20,
        default="",
        allow_blank=True,
        help_text="Not needed where points are held for the sale.",
    )
    lines = serializers.ListField(child=PosLineSerializer(), required=False, max_length=MAX_LINES)
    amount_minor = serializers.IntegerField(min_value=1, max_value=MAX_MINOR, required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z")
    sold_at = serializers.DateTimeField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and neither, of lines and amount."""
        if bool(attrs.get("lines")) == ("amount_minor" in attrs):
            raise serializers.ValidationError("Send either lines or amount_minor.", code="required")
        return attrs


class PosReturnLineSerializer(InputSerializer):
    """Units of a line that come back; lines count from 0."""

    line = serializers.IntegerField(min_value=0, max_value=MAX_LINES)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class PosReturnSerializer(InputSerializer):
    """What comes back of a sale; without lines all that is left."""

    reference = reference_field(help_text="Of the sale.")
    return_reference = reference_field(help_text="Of the return, once per sale.")
    lines = serializers.ListField(
        child=PosReturnLineSerializer(), required=False, max_length=MAX_LINES
    )


class PosBalanceSerializer(AnswerSerializer[SimpleNamespace]):
    """What a till may know of a member: points, and nothing else."""

    available = serializers.IntegerField()
    pending = serializers.IntegerField()


class PosHeldSerializer(AnswerSerializer[SimpleNamespace]):
    """What points pay, and what is left to pay."""

    given = ("reference",)

    reference = serializers.CharField()
    points_used = serializers.IntegerField()
    paid_with_points = MoneySerializer(source="points_minor")
    left_to_pay = MoneySerializer(source="left_minor")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why fewer than asked for: no_points, share_reached, ..."
    )
    balance = PosBalanceSerializer(source="*")


class PosCanceledSerializer(AnswerSerializer[SimpleNamespace]):
    """What went back to the member."""

    given = ("reference",)

    reference = serializers.CharField()
    points_back = serializers.IntegerField()
    balance = PosBalanceSerializer(source="*")


class PosSoldSerializer(AnswerSerializer[SimpleNamespace]):
    """What the sale earned and used."""

    given = ("reference",)

    reference = serializers.CharField()
    points_earned = serializers.IntegerField(help_text="Available after the return window.")
    points_used = serializers.IntegerField()
    paid_with_points = MoneySerializer(source="points_minor")
    unknown_lines = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Lines of goods the catalogue does not know: they earn at the lowest rate.",
    )
    balance = PosBalanceSerializer(source="*")


class PosReturnedSerializer(AnswerSerializer[SimpleNamespace]):
    """What went back, both ways."""

    given = ("reference", "return_reference")

    reference = serializers.CharField()
    return_reference = serializers.CharField()
    points_taken_back = serializers.IntegerField()
    points_given_back = serializers.IntegerField()
    goods = MoneySerializer()
    money_back = MoneySerializer(help_text="What the till pays out; points paid the rest.")
    balance = PosBalanceSerializer(source="*")
