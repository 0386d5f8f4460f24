"""Orders and their tracking."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from orders.fulfilment.api import show_progress
from orders.order.api import find_order_for_guest, list_orders
from orders.refusals import OrderNotFound
from profiles.shoppers.api import get_shopper
from shop.doors.api.base import SAFE_METHODS, ApiView
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import order_examples as examples
from shop.doors.api.v1.serializers.orders import (
    OrderPageQuerySerializer,
    OrderPageSerializer,
    OrderSerializer,
    TrackedOrderSerializer,
    TrackSerializer,
)
from shop.doors.api.v1.views.checkout import OrderBase, PlaceOrderMixin
from shop.ground.jobs.limits import BROWSE, GUESS, MONEY

TAG = "orders"


class OrdersView(PlaceOrderMixin):
    """My orders."""

    def check_throttles(self, request: Request) -> None:
        """Count reading as reading and ordering as moving money."""
        self.count(BROWSE if request.method in SAFE_METHODS else MONEY)

    @describe(
        "listOrders",
        "List my orders, newest first",
        tag=TAG,
        query=OrderPageQuerySerializer,
        response=OrderPageSerializer,
        example={"orders": [examples.ORDER_SUMMARY], "next_cursor": None},
        refusals=("cursor_invalid", "shopper_not_found"),
        audience="shopper",
    )
    def get(self, request: Request) -> HttpResponse:
        """Online orders and, where the shopper is known there, those of physical stores."""
        query = self.read_query(OrderPageQuerySerializer)
        ctx = self.context
        limit = query["limit"]
        shopper = get_shopper(self.require_shopper())
        found = list_orders(
            shopper_id=shopper.id,
            limit=limit + 1,
            before=read_cursor("orders", query["cursor"]) if query["cursor"] else None,
            language=ctx.language,
        )
        shown = found[:limit]
        has_more = len(found) > limit
        cursor = write_cursor("orders", shown[-1].number) if has_more else None
        body = OrderPageSerializer.to_json(None, ctx.locale, orders=shown, next_cursor=cursor)
        return text_response(body)


class OrderView(OrderBase):
    """One of my orders."""

    @describe(
        "getOrder",
        "Show one of my orders",
        tag=TAG,
        response=OrderSerializer,
        example=examples.ORDER,
        refusals=("order_not_found", "shopper_not_found"),
        audience="shopper",
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Frozen prices with every stage, payments, parcels and timeline."""
        return json_response(self.show(self.find_own(number)))


class TrackView(ApiView):
    """Tracking without a token."""

    policies = (GUESS,)

    @describe(
        "trackOrder",
        "Track an order by number and e-mail",
        tag=TAG,
        request=TrackSerializer,
        request_example={"number": "FT-7K3M9-2QXAB", "email": "alice@example.com"},
        response=TrackedOrderSerializer,
        example=examples.TRACKED_ORDER,
        refusals=("order_not_found",),
    )
    def post(self, request: Request) -> HttpResponse:
        """Needs no token. A wrong number and a wrong e-mail get the same answer; guessing is
        limited."""
        body = self.read_body(TrackSerializer)
        ctx = self.context
        order = find_order_for_guest(
            number=body["number"], email=body["email"], language=ctx.language
        )
        if order is None:
            raise OrderNotFound("No order has this number and e-mail.")
        progress = show_progress(shown=order, language=ctx.language)
        text = TrackedOrderSerializer.to_json(
            order, ctx.locale, shipments=progress.parcels, next_step=progress.next_step
        )
        return text_response(text)
