"""From cart to order, once. The steps stand in the order in which they happen."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from orders.cart.api import (
    OpenCart,
    Valuation,
    bonus_of,
    find_minimum_age,
    identity_of,
    lock_cart,
    require_shopper,
    value_cart,
)
from orders.cart.core.cart_view import HOLD, SHORT_HOLD
from orders.cart.core.stages import SettledLine
from orders.cart.models import Cart
from orders.checkout.models import IdempotencyKey, OrderFacts
from orders.checkout.services.checkout import check_ready, claim_of, require_cart, stock_lines
from orders.checkout.services.contacts import check_contact
from orders.checkout.services.idempotency import run_once
from orders.metrics import checkout_refusals_total, orders_total
from orders.order.api import Placed, find_law, get_order, view_order, write_link
from orders.order.core import BITS, LineAmounts, order_number
from orders.order.models import Order, OrderEvent, OrderLine
from orders.payments.api import pay_nothing
from orders.refusals import CartRefused, TotalChanged
from orders.terms.api import find_method
from orders.values import CartLineView, Contact, OrderView
from pricing.api import store_quotes
from pricing.base.core.values import QuoteContext
from profiles.shoppers.api import find_shopper, note_place
from profiles.values import ShopperValue
from promotions.campaigns.api import find_costs
from promotions.coupons.api import hold_redemptions
from promotions.engine.api import Buyer
from promotions.loyalty.api import AGE_LIMITED, PointsLine, open_points
from promotions.offers.api import freeze_facts
from shop.ground.catalog.selectors import get_market, list_age_limited
from shop.ground.catalog.selectors.arrays import find_places
from shop.ground.inventory.services import reserve_stock
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import fingerprint
from shop.ground.outbox.services import write_fact

# Holds outlive the order's own deadline: the order is closed first, then its holds run out.
HOLD_GRACE = timedelta(minutes=15)
MOST_TITLE = OrderLine._meta.get_field("name").max_length or 240


def place_order(
    *,
    context: QuoteContext,
    idempotency_key: str | None,
    contact: Contact,
    delivery_method: str,
    shown_total_minor: int,
    is_of_age: bool = False,
    address: str = "",
    shopper: ShopperValue | None = None,
) -> OrderView:
    """Turn the cart into an order to be paid within the hold; the same key gives the same order.

    One transaction: stock held, codes and budgets taken, prices frozen, fact OrderPlaced. What
    costs nothing is paid at once. `is_of_age`: the age a product asks for was confirmed.
    `idempotency_key` None: the caller runs this once. `shopper` is that of `context` for who has
    read it already. Raises CartRefused, ContactRefused, PriceConsentNeeded, PaymentRefused,
    TotalChanged, OutOfStock, TooManyHeld, UseRefused, PointsRefused, UnknownDelivery,
    Idempotency(Mismatch, InFlight).
    """
    shopper = shopper or require_shopper(context)
    given = (context, contact, delivery_method, shown_total_minor)
    placed: list[OrderView] = []

    def act() -> tuple[int, Any]:
        placed.append(_place(shopper, *given, is_of_age=is_of_age, address=address))
        return 201, {"number": placed[-1].number}

    try:
        if idempotency_key is None:
            act()
            return placed[-1]
        answer = run_once(
            scope=_scope(shopper.id),
            key=idempotency_key,
            fingerprint=_tell_apart(*given[1:], is_of_age=is_of_age),
            now=context.now,
            act=act,
        )
    except FairtagError as refusal:
        checkout_refusals_total.labels(code=refusal.code).inc()
        raise
    if placed:
        return placed[-1]
    return get_order(number=answer.body["number"], shopper_id=shopper.id, language=context.language)


def _tell_apart(contact: Contact, delivery: str, shown_minor: int, *, is_of_age: bool) -> str:
    asked = {"delivery": delivery, "shown_total": shown_minor, "is_of_age": is_of_age}
    return fingerprint({"contact": asdict(contact), **asked})


def find_placed_order(*, context: QuoteContext, idempotency_key: str) -> OrderView | None:
    """Return the order that this shopper placed with the key, or None, also for others' keys."""
    shopper = find_shopper(context.shopper_pseudonym) if context.shopper_pseudonym else None
    if shopper is None:
        return None
    known = IdempotencyKey.objects.filter(scope=_scope(shopper.id), key=idempotency_key).first()
    if known is None:
        return None
    number = known.body["number"]
    return get_order(number=number, shopper_id=shopper.id, language=context.language)


def _scope(shopper_id: int) -> str:
    return f"order:{shopper_id}"


@transaction.atomic(savepoint=False)
def _place(
    shopper: ShopperValue,
    context: QuoteContext,
    contact: Contact,
    delivery_method: str,
    shown_total_minor: int,
    *,
    is_of_age: bool,
    address: str,
) -> OrderView:
    opened = lock_cart(context, shopper=shopper)
    cart = require_cart(opened)
    contact = _reach(contact, context, delivery_method)
    cart.identity = identity_of(contact)
    valuation = _value(opened, context, delivery_method)
    check_ready(valuation)
    _require_age(valuation.lines, context.market, is_of_age=is_of_age)
    total = valuation.valued.totals.total_minor
    if total > shown_total_minor:
        raise _explain_total(opened, context, delivery_method, shown_total_minor, total)
    number = order_number(secrets.randbits(BITS))
    pay_until = _hold(number, cart, valuation, context, address)
    order = _create_order(cart, valuation, context, contact, number)
    order.pay_until = pay_until
    order.points_earned = _open_points(order, valuation, contact)
    write_link(order, now=context.now)
    order.save()
    lines = _create_lines(order, valuation)
    _keep_facts(order, valuation)
    Cart.objects.filter(pk=cart.pk).update(status=Cart.Status.ORDERED, changed_at=context.now)
    step = _note_placed(order, context, find_minimum_age(valuation.lines, context.market))
    orders_total.labels(channel=order.channel, step="placed").inc()
    if total:
        return view_order(order, language=context.language, placed=Placed(lines, [step]))
    pay_nothing(order, now=context.now)
    return view_order(order, language=context.language)


