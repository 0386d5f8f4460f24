"""Read returns: for their shoppers, for staff, and for who asks for their data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_date
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from orders.order.models import Order, OrderLine
from orders.returns.core import (
    HOLD,
    Allowance,
    Choice,
    ExchangeItem,
    OrderReturns,
    ReturnableLine,
    ReturnItem,
    ReturnState,
    ReturnView,
    find_rule,
)
from orders.returns.models import Return, ReturnExchange, ReturnLine
from orders.returns.selectors.allowances import list_allowances, list_choices, load_rules
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.translation import locale_of

OVERDUE = timedelta(days=7)  # so long may a return that arrived wait for its refund

WITH_LINES = ("lines__line", "lines__exchanges")

STATES = {
    ReturnState.REQUESTED: gettext_lazy("Return requested"),
    ReturnState.RECEIVED: gettext_lazy("Return received"),
    ReturnState.SETTLED: gettext_lazy("Return finished"),
    ReturnState.WITHDRAWN: gettext_lazy("Return withdrawn"),
}
REASONS = {
    Return.Reason.CHANGED_MIND: gettext_lazy("I changed my mind"),
    Return.Reason.UNLIKE: gettext_lazy("It is not as described"),
    Return.Reason.DAMAGED: gettext_lazy("It arrived damaged"),
    Return.Reason.WRONG: gettext_lazy("It is the wrong product"),
    Return.Reason.LATE: gettext_lazy("It came too late"),
    Return.Reason.OTHER: gettext_lazy("Another reason"),
}
GIFT = gettext_lazy(
    "A gift: please put it in when you send back all that you bought."
    " If you keep it, we take nothing off your refund."
)


def show_returns(*, order_id: int, now: datetime, language: str = "en") -> OrderReturns:
    """Return the returns of an order and what may still be sent back.

    Nine queries, and one for catalogue cards that are not in memory; one for a till's order.
    """
    order = Order.objects.get(pk=order_id)
    if order.channel != "online":
        return OrderReturns()
    lines = {line.pk: line for line in order.lines.order_by("position")}
    allowed = list_allowances(order, lines.values(), now)
    open_kinds = [kind for kind, one in allowed.items() if one.pieces]
    choices = list_choices(order, open_kinds, now=now) if open_kinds else {}
    rows = list(Return.objects.filter(order=order).prefetch_related(*WITH_LINES))
    shown = {variant_id for _line, variant_id in allowed} | _variants_of(rows)
    shown |= {one for free in choices.values() for one in free}
    words = _read_words(shown, language)
    with override(language):
        return OrderReturns(
            lines=tuple(
                _say_line(lines[kind[0]], kind[1], allowed[kind], choices.get(kind, {}), words)
                for kind in sorted(allowed, key=lambda kind: lines[kind[0]].position)
            ),
            returns=tuple(_view(row, order, words) for row in rows),
            reasons=tuple((str(code), str(text)) for code, text in REASONS.items()),
        )


def list_overdue(now: datetime) -> QuerySet[Return]:
    """Return the returns that arrived OVERDUE ago or more and wait for their refund."""
    return Return.objects.filter(state=ReturnState.RECEIVED, received_at__lte=now - OVERDUE)


def count_returns() -> dict[str, int]:
    """Return how many returns are on their way or wait for inspection, by state. One query."""
    open_ones = Return.objects.filter(state__in=[ReturnState.REQUESTED, ReturnState.RECEIVED])
    counted = open_ones.order_by("state").values_list("state").annotate(count=Count("pk"))
    return dict(counted)


def count_by_category(*, since: datetime) -> list[dict[str, Any]]:
    """Return pieces sent back and refunded by category since then, most first. One query.

    Of settled returns the accepted pieces count; money is each line's share of its price, but for
    what was exchanged.
    """
    lines = ReturnLine.objects.filter(item__state=ReturnState.SETTLED, item__settled_at__gte=since)
    exchanged = ReturnExchange.objects.filter(line=OuterRef("pk")).values("line")
    sent = Coalesce(Subquery(exchanged.annotate(sent=Sum("sent_quantity")).values("sent")), 0)
    share = Case(
        When(line__quantity=0, then=0),
        default=F("line__total_minor")
        * (F("accepted_quantity") - F("sent_pieces"))
        / F("line__quantity"),
    )
    counted = lines.annotate(sent_pieces=sent).values(
        category=F("line__variant__product__category__name"), currency=F("item__order__currency")
    )
    rows = counted.annotate(
        returns=Sum("quantity"), accepted=Sum("accepted_quantity"), worth_minor=Sum(share)
    )
    return [dict(row) for row in rows.order_by("-returns", "category")]


def view_return(row: Return, language: str) -> ReturnView:
    """Return one return in the reader's language. Five queries and one for cards."""
    found = Return.objects.select_related("order").prefetch_related(*WITH_LINES).get(pk=row.pk)
    words = _read_words(_variants_of([found]), language)
    with override(language):
        return _view(found, found.order, words)


