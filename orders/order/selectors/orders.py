"""Read orders: by owner, by secret token, or by number and e-mail."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet, Sum

from orders.order.core.links import hash_link_token
from orders.order.core.numbering import normalize_number
from orders.order.models import Order, OrderEvent
from orders.order.selectors.views import status_text, view_order
from orders.refusals import OrderNotFound
from orders.values import Contact, OrderSummary, OrderView

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
