"""Orders as they are read: by owner, secret token, number or e-mail; their law and links."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from orders.order.core import OrderStatus, hash_link_token, make_link_token, normalize_number
from orders.order.models import Order, OrderEvent, OrderLine
from orders.refusals import OrderNotFound
from orders.terms.api import load_terms
from orders.values import (
    Contact,
    OrderLineView,
    OrderSummary,
    OrderView,
    PaymentView,
    TimelineEntry,
)
from orders.wording import PAYMENT_REASONS, STATUSES, TIMELINE
from pricing.api import resolve_jurisdiction
from pricing.base.core.values import JurisdictionRule, PriceView
from pricing.ledger.core.record import label_text
from pricing.ledger.core.unit_prices import choose_unit, price_per_unit
from promotions.engine.api import Adjustment, DeliveryCut
from shop.ground.catalog.core.values import MEASURE_UNITS, CatalogCard
from shop.ground.catalog.selectors import get_market, list_bulk_variants, list_cards
from shop.ground.kernel.translation import translate


def find_law(order: Order) -> JurisdictionRule:
    """Return the law of an order: that of the place it goes to, as it was then; without an address
    the law that its prices were shown under."""
    place = "-".join(filter(None, (order.country, order.region)))
    return resolve_jurisdiction(code=place or order.jurisdiction_code, now=order.placed_at)


def derive_link(link_key: UUID) -> str:
    """Return the secret part of the link made with `link_key`."""
    return make_link_token(link_key, secret=settings.SECRET_KEY.encode())


def read_link(order: Order) -> str:
    """Return the order's link; empty if it has none or was made with an earlier SECRET_KEY."""
    if order.link_key is None:
        return ""
    token = derive_link(order.link_key)
    return token if hash_link_token(token) == order.link_hash else ""


@dataclass(frozen=True, slots=True)
class Placed:
    """What an order has when it is placed, not paid: its lines and its first step."""

    lines: Sequence[OrderLine]
    steps: Sequence[OrderEvent]


def view_order(order: Order, *, language: str, placed: Placed | None = None) -> OrderView:
    """Return the order with lines, payments and timeline, under the law of then. Four queries, one
    for an order that was `placed` in this transaction."""
    lines = list(order.lines.order_by("position") if placed is None else placed.lines)
    steps = order.events.order_by("at", "id") if placed is None else placed.steps
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
        payments=_payments(order, language) if placed is None else (),
        timeline=_timeline(steps, language),
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


# As long as the longest job that moves orders may run
SETTLED = timedelta(minutes=10)


def get_order(*, number: str, shopper_id: int, language: str = "en") -> OrderView:
    """Return an order of this shopper. Raises OrderNotFound, also for others'. Four queries."""
    order = Order.objects.filter(number=normalize_number(number), shopper_id=shopper_id).first()
    return view_order(_found(order), language=language)


def get_order_id(*, number: str, shopper_id: int) -> int:
    """Return the id of an order of this shopper. Raises OrderNotFound, also for others'."""
    mine = Order.objects.filter(number=normalize_number(number), shopper_id=shopper_id)
    found = mine.values_list("pk", flat=True).first()
    if found is None:
        raise OrderNotFound("There is no such order.")
    return found


def get_any_order(*, number: str, language: str = "en") -> OrderView:
    """Return an order, whosever it is: for staff. Raises OrderNotFound. Four queries."""
    order = Order.objects.filter(number=normalize_number(number)).first()
    return view_order(_found(order), language=language)


def get_order_by_token(*, token: str, now: datetime, language: str = "en") -> OrderView:
    """Return the order of a secret link that has not ended. Raises OrderNotFound. Four queries."""
    known = Order.objects.filter(link_hash=hash_link_token(token), link_until__gt=now)
    return view_order(_found(known.first()), language=language)


def is_order_email(*, order_id: int, email: str) -> bool:
    """Return whether an order was made with this e-mail address; compared in constant time."""
    known = Order.objects.filter(pk=order_id).values_list("email", flat=True).first() or ""
    return hmac.compare_digest(_digest(known), _digest(email)) and bool(known)


def owns_order(*, order_id: int, shopper_id: int) -> bool:
    """Return whether the order is this shopper's. One query."""
    return Order.objects.filter(pk=order_id, shopper_id=shopper_id).exists()


def find_order_for_guest(*, number: str, email: str, language: str = "en") -> OrderView | None:
    """Return the order if number and e-mail belong together, else None.

    A wrong number and a wrong address take the same path: one indexed query and one comparison in
    constant time, so neither answer nor duration tells which numbers exist.
    """
    order = Order.objects.filter(number=normalize_number(number)).first()
    known = _digest(order.email if order is not None else "")
    matches = hmac.compare_digest(known, _digest(email))
    if order is None or not matches or not order.email:
        return None
    return view_order(order, language=language)


