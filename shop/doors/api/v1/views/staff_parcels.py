"""Parcels by staff systems: packed, shipped, delivered, unpacked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from orders.fulfilment.api import (
    cancel_parcel,
    hand_out_parcel,
    list_carriers,
    pack_order,
    ship_parcel,
)
from orders.order.api import get_any_order
from orders.refusals import OrderRefused
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.language import page_language
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import staff_order_examples as examples
from shop.doors.api.v1.serializers.orders import ShipmentSerializer
from shop.doors.api.v1.serializers.staff_orders import (
    CarriersSerializer,
    PackSerializer,
    ShipSerializer,
    UnpackSerializer,
)
from shop.doors.api.v1.views.staff_orders import PACKS, TAG, StaffOrderBase
from shop.ground.kernel.translation import gettext_noop

STEPS = ("staff_forbidden", "order_not_found", "parcel_not_found", "parcel_left")


class CarriersView(StaffOrderBase):
    """Who brings parcels."""

    @describe(
        "listCarriers",
        "List the carriers that bring parcels",
        tag=TAG,
        response=CarriersSerializer,
        example=examples.CARRIERS,
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def get(self, request: Request) -> HttpResponse:
        """Those in use, by name."""
        self.require_reader()
        names = [one.name for one in list_carriers()]
        return text_response(CarriersSerializer.to_json(None, carriers=names))


class ParcelsView(StaffOrderBase):
    """Packing."""

    @describe(
        "packParcel",
        "Pack a parcel of an order",
        tag=TAG,
        request=PackSerializer,
        request_example=examples.PACK,
        response=ShipmentSerializer,
        example=examples.PARCEL,
        status=201,
        headers=(IDEMPOTENCY_KEY,),
        refusals=(
            *("order_not_found", "not_packable", "nothing_to_pack", "bad_quantity"),
            "staff_forbidden",
        ),
        audience="staff",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """All that is left, or the pieces named: the rest waits for another parcel.

        From the first parcel on the order cannot be canceled, and money that was only reserved is
        taken.
        """
        self.require(StaffScope.ORDERS_SHIP, *PACKS)
        body = self.read_body(PackSerializer)
        return self.act_once(request, body, lambda: (201, self._pack(number, body)))

    def _pack(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        order = get_any_order(number=number)
        chosen = body.get("lines")
        parcel = pack_order(
            order_id=order.order_id,
            lines=chosen and [(line["line_id"], line["quantity"]) for line in chosen],
            by_id=self.staff.pk,
            now=self.now,
            language=page_language(),
        )
        self.record("orders.order", order.order_id, _("A parcel was packed."))
        return ShipmentSerializer.to_dict(parcel)


class ShipParcelView(StaffOrderBase):
    """Giving a parcel to its carrier."""

    @describe(
        "shipParcel",
        "Ship a packed parcel, or correct its tracking number",
        tag=TAG,
        request=ShipSerializer,
        request_example=examples.SHIP,
        response=ShipmentSerializer,
        example=examples.PARCEL,
        headers=(MAY_HAVE_KEY,),
        refusals=(*STEPS, "unknown_carrier", "refunded_inside"),
        audience="staff",
    )
    def post(self, request: Request, number: str, position: int) -> HttpResponse:
        """The shopper gets an e-mail. Again with the same number is once."""
        self.require(StaffScope.ORDERS_SHIP, *PACKS)
        body = self.read_body(ShipSerializer)
        return self.answer_once(body, lambda: self._ship(number, position, body))

    def _ship(self, number: str, position: int, body: dict[str, Any]) -> HttpResponse:
        order_id, shipment_id = self.find_parcel(number, position)
        parcel = ship_parcel(
            shipment_id=shipment_id,
            carrier_id=_find_carrier(body["carrier"]),
            tracking_number=body["tracking_number"],
            by_id=self.staff.pk,
            now=self.now,
            language=page_language(),
        )
        self.record("orders.order", order_id, _("The parcel was shipped."))
        return text_response(ShipmentSerializer.to_json(parcel))


class DeliverParcelView(StaffOrderBase):
    """A parcel that arrived."""

    @describe(
        "deliverParcel",
        "Note that a parcel was delivered, or collected",
        tag=TAG,
        response=ShipmentSerializer,
        example=examples.PARCEL,
        headers=(MAY_HAVE_KEY,),
        refusals=(*STEPS, "refunded_inside"),
        audience="staff",
    )
    def post(self, request: Request, number: str, position: int) -> HttpResponse:
        """The time to send pieces back begins. Twice is once."""
        self.require(StaffScope.ORDERS_SHIP, *PACKS)
        return self.answer_once({}, lambda: self._deliver(number, position))

    def _deliver(self, number: str, position: int) -> HttpResponse:
        order_id, shipment_id = self.find_parcel(number, position)
        parcel = hand_out_parcel(
            shipment_id=shipment_id, by_id=self.staff.pk, now=self.now, language=page_language()
        )
        self.record("orders.order", order_id, _("The parcel has arrived."))
        return text_response(ShipmentSerializer.to_json(parcel))


class UnpackParcelView(StaffOrderBase):
    """A parcel that does not leave after all."""

    @describe(
        "unpackParcel",
        "Unpack a parcel that has not left",
        tag=TAG,
        request=UnpackSerializer,
        request_example=examples.UNPACK,
        response=ShipmentSerializer,
        example=examples.PARCEL,
        headers=(MAY_HAVE_KEY,),
        refusals=STEPS,
        audience="staff",
    )
    def post(self, request: Request, number: str, position: int) -> HttpResponse:
        """Refunded pieces go back on the shelf; others are to be packed again. Twice is once."""
        self.require(StaffScope.ORDERS_SHIP, *PACKS)
        body = self.read_body(UnpackSerializer)
        return self.answer_once(body, lambda: self._unpack(number, position, body))

    def _unpack(self, number: str, position: int, body: dict[str, Any]) -> HttpResponse:
        order_id, shipment_id = self.find_parcel(number, position)
        parcel = cancel_parcel(
            shipment_id=shipment_id,
            reason=body["reason"],
            by_id=self.staff.pk,
            now=self.now,
            language=page_language(),
        )
        said, reason = _("The parcel was unpacked."), body["reason"]
        self.record("orders.order", order_id, said, reason=reason)
        return text_response(ShipmentSerializer.to_json(parcel))


def _find_carrier(name: str) -> int | None:
    """Return the carrier with this name; None for "". Raises OrderRefused."""
    if not name:
        return None
    for carrier in list_carriers():
        if carrier.name.casefold() == name.casefold():
            return carrier.pk
    raise OrderRefused(gettext_noop("There is no such carrier."), code="unknown_carrier")
