"""Points at a till: pay, undo, sell, take back. Nothing here tells who the member is."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from promotions.loyalty.api import (
    Answer,
    TillLine,
    TillReceipt,
    cancel_at_till,
    hold_at_till,
    return_at_till,
    sell_at_till,
)
from shop.doors.api.language import page_language
from shop.doors.api.responses import json_response
from shop.doors.api.schema import describe
from shop.doors.api.tills import TillView
from shop.doors.api.v1 import till_examples as examples
from shop.doors.api.v1.bodies.tills import till_body
from shop.doors.api.v1.serializers.tills import (
    TillCanceledSerializer,
    TillCancelSerializer,
    TillHeldSerializer,
    TillHoldSerializer,
    TillReturnedSerializer,
    TillReturnSerializer,
    TillSaleSerializer,
    TillSoldSerializer,
)
from shop.ground.kernel.translation import locale_of

TAG = "tills"
PAYING = ("code_unknown", "code_used", "code_expired", "nothing_to_use", "sale_closed")
EARNING = ("member_unknown", "member_differs", "amount_differs", "hold_gone", "time_refused")
SENDING = ("currency_differs", "sale_differs", "no_programme", "too_many_tries")


class TillBase(TillView):
    """What all calls of tills share."""

    def answer(self, answer: Answer, **names: Any) -> HttpResponse:
        """Return what the till is told."""
        locale = locale_of(page_language())
        return json_response(till_body(answer, self.till.currency, locale, **names))


class TillHoldView(TillBase):
    """Points that pay."""

    @describe(
        "holdPointsAtTill",
        "Pay for an open sale with points",
        tag=TAG,
        request=TillHoldSerializer,
        request_example=examples.HOLD_REQUEST,
        response=TillHeldSerializer,
        example=examples.HELD,
        refusals=(*PAYING, *SENDING),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Held until the sale is sent, canceled, or 24 hours have passed. Twice is once."""
        body = self.read_body(TillHoldSerializer)
        answer = hold_at_till(
            till=self.till,
            reference=body["reference"],
            code=body["code"],
            amount_minor=body["amount_minor"],
            currency=body["currency"],
            wanted=body.get("points"),
            now=self.now,
        )
        return self.answer(answer, reference=body["reference"])


class TillCancelView(TillBase):
    """Points that do not pay after all."""

    @describe(
        "cancelPointsAtTill",
        "Give back the points of an open sale",
        tag=TAG,
        request=TillCancelSerializer,
        request_example={"reference": "0042-1871"},
        response=TillCanceledSerializer,
        example=examples.CANCELED,
        refusals=("sale_unknown", "sale_closed"),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Twice is once. Then the sale may go on without points, or with a new code."""
        body = self.read_body(TillCancelSerializer)
        answer = cancel_at_till(till=self.till, reference=body["reference"], now=self.now)
        return self.answer(answer, reference=body["reference"])


class TillSalesView(TillBase):
    """Sales that were made."""

    @describe(
        "sendTillSale",
        "Send a sale that was made: it earns points",
        tag=TAG,
        request=TillSaleSerializer,
        request_example=examples.SALE_REQUEST,
        response=TillSoldSerializer,
        example=examples.SOLD,
        refusals=(*EARNING, *SENDING),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """The reference is the key: the same sale again is answered as at first."""
        body = self.read_body(TillSaleSerializer)
        lines = body.get("lines") or [{"amount_minor": body["amount_minor"]}]
        receipt = TillReceipt(
            reference=body["reference"],
            currency=body["currency"],
            lines=tuple(
                TillLine(line["amount_minor"], line.get("quantity", 1), line.get("sku", ""))
                for line in lines
            ),
            sold_at=body["sold_at"],
            member_number=body["member_number"],
        )
        answer = sell_at_till(till=self.till, receipt=receipt, now=self.now)
        return self.answer(answer, reference=body["reference"])


class TillReturnsView(TillBase):
    """Goods that come back."""

    @describe(
        "returnTillSale",
        "Take goods of a sale back",
        tag=TAG,
        request=TillReturnSerializer,
        request_example=examples.RETURN_REQUEST,
        response=TillReturnedSerializer,
        example=examples.RETURNED,
        refusals=("sale_unknown", "sale_open", "sale_differs", "bad_quantity"),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Earned points are taken back, used ones given back, each unit's exact share."""
        body = self.read_body(TillReturnSerializer)
        names = {name: body[name] for name in ("reference", "return_reference")}
        answer = return_at_till(
            till=self.till,
            lines=[(line["line"], line["quantity"]) for line in body.get("lines", ())],
            now=self.now,
            **names,
        )
        return self.answer(answer, **names)
