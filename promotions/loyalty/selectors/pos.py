"""Read who a till is, and name its sales where members read their history."""

from __future__ import annotations

from collections.abc import Collection

from promotions.loyalty.core.pos import PosTerminal
from promotions.loyalty.models import TillSale, TillToken
from promotions.tokens.api import find_token


def find_pos_terminal(token: str) -> PosTerminal | None:
    """Return the till a token belongs to, or None: unknown, or revoked. One query."""
    rows = find_token(TillToken, token)
    found = rows.values_list(
        "pk", "store_id", "store__market_id", "store__market__currency"
    ).first()
    return None if found is None else PosTerminal(*found)


def pos_order_ref(sale_id: int, attempt: int) -> str:
    """Return under which name the ledger knows the points of a till's sale.

    >>> pos_order_ref(12, 1)
    'T12-1'
    """
    return f"T{sale_id}-{attempt}"


def name_pos_sales(order_refs: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return (store, reference) of those that are sales at a till. One query, none without any."""
    ids = {ref: int(ref[1:].partition("-")[0]) for ref in order_refs if _is_till(ref)}
    if not ids:
        return {}
    rows = TillSale.objects.filter(pk__in=ids.values())
    names = {
        pk: (store, ref) for pk, store, ref in rows.values_list("pk", "store__name", "reference")
    }
    return {ref: names[sale_id] for ref, sale_id in ids.items() if sale_id in names}


def _is_till(order_ref: str) -> bool:
    number, _, attempt = order_ref[1:].partition("-")
    return order_ref[:1] == "T" and number.isdecimal() and attempt.isdecimal()
