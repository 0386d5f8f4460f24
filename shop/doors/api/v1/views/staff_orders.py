"""Orders by staff systems: what waits, pack, ship, deliver, refund."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from orders.fulfilment.api import (
    ParcelState,
    list_left,
    list_parcels,
    orders_to_pack,
    orders_with_parcels,
)
from orders.order.api import get_any_order, list_oldest
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY
from shop.doors.api.language import page_language
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.staff import StaffView
from shop.doors.api.v1 import staff_order_examples as examples
from shop.doors.api.v1.serializers.staff_orders import (
    LineToPack,
    RefundSerializer,
    StaffOrderPageSerializer,
    StaffOrderSerializer,
    StaffOrdersQuerySerializer,
)
from shop.ground.kernel.ids import uuid7
from shop.ground.kernel.translation import gettext_noop, locale_of
from shop.ground.staff.roles import may_see_personal

TAG = "staff"
VIEW, REFUND = "orders.view_order", "orders.change_order"
WAITING = {
    "pack": orders_to_pack,
    "ship": lambda: orders_with_parcels(ParcelState.PACKED),
    "collect": lambda: orders_with_parcels(ParcelState.READY),
}


class StaffOrderBase(StaffView):
    """What addresses of orders share."""

    @property
    def locale(self) -> str:
        """In which language's habits money is written."""
        return locale_of(page_language())

    def show_order(self, number: str) -> dict[str, Any]:
        """Return an order. Raises OrderNotFound. About eight queries."""
        order = get_any_order(number=number, language=page_language())
        left = {line.pk: pieces for line, pieces in list_left(order.order_id)}
        return StaffOrderSerializer.to_dict(
            order,
            self.locale,
            lines=[LineToPack(line, left.get(line.line_id, 0)) for line in order.lines],
            parcels=list_parcels(
                order_id=order.order_id, language=page_language(), with_cancelled=True
            ),
            contact=order.contact if may_see_personal(self.staff.account) else None,
        )

    def find_parcel(self, number: str, position: int) -> tuple[int, int]:
        """Return the ids of an order and of its parcel. Raises OrderNotFound, OrderRefused."""
        order = get_any_order(number=number)
        for parcel in list_parcels(order_id=order.order_id, with_cancelled=True):
            if parcel.position == position:
                return order.order_id, parcel.shipment_id
        raise OrderRefused(gettext_noop("There is no such parcel."), code="parcel_not_found")


class StaffOrdersView(StaffOrderBase):
    """What waits for the warehouse."""

    @describe(
        "listStaffOrders",
        "List orders that wait to be packed, shipped or collected",
        tag=TAG,
        query=StaffOrdersQuerySerializer,
        response=StaffOrderPageSerializer,
        example=examples.ORDERS,
        refusals=("staff_forbidden", "cursor_invalid"),
        audience="staff",
    )
    def get(self, request: Request) -> HttpResponse:
        """Oldest first. An order is in the list as long as it waits for this step."""
        self.require(StaffScope.ORDERS_READ, VIEW)
        query = self.read_query(StaffOrdersQuerySerializer)
        limit, kind = query["limit"], f"staff-orders-{query['to_do']}"
        found = list_oldest(
            WAITING[query["to_do"]](),
            limit=limit + 1,
            after=read_cursor(kind, query["cursor"]) if query["cursor"] else None,
            language=page_language(),
        )
        shown = found[:limit]
        more = write_cursor(kind, shown[-1].number) if len(found) > limit else None
        body = StaffOrderPageSerializer.to_json(None, self.locale, orders=shown, next_cursor=more)
        return text_response(body)


class StaffOrderView(StaffOrderBase):
    """One order."""

    @describe(
        "getStaffOrder",
        "Show an order with what is left to pack and its parcels",
        tag=TAG,
        response=StaffOrderSerializer,
        example=examples.ORDER,
        refusals=("staff_forbidden", "order_not_found"),
        audience="staff",
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Name and address only for whoever may see personal data."""
        self.require(StaffScope.ORDERS_READ, VIEW)
        return json_response(self.show_order(number))


class RefundsView(StaffOrderBase):
    """Money back without a return."""

    @describe(
        "refundOrder",
        "Refund pieces of a paid order",
        tag=TAG,
        request=RefundSerializer,
        request_example=examples.REFUND,
        response=StaffOrderSerializer,
        example=examples.ORDER,
        headers=(IDEMPOTENCY_KEY,),
        refusals=(
            *("order_not_found", "not_refundable", "not_paid_here", "bad_quantity"),
            "staff_forbidden",
        ),
        audience="staff",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Each piece carries its exact share of what was paid. The money is sent within seconds."""
        self.require(StaffScope.ORDERS_REFUND, VIEW, REFUND)
        body = self.read_body(RefundSerializer)
        return self.act_once(request, body, lambda: (200, self._refund(number, body)))

    def _refund(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        order = get_any_order(number=number)
        refund_order(
            order_id=order.order_id,
            parts=[
                RefundPart(line["line_id"], line["quantity"], line["restock"])
                for line in body["lines"]
            ],
            reason=body["reason"],
            idempotency_key=f"staff-{uuid7()}",
            by_id=self.staff.pk,
            now=self.now,
        )
        said, reason = _("Money was refunded."), body["reason"]
        self.record("orders.order", order.order_id, said, reason=reason)
        return self.show_order(number)
