"""Orders, parcels and returns as systems of staff send and get them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from rest_framework import serializers

from orders.values import OrderLineView, OrderSummary, OrderView
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.v1.serializers.orders import (
    MAX_CURSOR,
    MAX_PAGE_SIZE,
    OrderContactSerializer,
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


class StaffSummary(NamedTuple):
    """An order in a list, with its total for whoever may see orders, and its latest step."""

    order: OrderSummary
    total_minor: int | None
    updated_at: datetime


class StaffSummarySerializer(AnswerSerializer[StaffSummary]):
    """An order in a list of staff. `total` is null for whoever packs but may not open orders."""

    currency_from = "order.currency"

    number = serializers.CharField(source="order.number")
    channel = serializers.CharField(source="order.channel")
    status = serializers.CharField(source="order.status")
    status_text = serializers.CharField(source="order.status_text")
    placed_at = serializers.DateTimeField(source="order.placed_at")
    quantity = serializers.IntegerField(source="order.quantity")
    total = MoneySerializer(allow_null=True)


class StaffOrderPageSerializer(AnswerSerializer[None]):
    """Orders that wait for a step, oldest first."""

    given = ("orders", "next_cursor")

    orders = StaffSummarySerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class ChangesQuerySerializer(InputSerializer):
    """Where the feed begins, or goes on."""

    updated_since = serializers.DateTimeField(
        default=None, help_text="For the first page. With a time zone."
    )
    cursor = serializers.CharField(
        max_length=MAX_CURSOR, default="", allow_blank=True, help_text="`next_cursor`, afterwards."
    )
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=MAX_PAGE_SIZE)


class ChangedOrderSerializer(StaffSummarySerializer):
    """An order that something happened to."""

    updated_at = serializers.DateTimeField(help_text="Of its latest step.")


class OrderChangesSerializer(AnswerSerializer[None]):
    """A page of the feed. Keep `next_cursor`: it is never null."""

    given = ("orders", "next_cursor", "has_more")

    orders = ChangedOrderSerializer(many=True)
    next_cursor = serializers.CharField()
    has_more = serializers.BooleanField(help_text="False: ask again later.")


class LineToPack(NamedTuple):
    """A line of an order and how many of its pieces are still to be packed."""

    line: OrderLineView
    to_pack: int
    shows_money: bool


def _if_shown(name: str) -> Any:
    """Return the field of an amount that is null for whoever packs but may not open orders."""
    return computed(
        lambda one: getattr(one.line, name) if one.shows_money else None,
        MoneySerializer(allow_null=True),
    )


class StaffOrderLineSerializer(AnswerSerializer[LineToPack]):
    """A line: what was bought, and how many of its pieces are still to be packed."""

    line_id = serializers.IntegerField(source="line.line_id")
    sku = serializers.CharField(source="line.sku")
    name = serializers.CharField(source="line.name")
    quantity = serializers.IntegerField(source="line.quantity")
    to_pack = serializers.IntegerField()
    refunded_quantity = serializers.IntegerField(source="line.refunded_quantity")
    total = _if_shown("total_minor")
    refunded = _if_shown("refunded_minor")


class StaffOrderSerializer(AnswerSerializer[OrderView]):
    """An order with what is left to pack and its parcels, those unpacked again included.

    `contact` is null for whoever may not see personal data; who only packs sees name and address,
    and no amounts.
    """

    given = ("total", "refunded", "lines", "parcels", "contact")
    currency_from = "currency"

    number = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    placed_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    delivery_name = serializers.CharField(allow_blank=True)
    total = MoneySerializer(allow_null=True)
    refunded = MoneySerializer(allow_null=True)
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
