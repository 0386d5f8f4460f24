"""Orders, parcels and returns as systems of staff send and get them."""

from __future__ import annotations

from typing import NamedTuple

from rest_framework import serializers

from orders.values import OrderLineView, OrderView
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, computed
from shop.doors.api.inputs import InputSerializer
from shop.doors.api.v1.serializers.orders import (
    MAX_CURSOR,
    MAX_PAGE_SIZE,
    OrderContactSerializer,
    OrderSummarySerializer,
    ShipmentSerializer,
)
from shop.doors.api.v1.serializers.returns import (
    MOST_LINES,
    ReturnedPiecesSerializer,
    ReturnSerializer,
)

TO_DO = ("pack", "ship", "collect")
STATES = ("requested", "received", "settled", "withdrawn")
MOST_ID = 2**63 - 1


class StaffPageSerializer(InputSerializer):
    """Which page of a list."""

    cursor = serializers.CharField(max_length=MAX_CURSOR, default="", allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=20)


class StaffOrdersQuerySerializer(StaffPageSerializer):
    """What the orders wait for."""

    to_do = serializers.ChoiceField(
        choices=TO_DO,
        default="pack",
        help_text="pack: pieces are left to pack; ship: a packed parcel waits for its carrier;"
        " collect: a parcel waits at the counter.",
    )


class StaffOrderPageSerializer(AnswerSerializer[None]):
    """Orders that wait for a step, oldest first."""

    given = ("orders", "next_cursor")

    orders = OrderSummarySerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class LineToPack(NamedTuple):
    """A line of an order and how many of its pieces are still to be packed."""

    line: OrderLineView
    to_pack: int


class StaffOrderLineSerializer(AnswerSerializer[LineToPack]):
    """A line: what was bought, and how many of its pieces are still to be packed."""

    line_id = serializers.IntegerField(source="line.line_id")
    sku = serializers.CharField(source="line.sku")
    name = serializers.CharField(source="line.name")
    quantity = serializers.IntegerField(source="line.quantity")
    to_pack = serializers.IntegerField()
    refunded_quantity = serializers.IntegerField(source="line.refunded_quantity")
    total = MoneySerializer(source="line.total_minor")
    refunded = MoneySerializer(source="line.refunded_minor")


class StaffOrderSerializer(AnswerSerializer[OrderView]):
    """An order with what is left to pack and its parcels, those unpacked again included.

    `contact` is null for whoever may not see personal data.
    """

    given = ("lines", "parcels", "contact")
    currency_from = "currency"

    number = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    placed_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    delivery_name = serializers.CharField(allow_blank=True)
    total = MoneySerializer()
    refunded = MoneySerializer()
    lines = StaffOrderLineSerializer(many=True)
    parcels = ShipmentSerializer(many=True)
    contact = OrderContactSerializer(allow_null=True)


class PackSerializer(InputSerializer):
    """What goes into the parcel. Without `lines` all that is left."""

    lines = serializers.ListField(
        child=ReturnedPiecesSerializer(), min_length=1, max_length=MOST_LINES, required=False
    )


class ShipSerializer(InputSerializer):
    """Who brings the parcel, under which number."""

    carrier = serializers.CharField(
        max_length=80,
        default="",
        allow_blank=True,
        help_text="A name of listCarriers; empty where the shop brings it.",
    )
    tracking_number = serializers.CharField(
        max_length=60, default="", allow_blank=True, help_text="As on the carrier's label."
    )


class UnpackSerializer(InputSerializer):
    """Why a parcel is unpacked."""

    reason = serializers.CharField(min_length=5, max_length=300)


class CarriersSerializer(AnswerSerializer[None]):
    """Names of carriers."""

    given = ("carriers",)

    carriers = serializers.ListField(child=serializers.CharField())


class RefundedPiecesSerializer(InputSerializer):
    """Pieces of a line whose money goes back."""

    line_id = serializers.IntegerField(min_value=1, max_value=MOST_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000)
    restock = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="How many of them go back on the shelf."
    )


class RefundSerializer(InputSerializer):
    """Which pieces are refunded and why."""

    lines = serializers.ListField(
        child=RefundedPiecesSerializer(), min_length=1, max_length=MOST_LINES
    )
    reason = serializers.CharField(min_length=5, max_length=80)


class StaffReturnsQuerySerializer(StaffPageSerializer):
    """In which state the returns are."""

    state = serializers.ChoiceField(choices=STATES, default="", allow_blank=True)


class StaffReturnSerializer(ReturnSerializer):
    """A return and the number of its order."""

    order = computed(lambda one: one.number.rpartition("-R")[0], serializers.CharField())


class StaffReturnPageSerializer(AnswerSerializer[None]):
    """Returns, oldest first."""

    given = ("returns", "next_cursor")

    returns = StaffReturnSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class FindingSerializer(InputSerializer):
    """What was found of a line."""

    line_id = serializers.IntegerField(min_value=1, max_value=MOST_ID)
    accepted = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="How many pieces are taken back and refunded."
    )
    restock = serializers.IntegerField(
        min_value=0,
        max_value=10_000,
        help_text="How many of them go back on the shelf; the others are written off.",
    )


class InspectSerializer(InputSerializer):
    """What was found of every line of a return."""

    lines = serializers.ListField(child=FindingSerializer(), min_length=1, max_length=MOST_LINES)
    refusal = serializers.CharField(
        max_length=300,
        default="",
        allow_blank=True,
        help_text="Why not all pieces are accepted: the shopper reads it.",
    )