def find_return(number: str) -> int | None:
    """Return the id of the return with this number. One query."""
    return Return.objects.filter(number=number).values_list("pk", flat=True).first()


def get_return(*, return_id: int, language: str = "en") -> ReturnView:
    """Return one return. Five queries and one for cards."""
    return view_return(Return(pk=return_id), language)


@dataclass(frozen=True, slots=True)
class ShopperReturn:
    """A return in a short list for staff."""

    return_id: int
    number: str
    state: str
    reason: str
    requested_at: datetime


def list_returns_of_shopper(*, shopper_id: int, limit: int = 10) -> list[ShopperReturn]:
    """Return a shopper's newest returns. One query."""
    rows = Return.objects.filter(order__shopper_id=shopper_id).order_by("-requested_at", "-pk")
    return [
        ShopperReturn(
            row.pk, row.number, row.get_state_display(), row.get_reason_display(), row.requested_at
        )
        for row in rows[:limit]
    ]


def list_returns(
    *, state: str, limit: int, after: str | None = None, language: str = "en"
) -> list[ReturnView]:
    """Return the returns in a state ("" for all), oldest first; `after` is a number to go on after.

    Five queries and one for cards, one more with `after`.
    """
    rows = Return.objects.filter(state=state) if state else Return.objects.all()
    if after is not None:
        last = Return.objects.filter(number=after).values_list("requested_at", "pk").first()
        if last is None:
            return []
        rows = rows.filter(Q(requested_at__gt=last[0]) | Q(requested_at=last[0], pk__gt=last[1]))
    rows = rows.select_related("order").prefetch_related(*WITH_LINES)
    shown = list(rows.order_by("requested_at", "pk")[:limit])
    words = _read_words(_variants_of(shown), language)
    with override(language):
        return [_view(row, row.order, words) for row in shown]