def _reach(contact: Contact, context: QuoteContext, delivery_method: str) -> Contact:
    """Return the checked contact. Raises ContactRefused."""
    method = find_method(market_code=context.market, code=delivery_method, day=context.now.date())
    return check_contact(contact, method, country=get_market(context.market).country)


def _value(opened: OpenCart, context: QuoteContext, delivery_method: str) -> Valuation:
    """Value the cart; where an offer is for a first order, wait for orders of the same person."""
    valuation = value_cart(opened, context, delivery_code=delivery_method)
    if not valuation.asked.shopper.is_first_order:
        return valuation
    _lock_identity(require_cart(opened).identity)
    return value_cart(opened, context, delivery_code=delivery_method)


def _lock_identity(keys: list[str]) -> None:
    """Wait for orders of the same keys, until the transaction ends: one of them comes first."""
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"id:{key}"])


def _require_age(lines: Iterable[SettledLine], market_code: str, *, is_of_age: bool) -> None:
    """Raise CartRefused (age_not_confirmed) unless the shopper said to be old enough."""
    age = find_minimum_age(lines, market_code)
    if age is not None and not is_of_age:
        raise CartRefused(
            f"Confirm that you are {age} or older: the cart holds products with an age limit.",
            code="age_not_confirmed",
            minimum_age=age,
        )


def _explain_total(
    opened: OpenCart, context: QuoteContext, delivery: str, shown_minor: int, total_minor: int
) -> TotalChanged:
    """Return why more is to be paid than was shown: the person is known, or a price moved."""
    sums: dict[str, Any] = {"shown_minor": shown_minor, "total_minor": total_minor}
    require_cart(opened).identity = []
    unknown = value_cart(opened, context, delivery_code=delivery)
    if unknown.valued.totals.total_minor <= shown_minor:
        return TotalChanged(
            "An offer is for a first order, or was used before with this e-mail address, phone"
            " number or delivery address. Please look at the total without it.",
            code="offer_used_before",
            **sums,
        )
    return TotalChanged(
        "The total is higher than the one you saw. Please look at it again.", **sums
    )


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


def _buyer(cart: Cart, context: QuoteContext) -> Buyer:
    zone = get_market(context.market).time_zone
    identity = tuple(cart.identity)
    return Buyer(cart.shopper_id, context.channel, zone, context.now, identity, context.market)


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
        is_simulated=context.is_simulated,
    )


def _open_points(order: Order, valuation: Valuation, contact: Contact) -> int:
    """Hold what the order spends, note what it earns; last of all locks. Raises PointsRefused."""
    lines = [(line, valuation.valued.amounts[line.line_id]) for line in valuation.lines]
    trails = _list_earning_categories(valuation.lines)
    return open_points(
        order_ref=order.number,
        shopper_id=order.shopper_id or 0,
        lines=[
            PointsLine(
                line=position,
                quantity=line.quantity,
                goods_minor=amounts.subtotal_minor - amounts.discount_minor + amounts.points_minor,
                category_ids=trails[position],
                spent=amounts.points,
                spent_minor=amounts.points_minor,
            )
            for position, (line, amounts) in enumerate(lines)
        ],
        identity=identity_of(contact),
        bonus=bonus_of(valuation.evaluation),
        now=order.placed_at,
    )


def _list_earning_categories(lines: Sequence[SettledLine]) -> list[tuple[int, ...]]:
    """Return each line's categories, and what says that its product earns nothing."""
    ids = [line.card.variant_id for line in lines]
    places, limited = find_places(ids), list_age_limited()
    trails = ((one, places[one].category_ids) for one in ids)
    return [(*trail, AGE_LIMITED) if one in limited else trail for one, trail in trails]


def _create_lines(order: Order, valuation: Valuation) -> list[OrderLine]:
    views = {view.line_id: view for view in valuation.valued.view.lines}
    costs = find_costs([line.card.variant_id for line in valuation.lines], order.market_code)
    rows = [
        _order_line(order, n, line, valuation.valued.amounts[line.line_id], views[line.line_id])
        for n, line in enumerate(valuation.lines)
    ]
    for row in rows:
        row.cost_minor = costs.get(row.variant_id)
    OrderLine.objects.bulk_create(rows)
    tokens = (line.settled.promise.token for line in valuation.lines)
    store_quotes(tokens=filter(None, tokens))
    return rows


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


def _keep_facts(order: Order, valuation: Valuation) -> None:
    """Write down what the evaluator was asked, in the order's transaction. One query."""
    seen = freeze_facts(valuation.asked, [line.line_id for line in valuation.lines])
    OrderFacts.objects.bulk_create([OrderFacts(order=order, seen=seen, at=order.placed_at)])


def _note_placed(order: Order, context: QuoteContext, minimum_age: int | None) -> OrderEvent:
    """Begin the timeline, tell the other rooms, and remember where the shopper orders.

    Who hands the order over checks `minimum_age`, which the shopper confirmed.
    """
    detail = {} if minimum_age is None else {"minimum_age": minimum_age}
    step = OrderEvent.objects.create(order=order, kind="placed", at=context.now, detail=detail)
    write_fact(kind="OrderPlaced", payload={"order_id": order.pk}, occurred_at=context.now)
    if order.shopper_id is not None and order.jurisdiction_code:
        note_place(shopper_id=order.shopper_id, place_code=find_law(order).code)
    return step
