"""Tokens of points of sale, and their requests: one reference, one effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotions.loyalty.core.pos import PosRefused, PosTerminal
from promotions.loyalty.models import PointsAccount, TillAct, TillSale, TillToken
from promotions.loyalty.selectors.points import describe_account
from promotions.tokens.api import make_token
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.translation import gettext_noop

Answer = dict[str, Any]
Kind = TillAct.Kind


@dataclass(frozen=True, slots=True)
class Ask:
    """What a till asks for: `body` is all that must be the same when it asks again."""

    till: PosTerminal
    kind: Kind
    key: str
    body: dict[str, Any]
    now: datetime


def open_sale(till: PosTerminal, reference: str, now: datetime) -> TillSale:
    """Return the sale of that reference, new or known, locked until the transaction ends."""
    sale, _ = TillSale.objects.get_or_create(
        store_id=till.store_id,
        reference=reference,
        defaults={"currency": till.currency, "at": now},
    )
    return TillSale.objects.select_for_update(of=("self",)).get(pk=sale.pk)


def lock_sale(till: PosTerminal, reference: str) -> TillSale:
    """Return a sale that is known, locked. Raises PosRefused (sale_unknown)."""
    rows = TillSale.objects.select_for_update(of=("self",))
    sale = rows.filter(store_id=till.store_id, reference=reference).first()
    if sale is None:
        raise PosRefused(
            gettext_noop("This store has no sale of that reference."), code="sale_unknown"
        )
    return sale


def recall(sale: TillSale, ask: Ask) -> Answer | None:
    """Return what this was answered before; None if it is new. Raises PosRefused (sale_differs).

    The same reference with another body is a mistake somebody must hear of.
    """
    known = TillAct.objects.filter(sale=sale, kind=ask.kind, key=ask.key).first()
    if known is None:
        return None
    if known.fingerprint != fingerprint(ask.body):
        raise PosRefused(
            gettext_noop("This reference was sent before with something else."), code="sale_differs"
        )
    answer: Answer = known.answer
    return answer


def record(sale: TillSale, ask: Ask, answer: Answer) -> Answer:
    """Keep what was done and answered; return the answer."""
    TillAct.objects.create(
        sale=sale,
        token_id=ask.till.token_id or None,
        kind=ask.kind,
        key=ask.key,
        fingerprint=fingerprint(ask.body),
        answer=answer,
        at=ask.now,
    )
    return answer


def tell_balance(account_id: int, now: datetime) -> Answer:
    """Return what a till may say of a member: points, no name, no history. Two queries."""
    balance = describe_account(PointsAccount.objects.get(pk=account_id), now)
    return {"available": balance.available, "pending": balance.pending}


def make_pos_token(
    *, store_id: int, name: str, by_id: int | None, now: datetime
) -> tuple[int, str]:
    """Return a new token's id and the token itself, which is shown this once."""
    return make_token(TillToken, store_id=store_id, name=name, created_by_id=by_id, now=now)
