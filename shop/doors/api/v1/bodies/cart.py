"""Carts and checkouts with every price stage."""

from __future__ import annotations

from orders.values import (
    CartLineView,
    CartView,
    CheckoutView,
    DeliveryOption,
    GiftChoice,
    Notice,
    PaymentMethod,
)
from promotions.engine.api import Adjustment, AppliedOffer, DeliveryCut, Hint, Rejection
from shop.doors.api.v1.bodies.catalog import variant_body
from shop.doors.api.v1.bodies.points import cart_points_body
from shop.doors.api.v1.bodies.prices import Json, moment, money, optional_money, price_body


def cart_body(cart: CartView, locale: str) -> Json:
    """Return a cart; total = subtotal - discount + tax_added + delivery."""
    currency = cart.currency
    return {
        "cart_id": None if cart.cart_id is None else str(cart.cart_id),
        "version": cart.version,
        "quantity": cart.quantity,
        "lines": [cart_line_body(line, currency, locale) for line in cart.lines],
        "subtotal": money(cart.subtotal_minor, currency, locale),
        "discount": money(cart.discount_minor, currency, locale),
        "tax": money(cart.tax_minor, currency, locale),
        "tax_added": money(cart.tax_added_minor, currency, locale),
        "delivery": None
        if cart.delivery is None
        else delivery_body(cart.delivery, currency, locale),
        "total": money(cart.total_minor, currency, locale),
        "offers": [offer_applied_body(offer, currency, locale) for offer in cart.offers],
        "coupon_codes": list(cart.coupon_codes),
        "rejected": [rejection_body(rejection) for rejection in cart.rejected],
        "hints": [hint_body(hint, currency, locale) for hint in cart.hints],
        "notices": [notice_body(notice, currency, locale) for notice in cart.notices],
        "gift_choices": [gift_choice_body(each, currency, locale) for each in cart.gift_choices],
        "can_check_out": cart.can_check_out,
        "points": cart_points_body(cart.points, currency, locale),
        "has_personal_price": cart.has_personal_price,
        "label": cart.label,
    }


def cart_line_body(line: CartLineView, currency: str, locale: str) -> Json:
    """Return a line: one unit's price, then the amounts of the whole line."""
    return {
        "variant": variant_body(line.card),
        "quantity": line.quantity,
        "price": price_body(line.price, locale),
        "subtotal": money(line.subtotal_minor, currency, locale),
        "discount": money(line.discount_minor, currency, locale),
        "total": money(line.total_minor, currency, locale),
        "tax": money(line.tax_minor, currency, locale),
        "adjustments": adjustment_bodies(line.adjustments, currency, locale),
        "notices": [notice_body(notice, currency, locale) for notice in line.notices],
        "is_gift": line.is_gift,
    }


def adjustment_bodies(
    adjustments: tuple[Adjustment, ...] | tuple[DeliveryCut, ...], currency: str, locale: str
) -> list[Json]:
    """Return what offers and coupons took off a line or a fee; amounts are negative."""
    return [
        {
            "offer_id": adjustment.offer_id,
            "amount": money(adjustment.amount_minor, currency, locale),
            "reason_code": adjustment.reason_code,
            "label": adjustment.label,
            "coupon_code": adjustment.coupon_code,
            "law_label": adjustment.law_label,
            "capped_at": adjustment.capped_at if isinstance(adjustment, Adjustment) else "",
        }
        for adjustment in adjustments
    ]


def offer_applied_body(offer: AppliedOffer, currency: str, locale: str) -> Json:
    """Return an offer that lowered the cart, and by how much in all."""
    return {
        "offer_id": offer.offer_id,
        "amount": money(offer.amount_minor, currency, locale),
        "label": offer.label,
        "coupon_code": offer.coupon_code,
        "law_label": offer.law_label,
    }


def rejection_body(rejection: Rejection) -> Json:
    """Return why a code did not apply."""
    return {
        "code": rejection.code,
        "reason_code": rejection.reason_code,
        "message": rejection.message,
        "params": dict(rejection.detail),
    }


def hint_body(hint: Hint, currency: str, locale: str) -> Json:
    """Return what would unlock an offer."""
    return {
        "offer_id": hint.offer_id,
        "reason_code": hint.reason_code,
        "message": hint.message,
        "missing": money(hint.missing_minor, currency, locale),
        "missing_quantity": hint.missing_quantity,
        "law_label": hint.law_label,
    }


def notice_body(notice: Notice, currency: str, locale: str) -> Json:
    """Return something the shopper must be told."""
    return {
        "code": notice.code,
        "message": notice.message,
        "was": optional_money(notice.was_minor, currency, locale),
        "now": optional_money(notice.now_minor, currency, locale),
        "quantity": notice.quantity,
        "needs_consent": notice.needs_consent,
        "blocks_checkout": notice.blocks_checkout,
        "offer_id": notice.offer_id,
        "until": None if notice.until is None else moment(notice.until),
    }


def gift_choice_body(choice: GiftChoice, currency: str, locale: str) -> Json:
    """Return an offer that gives one of several gifts, and which it gives now."""
    return {
        "offer_id": choice.offer_id,
        "label": choice.label,
        "quantity": choice.quantity,
        "variant_id": choice.variant_id,
        "is_chosen": choice.is_chosen,
        "options": [
            {
                "variant": variant_body(option.card),
                "worth": money(option.worth_minor, currency, locale),
            }
            for option in choice.options
        ],
        "law_label": choice.law_label,
    }


def delivery_body(option: DeliveryOption, currency: str, locale: str) -> Json:
    """Return a way of delivery with its price for this very cart."""
    return {
        "code": option.code,
        "name": option.name,
        "price": money(option.price_minor, currency, locale),
        "regular_price": money(option.regular_minor, currency, locale),
        "free_from": optional_money(option.free_from_minor, currency, locale),
        "missing": money(option.missing_minor, currency, locale),
        "price_before_offers": money(option.before_minor, currency, locale),
        "adjustments": adjustment_bodies(option.cuts, currency, locale),
        "min_days": option.min_days,
        "max_days": option.max_days,
        "needs_address": option.needs_address,
    }


def checkout_body(checkout: CheckoutView, locale: str) -> Json:
    """Return a checkout: the frozen cart, ways to deliver and to pay."""
    currency = checkout.cart.currency
    return {
        "cart": cart_body(checkout.cart, locale),
        "delivery_options": [
            delivery_body(option, currency, locale) for option in checkout.options
        ],
        "payment_methods": [method_body(method) for method in checkout.methods],
        "expires_at": moment(checkout.expires_at),
        "minimum_age": checkout.minimum_age,
    }


def method_body(method: PaymentMethod) -> Json:
    """Return a way to pay."""
    return {"code": method.code, "name": method.name, "is_sandbox": method.is_sandbox}
