"""Points at a till: pay, undo, sell, take back. Nothing here tells who the member is."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from promotions.loyalty.api import (
    Answer,
    PosLine,
    PosReceipt,
    PosTerminal,
    cancel_at_pos,
    find_pos_terminal,
    hold_at_pos,
    return_at_pos,
    sell_at_pos,
)
from shop.doors.api.answers import AnswerSerializer
from shop.doors.api.language import page_language
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.systems import SystemAuthentication, SystemView
from shop.doors.api.v1 import pos_examples as examples
from shop.doors.api.v1.serializers.pos import (
    PosCanceledSerializer,
    PosCancelSerializer,
    PosHeldSerializer,
    PosHoldSerializer,
    PosReturnedSerializer,
    PosReturnSerializer,
    PosSaleSerializer,
    PosSoldSerializer,
)
from shop.ground.jobs.limits import Policy
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, locale_of

# The door of tills: a token of one store opens it, and opens nothing else.

TILL = Policy("till", 600, 60, by="till")


class PosTokenRequired(FairtagError):
    """The address is for tills, and the request carries no till's token."""

    code = "till_token_required"


@dataclass(frozen=True, slots=True)
class PosCaller:
    """A till that calls. It is no shopper and no account."""

    till: PosTerminal

    @property
    def pk(self) -> None:
        """No account, under the name the request log looks for."""
        return None

    @property
    def token_id(self) -> int:
        """Which token it calls by."""
        return self.till.token_id


class PosAuthentication(SystemAuthentication):
    """Reads a till's token; those of accounts and guests are refused."""

    missing = PosTokenRequired
    request_text = gettext_noop("Send the till's token.")
    refusal_text = gettext_noop("This is no till's token, or it was revoked.")

    def find_caller(self, token: str) -> PosCaller | None:
        """Return the till. One query."""
        till = find_pos_terminal(token)
        return None if till is None else PosCaller(till)


class PosView(SystemView):
    """The base of what tills may call."""

    authentication_classes = (PosAuthentication,)
    policy = TILL

    @property
    def till(self) -> PosTerminal:
        """Which till calls."""
        caller: Any = self.request.user
        till: PosTerminal = caller.till
        return till


TAG = "tills"
PAYING = ("code_unknown", "code_used", "code_expired", "nothing_to_use", "sale_closed")
EARNING = ("member_unknown", "member_differs", "amount_differs", "hold_gone", "time_refused")
SENDING = ("currency_differs", "sale_differs", "no_programme", "too_many_tries")


class PosBase(PosView):
    """What all calls of tills share."""

    def answer(
        self, answer: type[AnswerSerializer[SimpleNamespace]], kept: Answer, **names: Any
    ) -> HttpResponse:
        """Return what is kept of an answer; `names` are the references it was asked about."""
        locale = locale_of(page_language())
        body = answer.to_json(SimpleNamespace(**kept), locale, self.till.currency, **names)
        return text_response(body)


class PosHoldView(PosBase):
    """Points that pay."""

    @describe(
        "holdPointsAtTill",
        "Pay for an open sale with points",
        tag=TAG,
        request=PosHoldSerializer,
        request_example=examples.HOLD_REQUEST,
        response=PosHeldSerializer,
        example=examples.HELD,
        refusals=(*PAYING, *SENDING),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Held until the sale is sent, canceled, or 24 hours have passed. Twice is once."""
        body = self.read_body(PosHoldSerializer)
        kept = hold_at_pos(
            till=self.till,
            reference=body["reference"],
            code=body["code"],
            amount_minor=body["amount_minor"],
            currency=body["currency"],
            wanted=body.get("points"),
            now=self.now,
        )
        return self.answer(PosHeldSerializer, kept, reference=body["reference"])


class PosCancelView(PosBase):
    """Points that do not pay after all."""

    @describe(
        "cancelPointsAtTill",
        "Give back the points of an open sale",
        tag=TAG,
        request=PosCancelSerializer,
        request_example={"reference": "0042-1871"},
        response=PosCanceledSerializer,
        example=examples.CANCELED,
        refusals=("sale_unknown", "sale_closed"),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Twice is once. Then the sale may go on without points, or with a new code."""
        body = self.read_body(PosCancelSerializer)
        kept = cancel_at_pos(till=self.till, reference=body["reference"], now=self.now)
        return self.answer(PosCanceledSerializer, kept, reference=body["reference"])


class PosSalesView(PosBase):
    """Sales that were made."""

    @describe(
        "sendTillSale",
        "Send a sale that was made: it earns points",
        tag=TAG,
        request=PosSaleSerializer,
        request_example=examples.SALE_REQUEST,
        response=PosSoldSerializer,
        example=examples.SOLD,
        refusals=(*EARNING, *SENDING),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """The reference is the key: the same sale again is answered as at first."""
        body = self.read_body(PosSaleSerializer)
        lines = body.get("lines") or [{"amount_minor": body["amount_minor"]}]
        receipt = PosReceipt(
            reference=body["reference"],
            currency=body["currency"],
            lines=tuple(
                PosLine(line["amount_minor"], line.get("quantity", 1), line.get("sku", ""))
                for line in lines
            ),
            sold_at=body["sold_at"],
            member_number=body["member_number"],
        )
        kept = sell_at_pos(till=self.till, receipt=receipt, now=self.now)
        return self.answer(PosSoldSerializer, kept, reference=body["reference"])


class PosReturnsView(PosBase):
    """Goods that come back."""

    @describe(
        "returnTillSale",
        "Take goods of a sale back",
        tag=TAG,
        request=PosReturnSerializer,
        request_example=examples.RETURN_REQUEST,
        response=PosReturnedSerializer,
        example=examples.RETURNED,
        refusals=("sale_unknown", "sale_open", "sale_differs", "bad_quantity"),
        audience="till",
    )
    def post(self, request: Request) -> HttpResponse:
        """Earned points are taken back, used ones given back, each unit's exact share."""
        body = self.read_body(PosReturnSerializer)
        names = {name: body[name] for name in ("reference", "return_reference")}
        kept = return_at_pos(
            till=self.till,
            lines=[(line["line"], line["quantity"]) for line in body.get("lines", ())],
            now=self.now,
            **names,
        )
        return self.answer(PosReturnedSerializer, kept, **names)
