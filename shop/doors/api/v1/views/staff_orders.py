"""Orders by staff systems: what waits, pack, ship, deliver, refund."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from orders.fulfilment.api import (
    ParcelState,
    list_left,
    list_parcels,
    orders_to_pack,
    orders_with_parcels,
)
from orders.order.api import ChangePlace, get_any_order, list_changes, list_oldest
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused
from orders.values import Contact, OrderSummary, OrderView
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY
from shop.doors.api.errors import QueryInvalid
from shop.doors.api.language import page_language
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.staff import StaffView
from shop.doors.api.v1 import staff_order_examples as examples
from shop.doors.api.v1.serializers.staff_orders import (
    ChangesQuerySerializer,
    LineToPack,
    OrderChangesSerializer,
    RefundSerializer,
    StaffOrderPageSerializer,
    StaffOrderSerializer,
    StaffOrdersQuerySerializer,
    StaffSummary,
)
from shop.ground.kernel.ids import uuid7
from shop.ground.kernel.translation import gettext_noop, locale_of
from shop.ground.staff.roles import may_see_personal

TAG = "staff"
VIEW, REFUND = "orders.view_order", "orders.change_order"
# Who packs needs no right to open orders: it sees what is to be packed, and no amounts.
PACKS = ("orders.view_shipment", "orders.change_shipment")
FEED = "staff-changes"
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

    @property
    def shows_money(self) -> bool:
        """Whether the owner of the token may open orders."""
        return bool(self.staff.account.has_perm(VIEW))

    def require_reader(self) -> None:
        """Raise StaffForbidden unless the token reads orders, for who opens or packs them."""
        self.require(StaffScope.ORDERS_READ, *((VIEW,) if self.shows_money else PACKS))

    def find_contact(self, order: OrderView) -> Contact | None:
        """Return what the token's owner may know of who gets the products."""
        if may_see_personal(self.staff.account):
            return order.contact
        return None if self.shows_money else replace(order.contact, email="", phone="")

    def summarize(self, order: OrderSummary, updated_at: datetime | None = None) -> StaffSummary:
        """Return an order in a list, as far as the token's owner may see it."""
        total = order.total_minor if self.shows_money else None
        return StaffSummary(order, total, updated_at or order.placed_at)

    def show_order(self, number: str) -> dict[str, Any]:
        """Return an order. Raises OrderNotFound. About eight queries."""
        order = get_any_order(number=number, language=page_language())
        shows = self.shows_money
        left = {line.pk: pieces for line, pieces in list_left(order.order_id)}
        return StaffOrderSerializer.to_dict(
            order,
            self.locale,
            total=order.total_minor if shows else None,
            refunded=order.refunded_minor if shows else None,
            lines=[LineToPack(line, left.get(line.line_id, 0), shows) for line in order.lines],
            parcels=list_parcels(
                order_id=order.order_id, language=page_language(), with_cancelled=True
            ),
            contact=self.find_contact(order),
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
        self.require_reader()
        query = self.read_query(StaffOrdersQuerySerializer)
        limit, kind = query["limit"], f"staff-orders-{query['to_do']}"
        found = list_oldest(
            WAITING[query["to_do"]](),
            limit=limit + 1,
            after=read_cursor(kind, query["cursor"]) if query["cursor"] else None,
            language=page_language(),
        )
        shown = [self.summarize(one) for one in found[:limit]]
        more = write_cursor(kind, found[limit - 1].number) if len(found) > limit else None
        body = StaffOrderPageSerializer.to_json(None, self.locale, orders=shown, next_cursor=more)
        return text_response(body)


class OrderChangesView(StaffOrderBase):
    """The feed of changes."""

    @describe(
        "listOrderChanges",
        "List orders that something happened to since a moment",
        tag=TAG,
        query=ChangesQuerySerializer,
        response=OrderChangesSerializer,
        example=examples.CHANGES,
        refusals=("staff_forbidden", "cursor_invalid"),
        audience="staff",
    )
    def get(self, request: Request) -> HttpResponse:
        """Oldest step first: placed, paid, packed, shipped, refunded and all other.

        Ask with `updated_since` once, then with `next_cursor`, at once while `has_more` is true.
        Steps of the last ten minutes may be told again; none is left out, also of those of one
        moment. Take what an order is now from getStaffOrder.
        """
        self.require(StaffScope.ORDERS_READ, VIEW)
        query = self.read_query(ChangesQuerySerializer)
        found = list_changes(
            since=_read_place(query),
            limit=query["limit"],
            now=self.now,
            language=page_language(),
        )
        body = OrderChangesSerializer.to_json(
            None,
            self.locale,
            orders=[self.summarize(order, at) for order, at in found.orders],
            next_cursor=_write_place(found.following),
            has_more=found.is_cut,
        )
        return text_response(body)


def _read_place(query: dict[str, Any]) -> ChangePlace:
    if query["cursor"]:
        moment, _sep, event_id = read_cursor(FEED, query["cursor"]).partition("|")
        return ChangePlace(datetime.fromisoformat(moment), int(event_id))
    if query["updated_since"] is None:
        said = ErrorDetail(gettext("This field is required."), code="required")
        raise QueryInvalid({"updated_since": [said]})
    # The step of this very moment belongs to what is told
    return ChangePlace(query["updated_since"])


def _write_place(place: ChangePlace) -> str:
    return write_cursor(FEED, f"{place.at.isoformat()}|{place.event_id}")


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
        """Name and address only for whoever may see personal data, or packs."""
        self.require_reader()
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