def find_last_contact(*, shopper_id: int) -> Contact | None:
    """Return name and address of the shopper's newest online order, None without one. One query.

    An order whose personal data were deleted has no e-mail address and is passed over.
    """
    orders = Order.objects.filter(shopper_id=shopper_id, channel="online").exclude(email="")
    names = [field.name for field in fields(Contact)]
    row = orders.order_by("-placed_at", "-pk").values(*names).first()
    return None if row is None else Contact(**row)


def list_orders(
    *, shopper_id: int, limit: int = 20, before: str | None = None, language: str = "en"
) -> list[OrderSummary]:
    """Return a shopper's orders, newest first; `before` is the number to go on after.

    One query, two with `before`. An unknown `before` gives nothing.
    """
    orders = Order.objects.filter(shopper_id=shopper_id)
    if before is not None:
        last = _find_place(orders, before)
        if last is None:
            return []
        orders = orders.filter(Q(placed_at__lt=last[0]) | Q(placed_at=last[0], pk__lt=last[1]))
    return _summarize(orders.order_by("-placed_at", "-pk"), limit, language)


def count_orders(*, shopper_id: int) -> int:
    """Return how many orders a shopper has placed, online and in stores. One query."""
    return Order.objects.filter(shopper_id=shopper_id).count()


def list_oldest(
    orders: QuerySet[Order], *, limit: int, after: str | None = None, language: str = "en"
) -> list[OrderSummary]:
    """Return what waits longest of some orders; `after` is the number to go on after.

    One query, two with `after`, which need not wait any more. An unknown one gives nothing.
    """
    if after is not None:
        last = _find_place(Order.objects.all(), after)
        if last is None:
            return []
        orders = orders.filter(Q(placed_at__gt=last[0]) | Q(placed_at=last[0], pk__gt=last[1]))
    return _summarize(orders.order_by("placed_at", "pk"), limit, language)


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """A place in the feed of changes: after the step with this moment and id."""

    at: datetime
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """Orders that something happened to, each once by its latest step of the page.

    `following` is where to go on; `is_cut`: there is more already.
    """

    orders: tuple[tuple[OrderSummary, datetime], ...]
    following: ChangePlace
    is_cut: bool


def list_changes(
    *, since: ChangePlace, limit: int, now: datetime, language: str = "en"
) -> OrderChanges:
    """Return what happened to orders after a place, oldest first. Two queries.

    A step carries the moment at which its request or job began, and is there when that has
    committed. So the feed goes on from `SETTLED` before now at the latest: a step may be told
    twice, and none is passed over, also of those of one moment.
    """
    later = Q(at__gt=since.at) | Q(at=since.at, pk__gt=since.event_id)
    steps = OrderEvent.objects.filter(later).order_by("at", "pk")
    found = list(steps.values_list("order_id", "at", "pk")[: limit + 1])
    told, is_cut = found[:limit], len(found) > limit
    changed = {order_id: at for order_id, at, _pk in told}
    rows = _count_pieces(Order.objects.filter(pk__in=changed))
    known = {row.pk: _show_summary(row, language) for row in rows}
    following = ChangePlace(*told[-1][1:]) if told else since
    if not is_cut and following.at > now - SETTLED:
        following = ChangePlace(now - SETTLED)
    by_moment = sorted(changed.items(), key=itemgetter(1, 0))
    return OrderChanges(tuple((known[one], at) for one, at in by_moment), following, is_cut)


def _find_place(orders: QuerySet[Order], number: str) -> tuple[datetime, int] | None:
    known = orders.filter(number=normalize_number(number))
    return known.values_list("placed_at", "pk").first()


def _summarize(orders: QuerySet[Order], limit: int, language: str) -> list[OrderSummary]:
    return [_show_summary(row, language) for row in _count_pieces(orders)[:limit]]


def _count_pieces(orders: QuerySet[Order]) -> QuerySet[Any]:
    return orders.annotate(quantity=Sum("lines__quantity"))


def _show_summary(row: Any, language: str) -> OrderSummary:
    return OrderSummary(
        number=row.number,
        channel=row.channel,
        status=row.status,
        status_text=status_text(row.status, language),
        placed_at=row.placed_at,
        currency=row.currency,
        total_minor=row.total_minor,
        quantity=row.quantity or 0,
    )


def _found(order: Order | None) -> Order:
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order


def _digest(email: str) -> bytes:
    return hashlib.sha256(email.strip().lower().encode()).digest()
