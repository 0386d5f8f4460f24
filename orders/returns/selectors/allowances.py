"""What of an order may be returned or exchanged, by which rules, and the rules in a sentence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from orders.fulfilment.api import list_handed_out
from orders.order.models import Order, OrderLine
from orders.returns.core import (
    Allowance,
    LineFacts,
    Payer,
    ReturnState,
    Rule,
    Sent,
    allow,
    find_rule,
)
from orders.returns.models import ReturnLine, ReturnRule
from orders.terms.api import FRESH_SECONDS
from pricing.api import current_public_prices
from shop.ground.catalog.selectors import list_cards, list_families
from shop.ground.inventory.selectors import available

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
    """Read the rules again the next time (tests)."""
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


def say_rule(rule: Rule, language: str, *, is_perishable: bool = False) -> str:
    """Return the promise of a rule in one sentence."""
    days = rule.window_days
    with override(language):
        if not days:
            return _("This cannot be sent back.")
        if is_perishable:
            return ngettext(
                "It is perishable: for %(n)s day after delivery we refund it without your sending "
                "it back.",
                "It is perishable: for %(n)s days after delivery we refund it without your sending "
                "it back.",
                days,
            ) % {"n": days}
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


def describe_returns(*, category_path: str, language: str, is_perishable: bool = False) -> str:
    """Return what the shop promises about returns of a part of the catalogue. One query."""
    rule = find_rule(load_rules(language), category_path)
    return say_rule(rule, language, is_perishable=is_perishable)


# A line of an order, and the variant that its shopper has: another than was bought, if exchanged.
type Kind = tuple[int, int]


def list_allowances(
    order: Order, lines: Iterable[OrderLine], now: datetime
) -> dict[Kind, Allowance]:
    """Return by line and variant what may be sent back at `now`. Two queries and one for cards."""
    known = {line.pk: line for line in lines}
    rules = load_rules()
    cards = list_cards([line.variant_id for line in known.values()], "en")
    paths = {card.variant_id: card.category_path for card in cards}
    return {
        (line_id, variant_id): allow(
            facts, find_rule(rules, paths.get(known[line_id].variant_id, "")), now
        )
        for (line_id, variant_id), facts in _read_facts(order, known).items()
    }


def list_choices(
    order: Order, kinds: Collection[Kind], *, now: datetime
) -> dict[Kind, dict[int, int]]:
    """Return of each what it may be exchanged for now: pieces free by variant.

    Nothing for gifts. Always for the same again; else for variants of the product whose public
    price is the same now, or is what it was when it was bought. Two queries.
    """
    families = list_families()
    bought = dict(order.lines.filter(is_gift=False).values_list("pk", "public_minor"))
    members = {kind: families.get(kind[1], (kind[1],)) for kind in kinds}
    asked = sorted({one for family in members.values() for one in family})
    sold = current_public_prices(variant_ids=asked, now=now, market=order.market_code)
    prices = dict(zip(sold.variant_id.tolist(), sold.public_minor.tolist(), strict=True))
    free = available(list(prices))
    return {
        (line_id, variant_id): {
            one: free[one]
            for one in family
            if line_id in bought
            and free.get(one, 0) > 0
            and (one == variant_id or prices[one] in (bought[line_id], prices.get(variant_id)))
        }
        for (line_id, variant_id), family in members.items()
    }


def _read_facts(order: Order, lines: dict[int, OrderLine]) -> dict[Kind, LineFacts]:
    sent: dict[Kind, list[Sent]] = {(pk, line.variant_id): [] for pk, line in lines.items()}
    for each in list_handed_out([order.pk]):
        since = each.shipment.delivered_at or each.shipment.shipped_at
        if since is not None:
            kind = (each.line_id, each.variant_id or lines[each.line_id].variant_id)
            sent.setdefault(kind, []).append(Sent(each.quantity, since))
    claimed: Counter[Kind] = Counter()
    waiting: Counter[int] = Counter()
    rows = ReturnLine.objects.filter(item__order=order).exclude(item__state=ReturnState.WITHDRAWN)
    for row in rows.select_related("item"):
        claimed[row.line_id, row.variant_id or lines[row.line_id].variant_id] += row.quantity
        if row.item.state != ReturnState.SETTLED:
            waiting[row.line_id] += row.quantity
    return {
        (line_id, variant_id): LineFacts(
            bought=lines[line_id].quantity,
            refunded=lines[line_id].refunded_quantity,
            claimed=claimed[line_id, variant_id],
            waiting=waiting[line_id],
            sent=parcels,
            replacing=lines[line_id].replacing_quantity,
        )
        for (line_id, variant_id), parcels in sent.items()
    }
