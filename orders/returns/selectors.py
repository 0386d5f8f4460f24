"""Read the rules of returns, what may be sent back, and returns."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_date
from django.db.models import Case, F, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from orders.core.wording import locale_of
from orders.fulfilment.api import list_handed_out
from orders.models import Order, OrderLine
from orders.returns.core import (
    Allowance,
    LineFacts,
    OrderReturns,
    Payer,
    ReturnableLine,
    ReturnItem,
    ReturnState,
    ReturnView,
    Rule,
    Sent,
    allow,
    find_rule,
)
from orders.returns.models import Return, ReturnLine, ReturnRule
from orders.selectors.terms import FRESH_SECONDS
from shop.catalog.selectors import list_cards

OVERDUE = timedelta(days=7)  # so long may a return that arrived wait for its refund

STATES = {
    ReturnState.REQUESTED: gettext_lazy("Return announced"),
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

_kept: dict[bool, tuple[float, list[Rule]]] = {}


def load_rules(language: str = "en", *, clock: Callable[[], float] = time.monotonic) -> list[Rule]:
    """Return the rules of all parts of the catalogue. No query while fresh, else one.

    A change by staff is seen everywhere within FRESH_SECONDS, as with taxes and deliveries.
    """
    is_chinese = language.startswith("zh")
    known = _kept.get(is_chinese)
    if known is None or clock() - known[0] >= FRESH_SECONDS:
        known = _kept[is_chinese] = (clock(), _read_rules(is_chinese))
    return known[1]


def forget_rules() -> None:
    """Read the rules again the next time (tests, and after a change in this process)."""
    _kept.clear()


def _read_rules(is_chinese: bool) -> list[Rule]:
    return [
        Rule(
            row.category_path,
            row.window_days,
            Payer(row.payer),
            (row.instruction_zh if is_chinese else "") or row.instruction,
        )
        for row in ReturnRule.objects.all()
    ]


def say_rule(rule: Rule, language: str) -> str:
    """Return the promise of a rule in one sentence."""
    days = rule.window_days
    with override(language):
        if not days:
            return _("This cannot be sent back.")
        if rule.payer == Payer.SHOP:
            return ngettext(
                "You can send it back within %(n)s day of delivery. We pay the postage.",
                "You can send it back within %(n)s days of delivery. We pay the postage.",
                days,
            ) % {"n": days}
        return ngettext(
            "You can send it back within %(n)s day of delivery. You pay the postage.",
            "You can send it back within %(n)s days of delivery. You pay the postage.",
            days,
        ) % {"n": days}


def describe_returns(*, category_path: str, language: str) -> str:
    """Return what the shop promises about returns of a part of the catalogue. One query."""
    return say_rule(find_rule(load_rules(language), category_path), language)


def show_returns(*, order_id: int, now: datetime, language: str = "en") -> OrderReturns:
    """Return the returns of an order and what may still be sent back.

    Six queries, and one for catalogue cards that are not in memory; one for a till's order.
    """
    order = Order.objects.get(pk=order_id)
    if order.channel != "online":
        return OrderReturns()
    lines = list(order.lines.order_by("position"))
    cards = {one.variant_id: one for one in list_cards([li.variant_id for li in lines], language)}
    slugs = {line.pk: card.slug for line in lines if (card := cards.get(line.variant_id))}
    allowed = list_allowances(order, lines, now)
    with override(language):
        returnable = tuple(
            _say_line(line, allowed[line.pk], order, language) for line in lines if allowed
        )
        rows = Return.objects.filter(order=order).prefetch_related("lines__line")
        instruction = find_rule(load_rules(language), "").instruction
        return OrderReturns(
            lines=returnable,
            returns=tuple(_view(row, order, slugs, instruction) for row in rows),
            reasons=tuple((str(code), str(text)) for code, text in REASONS.items()),
        )


def list_allowances(
    order: Order, lines: Iterable[OrderLine], now: datetime
) -> dict[int, Allowance]:
    """Return by line what may be sent back at `now`. Three queries and one for cards."""
    lines = list(lines)
    rules = load_rules()
    cards = list_cards([line.variant_id for line in lines], "en")
    paths = {card.variant_id: card.category_path for card in cards}
    facts = _read_facts(order, lines)
    return {
        line.pk: allow(facts[line.pk], find_rule(rules, paths.get(line.variant_id, "")), now)
        for line in lines
    }


def list_overdue(now: datetime) -> QuerySet[Return]:
    """Return the returns that arrived OVERDUE ago or more and wait for their refund."""
    return Return.objects.filter(state=ReturnState.RECEIVED, received_at__lte=now - OVERDUE)


def count_by_category(*, since: datetime) -> list[dict[str, Any]]:
    """Return pieces sent back and refunded by category since then, most first. One query.

    Of settled returns the accepted pieces count; money is each line's share of its price.
    """
    lines = ReturnLine.objects.filter(item__state=ReturnState.SETTLED, item__settled_at__gte=since)
    share = Case(
        When(line__quantity=0, then=0),
        default=F("line__total_minor") * F("accepted_quantity") / F("line__quantity"),
    )
    counted = lines.values(
        category=F("line__variant__product__category__name"), currency=F("item__order__currency")
    )
    rows = counted.annotate(
        returns=Sum("quantity"), accepted=Sum("accepted_quantity"), worth_minor=Sum(share)
    )
    return [dict(row) for row in rows.order_by("-returns", "category")]


def view_return(row: Return, language: str) -> ReturnView:
    """Return one return in the reader's language. Three queries and one for cards."""
    lines = [each.line for each in row.lines.select_related("line")]
    cards = {one.variant_id: one for one in list_cards([li.variant_id for li in lines], language)}
    slugs = {line.pk: card.slug for line in lines if (card := cards.get(line.variant_id))}
    instruction = find_rule(load_rules(language), "").instruction
    with override(language):
        return _view(row, row.order, slugs, instruction)


