"""Pay with points at a till: held while the sale is open, given back when it is not made.

Locks: the sale, the code, then the account and its order, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.db import transaction

from promotions.loyalty.core.points import PointsPlan, plan_points
from promotions.loyalty.core.pos import HOLD_LASTS, PosRefused, PosTerminal
from promotions.loyalty.models import PointsAccount, PointsOrder, TillAct, TillSale, TillToken
from promotions.loyalty.selectors.points import describe_account
from promotions.loyalty.selectors.terms import Programme, find_programme, pos_order_ref
from promotions.loyalty.services.points import (
    PointsRefused,
    book_expiry,
    digest_points_code,
    lock_account,
    use_points_code,
)
from promotions.loyalty.services.points_orders import hold_spent, release_points
from promotions.metrics import till_acts_total
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


State = TillSale.State


@transaction.atomic
def hold_at_pos(
    *,
    till: PosTerminal,
    reference: str,
    code: str,
    amount_minor: int,
    currency: str,
    wanted: int | None,
    now: datetime,
) -> Answer:
    """Hold as many of a member's points as `amount_minor` takes, at most `wanted`.

    Raises PosRefused (code_unknown, code_expired, code_used, nothing_to_use, currency_differs,
    sale_differs, sale_closed), PointsRefused (no_programme), TooManyWrongCodes; then nothing has
    happened and the code is as good as before.
    """
    check_currency(till, currency)
    sale = open_sale(till, reference, now)
    body = {"code": digest_points_code(code), "amount": amount_minor, "wanted": wanted}
    if sale.state != State.OPEN:
        known = recall(sale, Ask(till, Kind.HOLD, str(sale.attempts), body, now))
        return known or refuse_closed()
    account_id = use_points_code(till=till, code=code, now=now)
    programme = require_programme(till.market_code, now)
    plan = _plan(programme, account_id, (amount_minor, wanted), now)
    sale.attempts += 1
    order_ref = pos_order_ref(sale.pk, sale.attempts)
    sale.points_order = _hold(order_ref, account_id, programme, plan, now)
    sale.state, sale.total_minor, sale.held_at = State.HELD, amount_minor, now
    sale.save()
    answer = {
        "points_used": plan.points,
        "points_minor": plan.amount_minor,
        "left_minor": amount_minor - plan.amount_minor,
        "reason": plan.reason if wanted is not None else "",
        **tell_balance(account_id, now),
    }
    till_acts_total.labels(kind=Kind.HOLD.value).inc()
    return record(sale, Ask(till, Kind.HOLD, str(sale.attempts), body, now), answer)


@transaction.atomic
def cancel_at_pos(*, till: PosTerminal, reference: str, now: datetime) -> Answer:
    """Give back what is held for a sale that is still open; twice is once.

    Raises PosRefused (sale_unknown; sale_closed once it was sold: products come back as a return).
    """
    return _cancel(lock_sale(till, reference), till, now)


def release_stale_holds(*, now: datetime, limit: int = 200) -> int:
    """Give back what tills held and never came back for; return how many. One transaction each."""
    stale = TillSale.objects.filter(state=State.HELD, held_at__lte=now - HOLD_LASTS)
    ids = list(stale.order_by("held_at").values_list("pk", flat=True)[:limit])
    return sum(_release(sale_id, now) for sale_id in ids)


def check_currency(till: PosTerminal, currency: str) -> None:
    """Refuse money of another market. Raises PosRefused (currency_differs)."""
    if currency != till.currency:
        raise PosRefused(
            gettext_noop("This store sells in another currency."),
            code="currency_differs",
            currency=till.currency,
        )


def refuse_closed() -> NoReturn:
    """Say that a sale was sold already."""
    raise PosRefused(gettext_noop("This sale is closed."), code="sale_closed")


def require_programme(market_code: str, now: datetime) -> Programme:
    """Return the programme that holds. Raises PointsRefused (no_programme)."""
    programme = find_programme(market_code=market_code, now=now)
    if programme is None:
        raise PointsRefused(gettext_noop("There is no points programme here."), code="no_programme")
    return programme


def _plan(
    programme: Programme, account_id: int, asked: tuple[int, int | None], now: datetime
) -> PointsPlan:
    amount_minor, wanted = asked
    book_expiry(account_id=account_id, now=now)  # locks the account
    available = PointsAccount.objects.values_list("available", flat=True).get(pk=account_id)
    plan = plan_points(
        programme.terms,
        wanted=available if wanted is None else wanted,
        available=available,
        goods=[amount_minor],
    )
    if not plan.points:
        raise PosRefused(
            gettext_noop("No points can be used for this amount."),
            code="nothing_to_use",
            reason=plan.reason or "no_points",
        )
    return plan


def _hold(
    order_ref: str, account_id: int, programme: Programme, plan: PointsPlan, now: datetime
) -> PointsOrder:
    return PointsOrder.objects.create(
        account_id=account_id,
        terms_id=programme.terms.terms_id,
        order_ref=order_ref,
        spent=plan.points,
        spent_minor=plan.amount_minor,
        spent_lasts_until=hold_spent(account_id, order_ref, plan.points, now),
        at=now,
    )


@transaction.atomic
def _release(sale_id: int, now: datetime) -> int:
    sale = TillSale.objects.select_for_update(of=("self",)).get(pk=sale_id)
    if sale.state != State.HELD:
        return 0
    clock = PosTerminal(0, sale.store_id, "", sale.currency)
    _cancel(sale, clock, now)
    return 1


def _cancel(sale: TillSale, till: PosTerminal, now: datetime) -> Answer:
    ask = Ask(till, Kind.CANCEL, str(sale.attempts), {}, now)
    if sale.state == State.SOLD:
        refuse_closed()
    known = recall(sale, ask)
    order = sale.points_order
    if known is not None or order is None:
        return known or {}
    lock_account(order.account_id)
    release_points(order_ref=order.order_ref, now=now)
    sale.state, sale.points_order, sale.total_minor = State.OPEN, None, 0
    sale.held_at = None
    sale.save()
    order.refresh_from_db()
    answer = {"points_back": order.returned, **tell_balance(order.account_id, now)}
    till_acts_total.labels(kind=Kind.CANCEL.value).inc()
    return record(sale, ask, answer)
