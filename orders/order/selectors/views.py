"""From order rows to what pages, e-mails and the API show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from orders.order.core.state import OrderStatus
from orders.order.models import Order, OrderEvent, OrderLine
from orders.order.selectors.laws import find_law
from orders.order.selectors.links import read_link
from orders.terms.api import load_terms
from orders.values import Contact, OrderLineView, OrderView, PaymentView, TimelineEntry
from orders.wording import PAYMENT_REASONS, STATUSES, TIMELINE
from pricing.base.core.values import JurisdictionRule, PriceView
from pricing.ledger.core.labels import label_text
from pricing.ledger.core.unit_prices import choose_unit, price_per_unit
from promotions.engine.api import Adjustment, DeliveryCut
from shop.ground.catalog.core.values import MEASURE_UNITS, CatalogCard
from shop.ground.catalog.selectors import get_market, list_bulk_variants, list_cards
from shop.ground.kernel.translation import translate


def view_order(order: Order, *, language: str) -> OrderView:
    """Return the order with lines, payments and timeline, under the law of then. Four queries."""
    lines = list(order.lines.order_by("position"))
    personal = [line for line in lines if line.is_personal]
    rule = find_law(order)
    law = rule.label(language) if personal or _has_personal_offer(order, lines) else ""
    return OrderView(
        order_id=order.pk,
        number=order.number,
        channel=order.channel,
        token=read_link(order),
        status=order.status,
        status_text=status_text(order.status, language),
        currency=order.currency,
        lines=_view_lines(order, lines, rule, law, language),
        subtotal_minor=order.subtotal_minor,
        discount_minor=order.discount_minor,
        delivery_minor=order.delivery_minor,
        delivery_name=_delivery_name(order, language),
        tax_minor=order.tax_minor,
        tax_added_minor=order.tax_added_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        coupon_codes=tuple(order.coupon_codes),
        placed_at=order.placed_at,
        pay_until=order.pay_until,
        paid_at=order.paid_at,
        contact=_contact(order),
        payments=_payments(order, language),
        timeline=_timeline(order.events.order_by("at", "id"), language),
        is_payable=order.status == OrderStatus.AWAITING_PAYMENT,
        is_cancellable=_is_cancellable(order, lines),
        delivery_cuts=_list_cuts(order, law),
        language=order.language,
        has_personal_price=bool(personal),
        label=law if personal else "",
        points_spent=order.points_spent,
        points_minor=order.points_minor,
        points_earned=order.points_earned,
    )


def _list_cuts(order: Order, law: str) -> tuple[DeliveryCut, ...]:
    return tuple(_relabel(DeliveryCut(**kept), law) for kept in order.delivery_adjustments)


def status_text(status: str, language: str) -> str:
    """Return an order's state in words."""
    return translate(STATUSES[status], language)


def may_cancel(order: Order) -> bool:
    """Return whether the order can still be canceled, paid or not. One query."""
    return _is_cancellable(order, order.lines.all())


def is_before_packing(order: Order) -> bool:
    """Return whether a paid order can still be cancelled: nothing of it is packed. One query."""
    return _is_cancellable(order, order.lines.all()) and order.status == OrderStatus.PAID


def _is_cancellable(order: Order, lines: Iterable[OrderLine]) -> bool:
    """Return whether nothing was packed: a parcel is unpacked before its order is cancelled."""
    if order.status == OrderStatus.AWAITING_PAYMENT:
        return order.channel != "store"
    is_sold = order.status == OrderStatus.PAID and order.channel != "store"
    return is_sold and not any(line.packed_quantity for line in lines)


def _view_lines(
    order: Order, lines: Sequence[OrderLine], rule: JurisdictionRule, law: str, language: str
) -> tuple[OrderLineView, ...]:
    ids = sorted({line.variant_id for line in lines})
    cards = {card.variant_id: card for card in list_cards(ids, language)}
    views = []
    for line in lines:
        card, label = cards[line.variant_id], label_text(rule, line.label_code, language)
        price = _line_price(order, line, card, label, language)
        views.append(_line_view(line, card, price, law))
    return tuple(views)