def export_returns(order_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return the returns of these orders as JSON values. Two queries."""
    rows = Return.objects.filter(order_id__in=order_ids).prefetch_related(*WITH_LINES)
    return [
        {
            "number": row.number,
            "state": row.state,
            "reason": row.reason,
            "comment": row.comment,
            "refusal": row.refusal,
            "refunded_minor": row.refunded_minor,
            "requested_at": row.requested_at.isoformat(),
            "lines": [
                {
                    "sku": each.line.sku,
                    "quantity": each.quantity,
                    "accepted": each.accepted_quantity,
                    "exchanges": [
                        {"sku": one.sku, "quantity": one.quantity, "sent": one.sent_quantity}
                        for one in each.exchanges.all()
                    ],
                }
                for each in row.lines.all()
            ],
        }
        for row in rows.order_by("requested_at", "pk")
    ]


@dataclass(frozen=True, slots=True)
class _Words:
    """What a return is shown with: catalogue cards by variant, in one language."""

    cards: Mapping[int, CatalogCard]
    language: str
    instruction: str

    def name(self, variant_id: int, otherwise: str) -> str:
        """Return the variant's name, or the one that was kept if it is gone."""
        card = self.cards.get(variant_id)
        return otherwise if card is None else card.title

    def day(self, moment: datetime | None) -> str:
        """Return a day as the reader writes it."""
        if moment is None:
            return ""
        return format_date(moment, "medium", locale=locale_of(self.language))


def _variants_of(rows: Iterable[Return]) -> set[int]:
    found: set[int] = set()
    for each in (each for row in rows for each in row.lines.all()):
        found.add(each.variant_id or each.line.variant_id)
        found.update(one.variant_id for one in each.exchanges.all())
    return found


def _read_words(variant_ids: Collection[int], language: str) -> _Words:
    cards = {one.variant_id: one for one in list_cards(sorted(variant_ids), language)}
    return _Words(cards, language, find_rule(load_rules(language), "").instruction)


def _say_line(
    line: OrderLine, variant_id: int, allowed: Allowance, free: Mapping[int, int], words: _Words
) -> ReturnableLine:
    card = words.cards.get(variant_id)
    is_kept = card is not None and card.is_perishable
    sentence = {
        "": _("Refunded until %(day)s without being sent back: it is perishable.")
        if is_kept
        else _("May be sent back until %(day)s."),
        "never": _("Cannot be sent back."),
        "not_sent": _("Can be sent back once it has left us."),
        "over": _("The time to send it back ended on %(day)s."),
        "none_left": _("All of it is on its way back, exchanged or refunded."),
    }[allowed.reason] % {"day": words.day(allowed.until)}
    if line.is_gift and allowed.pieces:
        sentence = f"{GIFT} {sentence}"
    return ReturnableLine(
        line_id=line.pk,
        variant_id=variant_id,
        name=line.name if variant_id == line.variant_id else words.name(variant_id, line.name),
        pieces=allowed.pieces,
        until=allowed.until,
        reason=allowed.reason,
        sentence=sentence,
        choices=tuple(
            Choice(one, words.name(one, ""), min(left, allowed.pieces))
            for one, left in free.items()
            if one in words.cards
        ),
        is_kept=is_kept,
    )


def _view(row: Return, order: Order, words: _Words) -> ReturnView:
    kept = row.state == ReturnState.REQUESTED and any(e.exchanges.all() for e in row.lines.all())
    return ReturnView(
        return_id=row.pk,
        number=row.number,
        state=row.state,
        state_text=str(STATES[ReturnState(row.state)]),
        reason=row.reason,
        reason_text=str(REASONS[Return.Reason(row.reason)]),
        shop_pays=row.shop_pays,
        instruction=words.instruction,
        requested_at=row.requested_at,
        refunded_minor=row.refunded_minor,
        currency=order.currency,
        refusal=row.refusal,
        items=tuple(_view_item(each, words) for each in row.lines.all()),
        is_withdrawable=row.state == ReturnState.REQUESTED,
        kept_until=words.day(row.requested_at + HOLD) if kept else "",
    )


def _view_item(each: ReturnLine, words: _Words) -> ReturnItem:
    variant_id = each.variant_id or each.line.variant_id
    card = words.cards.get(variant_id)
    return ReturnItem(
        line_id=each.line_id,
        variant_id=variant_id,
        name=words.name(variant_id, each.line.name) if each.variant_id else each.line.name,
        quantity=each.quantity,
        accepted=each.accepted_quantity,
        slug="" if card is None else card.slug,
        exchanges=tuple(
            ExchangeItem(
                one.variant_id,
                words.name(one.variant_id, one.name),
                one.quantity,
                one.sent_quantity,
            )
            for one in each.exchanges.all()
        ),
        is_kept=each.is_kept,
    )
