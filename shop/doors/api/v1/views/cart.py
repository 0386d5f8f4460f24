"""The cart. Every operation answers the whole cart as it now stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from orders.cart.api import (
    accept_price_changes,
    add_to_cart,
    apply_coupon,
    choose_gift,
    remove_coupon,
    remove_line,
    set_quantity,
    view_cart,
)
from orders.values import CartView as CartValue
from pricing.base.core.values import QuoteContext
from shop.doors.api.base import ApiView
from shop.doors.api.conditions import IF_MATCH, MAY_HAVE_KEY, read_if_match
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import order_examples as examples
from shop.doors.api.v1.serializers.cart import (
    AcceptPricesSerializer,
    AddLineSerializer,
    CartSerializer,
    ChooseGiftSerializer,
    CouponSerializer,
    SetQuantitySerializer,
)
from shop.doors.pages.cards import quote_context
from shop.ground.jobs.limits import CHANGE, CODES, GUESS

TAG = "cart"
CHANGES = ("cart_changed", "if_match_malformed", "unknown_shopper")


class CartBase(ApiView):
    """What all cart operations share."""

    @property
    def quoting(self) -> QuoteContext:
        """The visit as the cart's services take it. Raises GuestTokenRequired."""
        self.require_shopper()
        return quote_context(self.context, "cart")

    @property
    def version(self) -> int | None:
        """The version the client believes to change, from If-Match."""
        return read_if_match(self.request._request)

    def answer(self, cart: CartValue) -> HttpResponse:
        """Return the cart with its version as ETag."""
        body = CartSerializer.to_json(cart, self.context.locale)
        return text_response(body, headers={"ETag": f'"{cart.version}"'})

    def change_once(self, body: Any, act: Callable[[], CartValue]) -> HttpResponse:
        """Change the cart once per Idempotency-Key, if there is one, and return it."""
        return self.answer_once(body, lambda: self.answer(act()))


class CartView(CartBase):
    """The cart."""

    @describe(
        "getCart",
        "Show my cart",
        tag=TAG,
        response=CartSerializer,
        example=examples.CART,
        audience="shopper",
    )
    def get(self, request: Request) -> HttpResponse:
        """Lower prices are taken over at once; a higher one stands in `notices` and waits for
        the shopper's consent."""
        return self.answer(view_cart(context=self.quoting))


class CartLinesView(CartBase):
    """Lines of the cart."""

    @describe(
        "addCartLine",
        "Put a variant into my cart",
        tag=TAG,
        request=AddLineSerializer,
        request_example={"variant_id": 1042, "quantity": 2, "quote_token": "eyJ..."},
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH, MAY_HAVE_KEY],
        refusals=("bad_quantity", "too_many_lines", "not_for_sale", *CHANGES),
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """Adds to what is there: send an Idempotency-Key, so that a repeat adds nothing.

        `quote_token` keeps the price that was shown.
        """
        body = self.read_body(AddLineSerializer)
        return self.change_once(
            body,
            lambda: add_to_cart(
                context=self.quoting,
                variant_id=body["variant_id"],
                quantity=body["quantity"],
                token=body["quote_token"],
                version=self.version,
            ),
        )


class CartLineView(CartBase):
    """One line of the cart."""

    @describe(
        "setCartLine",
        "Set how many of a variant are in my cart",
        tag=TAG,
        request=SetQuantitySerializer,
        request_example={"quantity": 3},
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH],
        refusals=("bad_quantity", "not_for_sale", *CHANGES),
        audience="shopper",
    )
    def put(self, request: Request, variant_id: int) -> HttpResponse:
        """0 removes the line; a variant that is not in the cart is put in."""
        body = self.read_body(SetQuantitySerializer)
        cart = set_quantity(
            context=self.quoting,
            variant_id=variant_id,
            quantity=body["quantity"],
            version=self.version,
        )
        return self.answer(cart)

    @describe(
        "removeCartLine",
        "Take a variant out of my cart",
        tag=TAG,
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH],
        refusals=CHANGES,
        audience="shopper",
    )
    def delete(self, request: Request, variant_id: int) -> HttpResponse:
        """Not there is fine."""
        cart = remove_line(context=self.quoting, variant_id=variant_id, version=self.version)
        return self.answer(cart)


class CouponsView(CartBase):
    """Codes of the cart."""

    policies = (CHANGE, GUESS, CODES)

    @describe(
        "addCoupon",
        "Enter a coupon code",
        tag=TAG,
        request=CouponSerializer,
        request_example={"code": "CHEESE10"},
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH, MAY_HAVE_KEY],
        refusals=("code_missing", "too_many_codes", "too_many_tries", *CHANGES),
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """A code that does not apply is no error: `rejected` says why. Guessing is limited."""
        body = self.read_body(CouponSerializer)
        return self.change_once(
            body,
            lambda: apply_coupon(context=self.quoting, code=body["code"], version=self.version),
        )


class CouponView(CartBase):
    """One code of the cart."""

    @describe(
        "removeCoupon",
        "Take a coupon code out",
        tag=TAG,
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH],
        refusals=CHANGES,
        audience="shopper",
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        """Not there is fine."""
        return self.answer(remove_coupon(context=self.quoting, code=code, version=self.version))


class CartGiftView(CartBase):
    """The gift of one offer."""

    @describe(
        "chooseGift",
        "Choose among the gifts of an offer",
        tag=TAG,
        request=ChooseGiftSerializer,
        request_example={"variant_id": 4310},
        response=CartSerializer,
        example=examples.CART,
        headers=[IF_MATCH],
        refusals=("no_such_gift", "gift_gone", "cart_empty", *CHANGES),
        audience="shopper",
    )
    def put(self, request: Request, offer_id: int) -> HttpResponse:
        """One of `gift_choices`. Kept while the cart lives; a checkout is refused while what was
        chosen is gone."""
        body = self.read_body(ChooseGiftSerializer)
        cart = choose_gift(
            context=self.quoting,
            offer_id=offer_id,
            variant_id=body["variant_id"],
            version=self.version,
        )
        return self.answer(cart)


class AcceptPricesView(CartBase):
    """Consent to higher prices."""

    @describe(
        "acceptPrices",
        "Accept the higher prices my cart shows",
        tag=TAG,
        request=AcceptPricesSerializer,
        request_example={"version": 7},
        response=CartSerializer,
        example=examples.CART,
        headers=[MAY_HAVE_KEY],
        refusals=("cart_changed",),
        audience="shopper",
    )
    def post(self, request: Request) -> HttpResponse:
        """Needed when a quote ran out and the price rose: `notices` says so."""
        body = self.read_body(AcceptPricesSerializer)
        return self.change_once(
            body, lambda: accept_price_changes(context=self.quoting, version=body["version"])
        )