def _line_price(
    order: Order, line: OrderLine, card: CatalogCard, label: str, language: str
) -> PriceView:
    """Return the frozen unit prices of a line, and what a measure of it cost in its market."""
    amount = float(card.measure_amount or 0)
    unit = choose_unit(
        amount,
        MEASURE_UNITS.index(card.measure_unit),
        minor=line.quoted_minor,
        country=get_market(order.market_code).country,
        is_bulk=card.variant_id in list_bulk_variants(),
    )
    return PriceView(
        variant_id=line.variant_id,
        currency=order.currency,
        list_minor=line.list_minor,
        public_minor=line.public_minor,
        quoted_minor=line.quoted_minor,
        is_personal=line.is_personal,
        label_code=line.label_code,
        label=label,
        quote_id=line.quote_id,
        unit_minor=price_per_unit(line.quoted_minor, amount, unit),
        unit_label="" if unit is None else unit.label(language),
        units=0.0 if unit is None else amount / unit.size,
    )


def _line_view(line: OrderLine, card: CatalogCard, price: PriceView, law: str) -> OrderLineView:
    return OrderLineView(
        line_id=line.pk,
        variant_id=line.variant_id,
        card=card,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        list_minor=line.list_minor,
        public_minor=line.public_minor,
        quoted_minor=line.quoted_minor,
        subtotal_minor=line.subtotal_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        total_minor=line.total_minor,
        is_personal=line.is_personal,
        label_code=line.label_code,
        label=price.label,
        quote_id=line.quote_id,
        price=price,
        adjustments=tuple(_relabel(Adjustment(**kept), law) for kept in line.adjustments),
        refunded_quantity=line.refunded_quantity,
        refunded_minor=line.refunded_minor,
        is_gift=line.is_gift,
        points_minor=line.points_minor,
    )


def _has_personal_offer(order: Order, lines: Sequence[OrderLine]) -> bool:
    kept = [part for line in lines for part in line.adjustments]
    return any(part.get("law_label") for part in (*kept, *order.delivery_adjustments))


def _relabel[T: (Adjustment, DeliveryCut)](kept: T, law: str) -> T:
    """Return what an offer took off, its label (if it bears one) in the reader's language."""
    return replace(kept, law_label=law) if kept.law_label else kept


def _delivery_name(order: Order, language: str) -> str:
    if not order.delivery_method:
        return ""
    terms = load_terms(market_code=order.market_code, day=order.placed_at.date())
    for method in terms.methods:
        if method.code == order.delivery_method:
            return (method.name_zh or method.name) if language.startswith("zh") else method.name
    return order.delivery_method


def _contact(order: Order) -> Contact:
    return Contact(
        email=order.email,
        name=order.name,
        phone=order.phone,
        address_line1=order.address_line1,
        address_line2=order.address_line2,
        city=order.city,
        region=order.region,
        postcode=order.postcode,
        country=order.country,
    )


def _payments(order: Order, language: str) -> tuple[PaymentView, ...]:
    return tuple(
        PaymentView(
            payment_id=row.pk,
            method=row.method,
            amount_minor=row.amount_minor,
            state=row.state,
            reason_code=row.reason_code,
            message=translate(PAYMENT_REASONS.get(row.reason_code, ""), language),
        )
        for row in order.payments.order_by("created_at")
    )


def _timeline(rows: Iterable[OrderEvent], language: str) -> tuple[TimelineEntry, ...]:
    """Return the steps a shopper understands; notes for staff (sent mails) are left out."""
    return tuple(
        TimelineEntry(row.kind, translate(TIMELINE[row.kind], language), row.at)
        for row in rows
        if row.kind in TIMELINE
    )
