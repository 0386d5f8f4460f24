"""Refusals in the shopper's language: true, specific, and with what to do next."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.coupons.api import UseRefused
from promotions.engine.api import REASONS, say_reason
from shop.ground.kernel.errors import FairtagError


def say_refusal(error: FairtagError) -> str:
    """Return a sentence for a shopper; an unknown code shows the room's own sentence."""
    known = _list_checkout_words() | {
        "out_of_stock": _("Another shopper was faster: there is not enough of a product left."),
        "bad_quantity": _("Please enter a quantity from 1 to 99."),
        "too_many_lines": _("The cart is full. Please check out first, then fill another."),
        "too_many_codes": _("There are too many codes in the cart. Remove one first."),
        "age_not_confirmed": _("Please confirm your age."),
        "not_for_sale": _("This product is not for sale at the moment."),
        "line_not_found": _("This product is no longer in your cart."),
        "gift_gone": _("A gift you chose is gone. Please choose again."),
        "no_such_gift": _("This offer gives nothing with what is in your cart now."),
        "cart_empty": _("Your cart is empty."),
        "cart_changed": _("Your cart changed meanwhile. This is how it stands now."),
        "price_consent_needed": _("A price has changed. Please look at it before you go on."),
        "coupon_exhausted": _("A code was used up a moment ago. The total without it is shown."),
        "bad_points": _("Please enter a whole number of points."),
        "points_gone": _("Your points were used elsewhere meanwhile. The total has changed."),
        "not_a_member": _("Sign in and join to use points."),
        "no_programme": _("There is no points programme here."),
        "not_cancellable": _("This order can no longer be canceled."),
        "not_bought": _("Only people who bought it here can review it."),
        "not_arrived": _("You can review it once it has arrived."),
        "unknown_method": _("Please choose one of the ways to pay."),
        "idempotency_in_flight": _("We are still working on this order. Please wait a moment."),
    }
    if isinstance(error, UseRefused) and error.code in REASONS:
        return say_reason(error.code, language=get_language() or "en", detail=error.detail)
    return known.get(error.code) or _(error.message)


def _list_checkout_words() -> dict[str, str]:
    """Return the sentences about placing and paying an order, by code."""
    return {
        "offer_used_before": _(
            "An offer is for a first order, or was used before with this e-mail address, phone"
            " number or delivery address. The total without it is shown."
        ),
        "too_many_held": _(
            "Many pieces of a product are already held for you, or at your internet address, in"
            " orders that are not paid. Pay or cancel one of them, or take fewer."
        ),
        "total_changed": _("The total has changed. Please look at it before you pay."),
        "no_payment_provider": _(
            "This shop cannot take payments at the moment. Your cart is kept."
        ),
        "payment_open": _("A payment of this order is still open. Finish it or give it up first."),
        "not_payable": _("This order can no longer be paid."),
        "provider_down": _(
            "The payment service does not answer at the moment. Your order is kept. Please try"
            " again."
        ),
    }
