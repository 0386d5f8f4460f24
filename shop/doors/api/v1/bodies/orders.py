"""Orders as agreed: frozen lines, payments, timeline."""

from __future__ import annotations

from orders.fulfilment.api import ParcelView, Progress
from orders.payments.api import PaymentStep
from orders.values import (
    Contact,
    OrderLineView,
    OrderSummary,
    OrderView,
    PaymentView,
    TimelineEntry,
)
from shop.doors.api.v1.bodies.cart import adjustment_bodies
from shop.doors.api.v1.bodies.catalog import shown_url
from shop.doors.api.v1.bodies.prices import Json, moment, money, why_url


def order_body(order: OrderView, progress: Progress, locale: str) -> Json:
    """Return an order; total = subtotal - discount + delivery + tax_added."""
    currency = order.currency
    return {
        "number": order.number,
        "status": order.status,
        "status_text": order.status_text,
        "lines": [order_line_body(line, currency, locale) for line in order.lines],
        "subtotal": money(order.subtotal_minor, currency, locale),
        "discount": money(order.discount_minor, currency, locale),
        "delivery": money(order.delivery_minor, currency, locale),
        "delivery_name": order.delivery_name,
        "delivery_adjustments": adjustment_bodies(order.delivery_cuts, currency, locale),
        "tax": money(order.tax_minor, currency, locale),
        "tax_added": money(order.tax_added_minor, currency, locale),
        "total": money(order.total_minor, currency, locale),
        "refunded": money(order.refunded_minor, currency, locale),
        "coupon_codes": list(order.coupon_codes),
        "placed_at": moment(order.placed_at),
        "pay_until": moment(order.pay_until),
        "paid_at": moment(order.paid_at),
        "contact": contact_body(order.contact),
        "payments": [payment_body(payment, currency, locale) for payment in order.payments],
        "timeline": [timeline_body(entry) for entry in order.timeline],
        "shipments": [shipment_body(parcel) for parcel in progress.parcels],
        "next_step": progress.next_step,
        "is_payable": order.is_payable,
        "is_cancellable": order.is_cancellable,
        "points_spent": order.points_spent,
        "points_worth": money(order.points_minor, currency, locale),
        "points_earned": order.points_earned,
        "has_personal_price": order.has_personal_price,
        "label": order.label,
    }


def tracking_body(order: OrderView, progress: Progress, locale: str) -> Json:
    """Return an order to somebody who knows its number and e-mail: no address, no prices behind.

    Number and e-mail stand on every receipt; whoever finds one learns no more than it says.
    """
    currency = order.currency
    return {
        "number": order.number,
        "status": order.status,
        "status_text": order.status_text,
        "placed_at": moment(order.placed_at),
        "delivery_name": order.delivery_name,
        "quantity": sum(line.quantity for line in order.lines),
        "total": money(order.total_minor, currency, locale),
        "refunded": money(order.refunded_minor, currency, locale),
        "timeline": [timeline_body(entry) for entry in order.timeline],
        "shipments": [shipment_body(parcel) for parcel in progress.parcels],
        "next_step": progress.next_step,
    }


def order_line_body(line: OrderLineView, currency: str, locale: str) -> Json:
    """Return a frozen line: unit prices by stage, then the amounts of the whole line."""
    return {
        "line_id": line.line_id,
        "variant_id": line.variant_id,
        "sku": line.sku,
        "name": line.name,
        "picture_url": shown_url(line.card.photo, line.card.picture),
        "quantity": line.quantity,
        "list_price": money(line.list_minor, currency, locale),
        "public_price": money(line.public_minor, currency, locale),
        "quoted_price": money(line.quoted_minor, currency, locale),
        "subtotal": money(line.subtotal_minor, currency, locale),
        "discount": money(line.discount_minor, currency, locale),
        "tax": money(line.tax_minor, currency, locale),
        "total": money(line.total_minor, currency, locale),
        "is_personal": line.is_personal,
        "label_code": line.label_code,
        "label": line.label,
        "why_url": why_url(line.quote_id),
        "adjustments": adjustment_bodies(line.adjustments, currency, locale),
        "is_gift": line.is_gift,
        "refunded_quantity": line.refunded_quantity,
        "refunded": money(line.refunded_minor, currency, locale),
    }


def shipment_body(parcel: ParcelView) -> Json:
    """Return a parcel with what is in it."""
    return {
        "position": parcel.position,
        "state": parcel.state,
        "state_text": parcel.state_text,
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
        "packed_at": moment(parcel.packed_at),
        "shipped_at": moment(parcel.shipped_at),
        "delivered_at": moment(parcel.delivered_at),
        "lines": [
            {
                "line_id": item.line_id,
                "sku": item.sku,
                "name": item.name,
                "quantity": item.quantity,
            }
            for item in parcel.items
        ],
    }


def contact_body(contact: Contact) -> Json:
    """Return who gets the goods."""
    return {
        "email": contact.email,
        "name": contact.name,
        "phone": contact.phone,
        "address_line1": contact.address_line1,
        "address_line2": contact.address_line2,
        "city": contact.city,
        "region": contact.region,
        "postcode": contact.postcode,
        "country": contact.country,
    }


def payment_body(payment: PaymentView, currency: str, locale: str) -> Json:
    """Return an attempt to pay."""
    return {
        "payment_id": str(payment.payment_id),
        "method": payment.method,
        "amount": money(payment.amount_minor, currency, locale),
        "state": payment.state,
        "reason_code": payment.reason_code,
        "message": payment.message,
    }


def timeline_body(entry: TimelineEntry) -> Json:
    """Return one step of an order."""
    return {"kind": entry.kind, "text": entry.text, "at": moment(entry.at)}


def summary_body(order: OrderSummary, locale: str) -> Json:
    """Return an order in a list."""
    return {
        "number": order.number,
        "channel": order.channel,
        "status": order.status,
        "status_text": order.status_text,
        "placed_at": moment(order.placed_at),
        "quantity": order.quantity,
        "total": money(order.total_minor, order.currency, locale),
    }


def step_body(step: PaymentStep) -> Json:
    """Return what happens next with a payment."""
    return {
        "payment_id": str(step.payment_id),
        "state": step.state,
        "reason_code": step.reason_code,
        "message": step.message,
        "action_token": step.action_token,
        "action_url": step.action_url,
        "provider": step.provider,
        "publishable_key": step.publishable_key,
        "client_secret": step.action_token if step.publishable_key else "",
    }
