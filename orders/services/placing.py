"""From cart to order, once."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from orders.core.limits import HOLD, SHORT_HOLD
from orders.core.numbering import BITS, order_number
from orders.core.settled import SettledLine
from orders.core.totals import LineAmounts
from orders.core.values import CartLineView, Contact, OrderView
from orders.metrics import checkout_refusals_total, orders_total
from orders.models import Cart, Order, OrderEvent, OrderLine
from orders.payments.api import pay_nothing
from orders.selectors import get_order
from orders.selectors.terms import find_method
from orders.services.ages import find_minimum_age, require_age
from orders.services.checkout import (
    check_ready,
    claim_of,
    explain_total,
    require_cart,
    stock_lines,
)
from orders.services.contacts import check_contact
from orders.services.facts import keep_facts
from orders.services.idempotency import run_once
from orders.services.identity import identity_of, lock_identity
from orders.services.links import write_link
from orders.services.points import open_order_points
from orders.services.rows import OpenCart, lock_cart, require_shopper
from orders.services.valuation import Valuation, value_cart
from pricing.core.values import QuoteContext
from pricing.services import store_quote
from profiles.services import note_place
from promotions.core.limits import Buyer
from promotions.selectors.costs import find_costs
from promotions.services import hold_redemptions
from shop.catalog.selectors import get_market
from shop.inventory.services import reserve_stock
from shop.kernel.errors import FairtagError
from shop.kernel.hashing import fingerprint
from shop.outbox.services import write_fact

# Holds outlive the order's own deadline: the order is closed first, then its holds run out.
HOLD_GRACE = timedelta(minutes=15)
MOST_TITLE = OrderLine._meta.get_field("name").max_length or 240


def place_order(
    *,
    context: QuoteContext,
    idempotency_key: str,
    contact: Contact,
    delivery_method: str,
    shown_total_minor: int,
    is_of_age: bool = False,
    address: str = "",
) -> OrderView:
    """Turn the cart into an order to be paid within the hold; the same key gives the same order.

    One transaction: stock held, codes and budgets taken, prices frozen, fact OrderPlaced. What
    costs nothing is paid at once. `is_of_age`: the age a product asks for was confirmed. Raises
    CartRefused, ContactRefused, PriceConsentNeeded, PaymentRefused, TotalChanged, OutOfStock,
    TooManyHeld, CouponExhausted, PointsRefused, UnknownDelivery, Idempotency(Mismatch, InFlight).
    """
    shopper = require_shopper(context)
    asked = {
        "contact": asdict(contact),
        "delivery": delivery_method,
        "shown_total": shown_total_minor,
        "is_of_age": is_of_age,
    }

    def act() -> tuple[int, Any]:
        given = (context, contact, delivery_method, shown_total_minor)
        order = _place(*given, is_of_age=is_of_age, address=address)
        return 201, {"number": order.number}

    try:
        answer = run_once(
            scope=f"order:{shopper.id}",
            key=idempotency_key,
            fingerprint=fingerprint(asked),
            now=context.now,
            act=act,
        )
    except FairtagError as refusal:
        checkout_refusals_total.labels(code=refusal.code).inc()
        raise
    return get_order(number=answer.body["number"], shopper_id=shopper.id, language=context.language)


@transaction.atomic
def _place(
    context: QuoteContext,
    contact: Contact,
    delivery_method: str,
    shown_total_minor: int,
    *,
    is_of_age: bool,
    address: str,
) -> Order:
    opened = lock_cart(context)
    cart = require_cart(opened)
    contact = _reach(contact, context, delivery_method)
    cart.identity = identity_of(contact)
    valuation = _value(opened, context, delivery_method)
    check_ready(valuation)
    require_age(valuation.lines, context.market, is_of_age=is_of_age)
    total = valuation.valued.totals.total_minor
    if total > shown_total_minor:
        raise explain_total(opened, context, delivery_method, shown_total_minor, total)
    number = order_number(secrets.randbits(BITS))
    pay_until = _hold(number, cart, valuation, context, address)
    order = _create_order(cart, valuation, context, contact, number)
    order.pay_until = pay_until
    order.points_earned = _open_points(order, valuation, contact)
    write_link(order, now=context.now)
    order.save()
    _create_lines(order, valuation)
    keep_facts(order, valuation)
    Cart.objects.filter(pk=cart.pk).update(status=Cart.Status.ORDERED, changed_at=context.now)
    _note_placed(order, context, find_minimum_age(valuation.lines, context.market))
    orders_total.labels(channel=order.channel, step="placed").inc()
    if not total:
        pay_nothing(order, now=context.now)
    return order


def _value(opened: OpenCart, context: QuoteContext, delivery_method: str) -> Valuation:
    """Value the cart; where an offer is for a first order, wait for orders of the same person."""
    valuation = value_cart(opened, context, delivery_code=delivery_method)
    if not valuation.asked.shopper.is_first_order:
        return valuation
    lock_identity(require_cart(opened).identity)
    return value_cart(opened, context, delivery_code=delivery_method)


def _hold(
    number: str, cart: Cart, valuation: Valuation, context: QuoteContext, address: str
) -> datetime:
    """Hold all pieces, codes and budgets; return until when the order can be paid."""
    short = context.now + SHORT_HOLD + HOLD_GRACE
    held = reserve_stock(
        holder=valuation.opened.holder,
        lines=stock_lines(valuation.lines),
        expires_at=context.now + HOLD + HOLD_GRACE,
        claim=claim_of(cart, address, short_until=short, is_order=True),
    )
    hold_redemptions(
        order_ref=number,
        evaluation=valuation.evaluation,
        buyer=_buyer(cart, context),
        expires_at=held.until,
    )
    return held.until - HOLD_GRACE


def _reach(contact: Contact, context: QuoteContext, delivery_method: str) -> Contact:
    """Return the checked contact. Raises ContactRefused."""
    method = find_method(market_code=context.market, code=delivery_method, day=context.now.date())
    return check_contact(contact, method, country=get_market(context.market).country)


def _buyer(cart: Cart, context: QuoteContext) -> Buyer:
    zone = get_market(context.market).time_zone
    identity = tuple(cart.identity)
    return Buyer(cart.shopper_id, context.channel, zone, context.now, identity, context.market)


def _open_points(order: Order, valuation: Valuation, contact: Contact) -> int:
    """Hold what the order spends, note what it earns; last of all locks. Raises PointsRefused."""
    return open_order_points(
        number=order.number,
        shopper_id=order.shopper_id or 0,
        lines=[(line, valuation.valued.amounts[line.line_id]) for line in valuation.lines],
        evaluation=valuation.evaluation,
        contact=contact,
        now=order.placed_at,
    )


def _note_placed(order: Order, context: QuoteContext, minimum_age: int | None) -> None:
    """Begin the timeline, tell the other rooms, and remember where the shopper orders.

    Who hands the order over checks `minimum_age`, which the shopper confirmed.
    """
    detail = {} if minimum_age is None else {"minimum_age": minimum_age}
    OrderEvent.objects.create(order=order, kind="placed", at=context.now, detail=detail)
    write_fact(kind="OrderPlaced", payload={"order_id": order.pk}, occurred_at=context.now)
    if order.shopper_id is not None and order.jurisdiction_code:
        note_place(shopper_id=order.shopper_id, place_code=order.jurisdiction_code)


def _create_order(
    cart: Cart, valuation: Valuation, context: QuoteContext, contact: Contact, number: str
) -> Order:
    totals, view = valuation.valued.totals, valuation.valued.view
    return Order(
        number=number,
        shopper_id=cart.shopper_id,
        channel=context.channel,
        market_code=context.market,
        jurisdiction_code=context.jurisdiction_code,
        language=context.language,
        cart_id=cart.pk,
        identity=cart.identity,
        **asdict(contact),
        delivery_method="" if view.delivery is None else view.delivery.code,
        currency=view.currency,
        subtotal_minor=totals.subtotal_minor,
        discount_minor=totals.discount_minor,
        delivery_minor=totals.delivery_minor,
        tax_minor=totals.tax_minor,
        tax_added_minor=totals.tax_added_minor,
        total_minor=totals.total_minor,
        coupon_codes=[o.coupon_code for o in valuation.evaluation.applied if o.coupon_code],
        delivery_adjustments=[]
        if view.delivery is None
        else [asdict(cut) for cut in view.delivery.cuts],
        points_spent=0 if view.points is None else view.points.used,
        points_minor=0 if view.points is None else view.points.used_minor,
        personal_cap=valuation.evaluation.personal_cap,
        placed_at=context.now,
    )


def _create_lines(order: Order, valuation: Valuation) -> None:
    views = {view.line_id: view for view in valuation.valued.view.lines}
    costs = find_costs([line.card.variant_id for line in valuation.lines], order.market_code)
    rows = [
        _order_line(order, n, line, valuation.valued.amounts[line.line_id], views[line.line_id])
        for n, line in enumerate(valuation.lines)
    ]
    for row in rows:
        row.cost_minor = costs.get(row.variant_id)
    OrderLine.objects.bulk_create(rows)
    for line in valuation.lines:
        if line.settled.promise.token:
            store_quote(token=line.settled.promise.token)


def _order_line(
    order: Order, position: int, line: SettledLine, amounts: LineAmounts, view: CartLineView
) -> OrderLine:
    price = line.price
    return OrderLine(
        order=order,
        position=position,
        variant_id=line.card.variant_id,
        sku=line.card.sku,
        name=line.card.title[:MOST_TITLE],
        quantity=line.quantity,
        list_minor=price.list_minor,
        public_minor=price.public_minor,
        quoted_minor=price.quoted_minor,
        subtotal_minor=amounts.subtotal_minor,
        discount_minor=amounts.discount_minor,
        points_minor=amounts.points_minor,
        tax_minor=amounts.tax.tax_minor,
        tax_added_minor=amounts.tax.added_minor,
        total_minor=amounts.total_minor,
        quote_id=price.quote_id,
        adjustments=[asdict(adjustment) for adjustment in view.adjustments],
        label_code=price.label_code,
        is_personal=price.is_personal,
        is_gift=line.is_gift,
    )
