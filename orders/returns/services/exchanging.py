"""Send what shoppers want in place of accepted pieces, as far as it is in stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from orders.fulfilment.api import Replacement, plan_replacements
from orders.order.models import Order
from orders.payments.api import count_refundable
from orders.refusals import OrderRefused
from orders.returns.core import Finding
from orders.returns.models import Return, ReturnExchange, ReturnLine
from orders.returns.services.holding import holder_of, take_exchanges
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import lock_stock, return_stock


def exchange_pieces(
    order: Order,
    row: Return,
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    *,
    now: datetime,
    by_id: int | None,
) -> Counter[int]:
    """Plan a parcel with the replacements; return how many pieces of each order line it replaces.

    Money does not move for these pieces. Exchanged pieces that are sold on go back on the shelf
    here, and so do all pieces of another variant than the line's. Raises OrderRefused
    (not_refundable) where accepted pieces were refunded meanwhile.
    """
    _lock(row, lines, found)
    wanted = _share_out(lines, found)
    _require_left(lines, found, wanted)
    taken = take_exchanges(order, row, wanted, now=now)
    sent: Counter[int] = Counter()
    for one in wanted:
        one.sent_quantity = taken.get(one, 0)
        one.save(update_fields=["sent_quantity"])
        sent[one.line.line_id] += one.sent_quantity
    _restock(order, lines, found, sent, now)
    if taken:
        pieces = [
            Replacement(one.line.line_id, one.variant_id, one.sku, one.name, quantity)
            for one, quantity in taken.items()
        ]
        plan_replacements(order, pieces, now=now, by_id=by_id)
    return sent


def count_shelved(line: ReturnLine, found: Finding, sent: int) -> int:
    """Return how many pieces go back on the shelf here; the refund puts back the others.

    A refund puts back what was bought: not what a piece was exchanged for before.
    """
    return min(found.restocked, sent) if line.variant_id is None else found.restocked


def _lock(row: Return, lines: Sequence[ReturnLine], found: Mapping[int, Finding]) -> None:
    back = {_variant(each) for each in lines if found[each.line_id].restocked}
    wanted = {one.variant_id for each in lines for one in each.exchanges.all()}
    lock_stock(holder=holder_of(row), variant_ids=back | wanted)


def _share_out(
    lines: Sequence[ReturnLine], found: Mapping[int, Finding]
) -> dict[ReturnExchange, int]:
    """Return how many accepted pieces each exchange may replace."""
    shared: dict[ReturnExchange, int] = {}
    for each in lines:
        left = found[each.line_id].accepted
        for one in each.exchanges.all():
            one.line = each
            shared[one] = min(left, one.quantity)
            left -= shared[one]
    return shared


def _require_left(
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    wanted: Mapping[ReturnExchange, int],
) -> None:
    """Raise OrderRefused where fewer pieces are left than are to be replaced and refunded."""
    exchanged = {one.line_id for one, pieces in wanted.items() if pieces}
    for each in lines:
        if each.pk in exchanged and found[each.line_id].accepted > count_refundable(each.line):
            said = _("Pieces of this return were refunded meanwhile: accept fewer.")
            raise OrderRefused(said, code="not_refundable")


def _restock(
    order: Order,
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    sent: Mapping[int, int],
    now: datetime,
) -> None:
    back = [
        StockLine(_variant(each), count_shelved(each, found[each.line_id], sent[each.line_id]))
        for each in lines
    ]
    pieces = [one for one in back if one.quantity]
    if pieces:
        return_stock(lines=pieces, reference=order.number, now=now)


def _variant(line: ReturnLine) -> int:
    return line.variant_id or line.line.variant_id
