"""From cart to paid order."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from orders.cart.api import remember_contact
from orders.checkout.api import cancel_order, place_order, start_checkout
from orders.fulfilment.api import show_progress
from orders.order.api import get_order, get_order_id
from orders.payments.api import confirm_payment, start_payment
from orders.refusals import PaymentRefused
from orders.values import Contact, OrderView
from profiles.shoppers.api import get_shopper
from shop.doors.api.answers import Json
from shop.doors.api.base import ApiView
from shop.doors.api.conditions import (
    IDEMPOTENCY_KEY,
    IF_MATCH,
    MAY_HAVE_KEY,
    read_idempotency_key,
    read_if_match,
)
from shop.doors.api.context import read_region
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import order_examples as examples
from shop.doors.api.v1.serializers.cart import CheckoutSerializer, StartCheckoutSerializer
from shop.doors.api.v1.serializers.orders import (
    ConfirmPaymentSerializer,
    OrderSerializer,
    PaymentStepSerializer,
    PlaceOrderSerializer,
    StartPaymentSerializer,
)
from shop.doors.pages.cards import quote_context
from shop.doors.pages.context import PageContext
from shop.ground.jobs.limits import MONEY

TAG = "checkout"
CART_REFUSALS = (
    "cart_empty",
    "no_payment_provider",
    "not_for_sale",
    "out_of_stock",
    "price_consent_needed",
    "unknown_shopper",
)
ORDER_REFUSALS = (
    "contact_refused",
    "coupon_exhausted",
    "total_changed",
    "unknown_delivery",
)


class CheckoutView(ApiView):
    """Checkout."""

    policies = (MONEY,)

    @describe(
        "startCheckout",
        "Start or continue the checkout of my cart",
        tag=TAG,
        request=StartCheckoutSerializer,
        request_example={"delivery_method": "standard"},
        response=CheckoutSerializer,
        example=examples.CHECKOUT,
        headers=[IF_MATCH, MAY_HAVE_KEY],
        refusals=(*CART_REFUSALS, "unknown_delivery", "cart_changed", "if_match_malformed"),
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """Holds the stock and freezes the prices until `expires_at`. May be repeated."""
        body = self.read_body(StartCheckoutSerializer)
        self.require_shopper()
        version = read_if_match(request._request)
        return self.answer_once(body, lambda: self._start(body["delivery_method"], version))

    def _start(self, delivery_method: str | None, version: int | None) -> HttpResponse:
        ctx = self.context
        checkout = start_checkout(
            context=quote_context(ctx, "checkout"),
            delivery_method=delivery_method,
            version=version,
            address=ctx.address,
        )
        return text_response(CheckoutSerializer.to_json(checkout, ctx.locale))


class PlaceOrderMixin(ApiView):
    """POST /orders; the list of orders stands beside it."""

    keys_kept = None  # the same key never places a second order, however many came between

    @property
    def key_scope(self) -> str:
        """Whose keys of orders these are: no other operation's keys drive them out."""
        return f"{super().key_scope}:orders"

    @describe(
        "placeOrder",
        "Place the order",
        tag=TAG,
        request=PlaceOrderSerializer,
        request_example=examples.PLACE_ORDER,
        response=OrderSerializer,
        example=examples.ORDER,
        status=201,
        headers=[IDEMPOTENCY_KEY],
        refusals=(
            *CART_REFUSALS,
            "age_not_confirmed",
            "contact_refused",
            "unknown_delivery",
            "offer_used_before",
            "too_many_held",
            "total_changed",
            "coupon_exhausted",
        ),
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """Turns the cart into an order that waits for its payment. No account is needed."""
        read_idempotency_key(request._request)
        body = self.read_body(PlaceOrderSerializer)
        self.require_shopper()
        ctx = self.context
        contact = Contact(**body["contact"])
        contact = replace(contact, region=read_region(contact.country, contact.region))
        shopper = remember_contact(context=quote_context(ctx, "checkout"), contact=contact)

        def act() -> HttpResponse:
            order = place_order(
                context=quote_context(ctx, "checkout"),
                idempotency_key=None,
                contact=contact,
                delivery_method=body["delivery_method"],
                shown_total_minor=body["shown_total_minor"],
                is_of_age=body["is_of_age"],
                address=ctx.address,
                shopper=shopper,
            )
            return json_response(show_order(order, ctx), status=201)

        return self.answer_once(body, act, needs_key=True)


def show_order(order: OrderView, ctx: PageContext) -> Json:
    """Return an order with its parcels as JSON."""
    progress = show_progress(shown=order, language=ctx.language)
    return OrderSerializer.to_dict(
        order, ctx.locale, shipments=progress.parcels, next_step=progress.next_step
    )


class OrderBase(ApiView):
    """What operations on one of my orders share."""

    def find_own(self, number: str) -> OrderView:
        """Return the caller's order. Raises OrderNotFound, also for somebody else's."""
        shopper = get_shopper(self.require_shopper())
        return get_order(number=number, shopper_id=shopper.id, language=self.context.language)

    def show(self, order: OrderView) -> Json:
        """Return an order with its parcels as JSON."""
        return show_order(order, self.context)


class PaymentsView(OrderBase):
    """Payments of an order."""

    policies = (MONEY,)

    @describe(
        "startPayment",
        "Pay an order",
        tag=TAG,
        request=StartPaymentSerializer,
        request_example={"method": "sandbox-card"},
        response=PaymentStepSerializer,
        example=examples.PAYMENT_STEP,
        headers=[IDEMPOTENCY_KEY],
        refusals=(
            "order_not_found",
            "no_payment_provider",
            "not_payable",
            "payment_open",
            "unknown_method",
        ),
        audience="shopper",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """A declined payment is an answer (`state`), no error: another attempt takes a new key.

        The same key is the same attempt and never charges twice. One attempt is open at a time:
        `payment_open` names it (`params.payment_id`), to be confirmed or given up first.
        """
        key = read_idempotency_key(request._request)
        body = self.read_body(StartPaymentSerializer)
        shopper = get_shopper(self.require_shopper())
        order_id = get_order_id(number=number, shopper_id=shopper.id)
        # No stored answer around this call: a provider's money must never be rolled back here.
        step = start_payment(
            order_id=order_id,
            method=body["method"],
            idempotency_key=f"api:{order_id}:{key}",
            now=self.now,
            language=self.context.language,
        )
        return text_response(PaymentStepSerializer.to_json(step))


class ConfirmPaymentView(OrderBase):
    """The shopper's answer to a payment that needed one."""

    policies = (MONEY,)

    @describe(
        "confirmPayment",
        "Finish a payment that needed the shopper's answer",
        tag=TAG,
        request=ConfirmPaymentSerializer,
        request_example={"action_token": "c2FuZGJveA", "approved": True},
        response=PaymentStepSerializer,
        example=examples.PAYMENT_STEP,
        refusals=(
            "order_not_found",
            "no_payment_provider",
            "payment_not_found",
            "bad_action_token",
            "provider_down",
        ),
        audience="shopper",
    )
    def post(self, request: Request, number: str, payment_id: UUID) -> HttpResponse:
        """For payments in state needs_action. Twice is once. `approved: false` gives the attempt
        up, also with an empty `action_token`. With a provider's own form the token is empty: the
        shop asks the provider what became of the payment."""
        body = self.read_body(ConfirmPaymentSerializer)
        order = self.find_own(number)
        if all(payment.payment_id != payment_id for payment in order.payments):
            raise PaymentRefused("This order has no such payment.", code="payment_not_found")
        step = confirm_payment(
            payment_id=payment_id,
            action_token=body["action_token"],
            approved=body["approved"],
            now=self.now,
            language=self.context.language,
        )
        return text_response(PaymentStepSerializer.to_json(step))


class CancelOrderView(OrderBase):
    """Cancelling."""

    policies = (MONEY,)

    @describe(
        "cancelOrder",
        "Cancel an order",
        tag="orders",
        response=OrderSerializer,
        example=examples.ORDER,
        headers=[MAY_HAVE_KEY],
        refusals=("order_not_found", "not_cancellable"),
        audience="shopper",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """A paid order is refunded in full. Refused once a piece of it is packed. Twice is once."""
        return self.answer_once({}, lambda: self._cancel(number))

    def _cancel(self, number: str) -> HttpResponse:
        order = self.find_own(number)
        cancelled = cancel_order(
            order_id=order.order_id, reason="shopper", now=self.now, language=self.context.language
        )
        return json_response(self.show(cancelled))