def find_return(number: str) -> int | None:
    """Return the id of the return with this number. One query."""
    return Return.objects.filter(number=number).values_list("pk", flat=True).first()


def get_return(*, return_id: int, language: str = "en") -> ReturnView:
    """Return one return. Four queries and one for cards."""
    return view_return(Return.objects.select_related("order").get(pk=return_id), language)


def list_returns(
    *, state: str, limit: int, after: str | None = None, language: str = "en"
) -> list[ReturnView]:
    """Return the returns in a state ("" for all), oldest first; `after` is a number to go on after.

    Three queries, four with `after`.
    """
    rows = Return.objects.filter(state=state) if state else Return.objects.all()
    if after is not None:
        last = Return.objects.filter(number=after).values_list("requested_at", "pk").first()
        if last is None:
            return []
        rows = rows.filter(Q(requested_at__gt=last[0]) | Q(requested_at=last[0], pk__gt=last[1]))
    rows = rows.select_related("order").prefetch_related("lines__line")
    instruction = find_rule(load_rules(language), "").instruction
    with override(language):
        shown = rows.order_by("requested_at", "pk")[:limit]
        return [_view(row, row.order, {}, instruction) for row in shown]


def export_returns(order_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return the returns of these orders as JSON values. Two queries."""
    rows = Return.objects.filter(order_id__in=order_ids).prefetch_related("lines__line")
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
                }
                for each in row.lines.all()
            ],
        }
        for row in rows.order_by("requested_at", "pk")
    ]


def _read_facts(order: Order, lines: Iterable[OrderLine]) -> dict[int, LineFacts]:
    sent: dict[int, list[Sent]] = {}
    for each in list_handed_out([order.pk]):
        since = each.shipment.delivered_at or each.shipment.shipped_at
        if since is not None:
            sent.setdefault(each.line_id, []).append(Sent(each.quantity, since))
    claimed: dict[int, int] = {}
    waiting: dict[int, int] = {}
    rows = ReturnLine.objects.filter(item__order=order).exclude(item__state=ReturnState.WITHDRAWN)
    for row in rows.select_related("item"):
        claimed[row.line_id] = claimed.get(row.line_id, 0) + row.quantity
        if row.item.state != ReturnState.SETTLED:
            waiting[row.line_id] = waiting.get(row.line_id, 0) + row.quantity
    return {
        line.pk: LineFacts(
            bought=line.quantity,
            refunded=line.refunded_quantity,
            claimed=claimed.get(line.pk, 0),
            waiting=waiting.get(line.pk, 0),
            sent=sent.get(line.pk, ()),
        )
        for line in lines
    }


def _say_line(line: OrderLine, allowed: Allowance, order: Order, language: str) -> ReturnableLine:
    day = (
        ""
        if allowed.until is None
        else format_date(allowed.until, "medium", locale=locale_of(language))
    )
    sentence = {
        "": _("May be sent back until %(day)s."),
        "never": _("Cannot be sent back."),
        "not_sent": _("Can be sent back once it has left us."),
        "over": _("The time to send it back ended on %(day)s."),
        "none_left": _("All of it is on its way back or refunded."),
    }[allowed.reason] % {"day": day}
    if line.is_gift and allowed.pieces:
        sentence = f"{GIFT} {sentence}"
    return ReturnableLine(
        line_id=line.pk,
        name=line.name,
        pieces=allowed.pieces,
        until=allowed.until,
        reason=allowed.reason,
        sentence=sentence,
    )


def _view(row: Return, order: Order, slugs: dict[int, str], instruction: str) -> ReturnView:
    return ReturnView(
        return_id=row.pk,
        number=row.number,
        state=row.state,
        state_text=str(STATES[ReturnState(row.state)]),
        reason=row.reason,
        reason_text=str(REASONS[Return.Reason(row.reason)]),
        shop_pays=row.shop_pays,
        instruction=instruction,
        requested_at=row.requested_at,
        refunded_minor=row.refunded_minor,
        currency=order.currency,
        refusal=row.refusal,
        items=tuple(
            ReturnItem(
                line_id=each.line_id,
                name=each.line.name,
                quantity=each.quantity,
                accepted=each.accepted_quantity,
                slug=slugs.get(each.line_id, ""),
            )
            for each in row.lines.all()
        ),
        is_withdrawable=row.state == ReturnState.REQUESTED,
    )
