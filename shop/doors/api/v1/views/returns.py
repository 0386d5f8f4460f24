"""Returns of one of my orders."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from orders.refusals import OrderRefused
from orders.returns.api import Wish, request_return, show_returns, withdraw_return
from shop.doors.api.base import SAFE_METHODS
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import return_examples as examples
from shop.doors.api.v1.serializers.returns import (
    OrderReturnsSerializer,
    RequestReturnSerializer,
    ReturnSerializer,
)
from shop.doors.api.v1.views.checkout import OrderBase
from shop.ground.jobs.limits import BROWSE, MONEY
from shop.ground.kernel.translation import gettext_noop

TAG = "orders"


class ReturnsView(OrderBase):
    """What may be sent back, and what is on its way."""

    def check_throttles(self, request: Request) -> None:
        """Count reading as reading and announcing as moving money."""
        self.count(BROWSE if request.method in SAFE_METHODS else MONEY)

    @describe(
        "listReturns",
        "List returns of one of my orders, and what may be sent back",
        tag=TAG,
        response=OrderReturnsSerializer,
        example=examples.ORDER_RETURNS,
        refusals=("order_not_found", "shopper_not_found"),
        audience="shopper",
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        """Of each line how many pieces may be sent back until when, or why none may."""
        order, ctx = self.find_own(number), self.context
        found = show_returns(order_id=order.order_id, now=self.now, language=ctx.language)
        return text_response(OrderReturnsSerializer.to_json(found, ctx.locale))

    @describe(
        "requestReturn",
        "Send pieces of one of my orders back",
        tag=TAG,
        request=RequestReturnSerializer,
        request_example=examples.REQUEST_RETURN,
        response=ReturnSerializer,
        example=examples.RETURN,
        status=201,
        headers=[IDEMPOTENCY_KEY],
        refusals=(
            *("order_not_found", "not_returnable", "bad_quantity", "bad_reason"),
            *("not_exchangeable", "out_of_stock", "too_many_held"),
        ),
        audience="shopper",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """Gives a number and what to do. The pieces are refunded or exchanged when they were
        inspected; what is wanted in exchange is kept in stock until then.
        """
        body = self.read_body(RequestReturnSerializer)
        order, ctx = self.find_own(number), self.context

        def act() -> HttpResponse:
            made = request_return(
                order_id=order.order_id,
                lines=[_read_wish(line) for line in body["lines"]],
                reason=body["reason"],
                comment=body["comment"],
                now=self.now,
                language=ctx.language,
            )
            return text_response(ReturnSerializer.to_json(made, ctx.locale), status=201)

        return self.answer_once(body, act, needs_key=True)


def _read_wish(line: dict[str, Any]) -> Wish:
    wanted = tuple((one["variant_id"], one["quantity"]) for one in line["exchanges"])
    return Wish(line["line_id"], line["quantity"], wanted, line.get("variant_id"))


class WithdrawReturnView(OrderBase):
    """Withdrawing a return."""

    policies = (MONEY,)

    @describe(
        "withdrawReturn",
        "Withdraw a return that has not arrived yet",
        tag=TAG,
        response=ReturnSerializer,
        example=examples.RETURN,
        headers=[MAY_HAVE_KEY],
        refusals=("order_not_found", "return_not_found", "return_moved_on"),
        audience="shopper",
    )
    def post(self, request: Request, number: str, return_number: str) -> HttpResponse:
        """Its pieces may be sent back again. Twice is once."""
        return self.answer_once({}, lambda: self._withdraw(number, return_number))

    def _withdraw(self, number: str, return_number: str) -> HttpResponse:
        order, ctx = self.find_own(number), self.context
        known = show_returns(order_id=order.order_id, now=self.now, language=ctx.language)
        for shown in known.returns:
            if shown.number == return_number:
                done = withdraw_return(
                    return_id=shown.return_id, now=self.now, language=ctx.language
                )
                return text_response(ReturnSerializer.to_json(done, ctx.locale))
        raise OrderRefused(gettext_noop("There is no such return."), code="return_not_found")
