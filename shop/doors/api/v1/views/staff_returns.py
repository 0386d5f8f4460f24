"""Returns by staff systems: what is on its way, received, inspected and refunded."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from orders.order.api import get_any_order
from orders.refusals import OrderRefused
from orders.returns.api import (
    Finding,
    find_return,
    get_return,
    list_returns,
    receive_return,
    settle_return,
)
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.language import page_language
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import staff_order_examples as examples
from shop.doors.api.v1.serializers.staff_orders import (
    InspectSerializer,
    StaffReturnPageSerializer,
    StaffReturnSerializer,
    StaffReturnsQuerySerializer,
)
from shop.doors.api.v1.views.staff_orders import TAG, StaffOrderBase
from shop.ground.kernel.translation import gettext_noop

VIEW, CHANGE = "orders.view_return", "orders.change_return"


class StaffReturnBase(StaffOrderBase):
    """What addresses of one return share."""

    def find(self, return_number: str) -> int:
        """Return the id of a return. Raises OrderRefused (return_not_found)."""
        return_id = find_return(return_number)
        if return_id is None:
            raise OrderRefused(gettext_noop("There is no such return."), code="return_not_found")
        return return_id

    def show(self, return_id: int) -> dict[str, Any]:
        """Return it as it now is."""
        found = get_return(return_id=return_id, language=page_language())
        return StaffReturnSerializer.to_dict(found, self.locale)

    def record_step(self, shown: dict[str, Any], said: Any) -> None:
        """Log with the order what was done with its return."""
        self.record("orders.order", get_any_order(number=shown["order"]).order_id, said)


class StaffReturnsView(StaffReturnBase):
    """Returns of all shoppers."""

    @describe(
        "listStaffReturns",
        "List returns, oldest first",
        tag=TAG,
        query=StaffReturnsQuerySerializer,
        response=StaffReturnPageSerializer,
        example=examples.RETURNS,
        refusals=("staff_forbidden", "cursor_invalid"),
        audience="staff",
    )
    def get(self, request: Request) -> HttpResponse:
        """`requested` are on their way, `received` wait for somebody who inspects them."""
        self.require(StaffScope.ORDERS_READ, VIEW)
        query = self.read_query(StaffReturnsQuerySerializer)
        limit, kind = query["limit"], f"staff-returns-{query['state']}"
        found = list_returns(
            state=query["state"],
            limit=limit + 1,
            after=read_cursor(kind, query["cursor"]) if query["cursor"] else None,
            language=page_language(),
        )
        shown = found[:limit]
        more = write_cursor(kind, shown[-1].number) if len(found) > limit else None
        body = StaffReturnPageSerializer.to_json(None, self.locale, returns=shown, next_cursor=more)
        return text_response(body)


class StaffReturnView(StaffReturnBase):
    """One return."""

    @describe(
        "getStaffReturn",
        "Show a return",
        tag=TAG,
        response=StaffReturnSerializer,
        example=examples.STAFF_RETURN,
        refusals=("staff_forbidden", "return_not_found"),
        audience="staff",
    )
    def get(self, request: Request, return_number: str) -> HttpResponse:
        """What comes back and why."""
        self.require(StaffScope.ORDERS_READ, VIEW)
        return json_response(self.show(self.find(return_number)))


class ReceiveReturnView(StaffReturnBase):
    """Pieces that arrived."""

    @describe(
        "receiveReturn",
        "Note that the pieces of a return arrived",
        tag=TAG,
        response=StaffReturnSerializer,
        example=examples.STAFF_RETURN,
        headers=(MAY_HAVE_KEY,),
        refusals=("staff_forbidden", "return_not_found", "return_moved_on", "nothing_sent"),
        audience="staff",
    )
    def post(self, request: Request, return_number: str) -> HttpResponse:
        """The shopper gets an e-mail and can no longer withdraw it. Twice is once.

        A return of nothing but perishable products stays with the shopper: it is inspected as it
        was requested.
        """
        self.require(StaffScope.ORDERS_REFUND, VIEW, CHANGE)
        return self.answer_once({}, lambda: self._receive(return_number))

    def _receive(self, return_number: str) -> HttpResponse:
        return_id = self.find(return_number)
        receive_return(return_id=return_id, by_id=self.staff.pk, now=self.now)
        shown = self.show(return_id)
        self.record_step(shown, _("The return was received."))
        return json_response(shown)


class InspectReturnView(StaffReturnBase):
    """Pieces that were looked at."""

    @describe(
        "inspectReturn",
        "Say what came back: accepted pieces are refunded",
        tag=TAG,
        request=InspectSerializer,
        request_example=examples.INSPECT,
        response=StaffReturnSerializer,
        example=examples.STAFF_RETURN,
        headers=(IDEMPOTENCY_KEY,),
        refusals=(
            *("return_not_found", "return_moved_on", "bad_quantity", "refusal_missing"),
            *("not_refundable", "not_paid_here", "staff_forbidden"),
        ),
        audience="staff",
    )
    def post(self, request: Request, return_number: str) -> HttpResponse:
        """Every line needs a finding. Pieces that are not restocked are written off.

        The same findings again answer as before; others, once it is settled, are refused.
        """
        self.require(StaffScope.ORDERS_REFUND, VIEW, CHANGE)
        body = self.read_body(InspectSerializer)
        return self.act_once(request, body, lambda: (200, self._inspect(return_number, body)))

    def _inspect(self, return_number: str, body: dict[str, Any]) -> dict[str, Any]:
        return_id = self.find(return_number)
        settle_return(
            return_id=return_id,
            findings=[
                Finding(line["line_id"], line["accepted"], line["restock"])
                for line in body["lines"]
            ],
            refusal=body["refusal"],
            by_id=self.staff.pk,
            now=self.now,
        )
        shown = self.show(return_id)
        self.record_step(shown, _("The return was settled."))
        return shown
