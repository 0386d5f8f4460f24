"""Sentences that shoppers read about carts, orders and payments."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_time

from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import gettext_noop, locale_of, pgettext_noop, translate

NOTICES: dict[str, str] = {
    "price_fell": gettext_noop("{name} now costs {now} instead of {was}: you pay the lower price."),
    "price_rose": gettext_noop(
        "{name} went from {was} to {now} after your quote expired. Please accept the new price "
        "or remove it."
    ),
    "price_kept": gettext_noop(
        "Personal prices are off. Until {until}, {name} keeps its promised {now}, not {was}."
    ),
    "sold_out": gettext_noop("{name} is sold out."),
    "only_left": gettext_noop("Only {count} of {name} left."),
    "gift_gone": gettext_noop("The gift you chose, {name}, is gone. Please choose again."),
    "offer_at_floor": gettext_noop(
        "A part of the offer {offer} could not be applied to {name}: it is at its lowest price."
    ),
    "unavailable": gettext_noop("{name} is no longer sold."),
}

STATUSES: dict[str, str] = {
    "awaiting_payment": gettext_noop("Waiting for payment"),
    "paid": pgettext_noop("order", "Paid"),
    "fulfilled": pgettext_noop("order", "Delivered"),
    "cancelled": gettext_noop("Canceled"),
    "expired": gettext_noop("Canceled: not paid in time"),
    "refunded": gettext_noop("Refunded"),
}

TIMELINE: dict[str, str] = {
    "placed": gettext_noop("Order placed"),
    "payment_declined": gettext_noop("Payment declined"),
    "payment_failed": gettext_noop("Payment could not be completed"),
    "paid": gettext_noop("Payment received"),
    "fulfilled": gettext_noop("All of it has arrived"),
    "cancel_requested": gettext_noop("Cancellation requested"),
    "cancelled": gettext_noop("Order canceled"),
    "expired": gettext_noop("Canceled because it was not paid in time"),
    "refunded": gettext_noop("Money refunded"),
    "refund_found": gettext_noop("Money refunded"),
    "return_requested": gettext_noop("Return requested"),
    "return_received": gettext_noop("Return received"),
    "return_settled": gettext_noop("Return finished"),
    "return_withdrawn": gettext_noop("Return withdrawn"),
    "parcel_packed": gettext_noop("Parcel packed"),
    "parcel_ready": gettext_noop("Ready to collect"),
    "parcel_shipped": pgettext_noop("order", "Parcel on its way"),
    "parcel_delivered": gettext_noop("Parcel delivered"),
    "parcel_collected": gettext_noop("Collected"),
    "late_payment_refunded": gettext_noop(
        "A payment came after the order was closed and was given back"
    ),
}

PAYMENT_REASONS: dict[str, str] = {
    "declined": gettext_noop(
        "The payment was declined. Nothing was charged. Please try another way to pay."
    ),
    "not_confirmed": gettext_noop("The payment was not confirmed. Nothing was charged."),
    "amount_differs": gettext_noop(
        "The payment is not of the amount of your order. The order is not paid, and the store was"
        " told. You can pay again."
    ),
    "amount_returned": gettext_noop(
        "The payment was not of the amount of your order and was given back."
    ),
    "provider_down": gettext_noop(
        "The payment service does not answer. Your order is kept, and nobody pays twice."
    ),
    "processing": gettext_noop("The bank is still processing the payment. You need not pay again."),
    "authorization_ended": gettext_noop(
        "The bank ended the reservation before the money was taken. Nothing was charged."
    ),
    "never_charged": gettext_noop(
        "The payment service never received this payment. Nothing was charged."
    ),
    "order_closed": gettext_noop(
        "The order was closed before the payment arrived. The money was given back."
    ),
}

METHODS: dict[str, str] = {
    "free": gettext_noop("Nothing to pay"),
    "stripe": gettext_noop("Card or wallet"),
    "sandbox-card": gettext_noop("Test card"),
    "sandbox-secure": gettext_noop("Test card with confirmation by the bank"),
    "sandbox-declined": gettext_noop("Test card that is declined"),
    "sandbox-outage": gettext_noop("Test card whose bank does not answer"),
}


def name_method(code: str, language: str) -> str:
    """Return the name of a way to pay; its code for one that is no longer known.

    >>> name_method("sandbox-card", "en")
    'Test card'
    """
    return translate(METHODS[code], language) if code in METHODS else code


EMAILS: dict[str, dict[str, str]] = {
    "placed": {
        "subject": gettext_noop("Your order {number}"),
        "intro": gettext_noop(
            "Thank you, {name}. We have your order and keep the products for you until it is paid."
        ),
        "paid": gettext_noop("Thank you, {name}. We have your order, and it is paid."),
    },
    "paid": {
        "subject": gettext_noop("Order {number} is paid"),
        "intro": gettext_noop(
            "Thank you, {name}. Your payment has arrived and we are preparing your order."
        ),
    },
    "cancelled": {
        "subject": gettext_noop("Order {number} is canceled"),
        "intro": gettext_noop("{name}, your order is canceled. What you paid comes back to you."),
        "unpaid": gettext_noop("{name}, your order is canceled. Nothing was charged."),
    },
    "expired": {
        "subject": gettext_noop("Order {number} was not paid"),
        "intro": gettext_noop(
            "{name}, your order was not paid in time and is closed. Nothing was charged."
        ),
    },
    "refunded": {
        "subject": gettext_noop("Refund for order {number}"),
        "intro": gettext_noop("{name}, we have refunded {refunded} of your order."),
        "another": gettext_noop(
            "{name}, we have refunded another {refunded} of your order, {in_all} in all."
        ),
    },
}

EMAIL_WORDS: dict[str, str] = {
    "quantity": gettext_noop("Quantity"),
    "offers": gettext_noop("Offers"),
    "everyones": gettext_noop("Everyone's prices"),
    "personal": pgettext_noop("sums", "Personal prices"),
    "kept": gettext_noop("Kept prices"),
    "delivery": gettext_noop("Delivery"),
    "tax_included": gettext_noop("Tax included"),
    "tax_added": gettext_noop("Tax"),
    "total": gettext_noop("Total"),
    "refunded": gettext_noop("Given back"),
    "free": gettext_noop("free"),
    "follow": gettext_noop("Follow your order"),
    "goes_to": gettext_noop("Goes to"),
    "why": gettext_noop(
        "You were shown both prices before you bought. Why this price is on your order's page."
    ),
    "included": pgettext_noop("order", "included"),
    "capped": gettext_noop(
        "Capped at {percent}%: your personal price and offers never take off more together."
    ),
    "rules": gettext_noop("How our prices work"),
    "not_you": gettext_noop("You get this message because this address was given with an order."),
}

UNNAMED = gettext_noop("A product we no longer sell")


def say_notice(
    code: str,
    *,
    language: str,
    currency: str,
    name: str,
    was_minor: int = 0,
    now_minor: int = 0,
    count: int = 0,
    offer: str = "",
    until: str = "",
) -> str:
    """Return the sentence of a cart notice.

    >>> say_notice("only_left", language="en", currency="USD", name="Gouda", count=2)
    'Only 2 of Gouda left.'
    """
    locale = locale_of(language)
    return translate(
        NOTICES[code],
        language,
        name=name,
        was=format_money(was_minor, currency, locale),
        now=format_money(now_minor, currency, locale),
        count=count,
        offer=offer,
        until=until,
    )


def say_hour(at: datetime, time_zone: str, language: str) -> str:
    """Return the time of a day in a market, and its zone.

    >>> from datetime import UTC
    >>> say_hour(datetime(2026, 11, 25, 13, 5, tzinfo=UTC), "America/New_York", "zh-hans")
    '08:05 EST'
    """
    local = at.astimezone(ZoneInfo(time_zone))
    told = format_time(local, "short", tzinfo=local.tzinfo, locale=locale_of(language))
    return f"{told} {local.tzname()}"
