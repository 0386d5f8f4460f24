"""Read a member's points: balance, history, and whether the books agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Min, Q, QuerySet, Sum

from promotions.loyalty.models import PointsAccount, PointsEntry, PointsLot
from promotions.loyalty.selectors.pos import name_pos_sales

SHOWN = (
    *("earn", "release", "hold", "unhold", "return", "reverse"),
    *("settle", "expire", "adjust", "refer"),
)


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's points at one moment. `available` leaves out what has expired by then.

    `expiring` points go at `expires_at` at the earliest if they are not used before.
    """

    account_id: int
    available: int
    pending: int
    owed: int
    invite_code: str
    member_number: str
    joined_at: datetime
    expiring: int = 0
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointsMove:
    """One line of a member's history. `points` is signed as the member sees it.

    `store` is where it was, "" online; `order_ref` is then the till's own reference.
    """

    entry_id: int
    kind: str
    points: int
    is_pending: bool
    order_ref: str
    note: str
    at: datetime
    store: str = ""


def find_balance(*, shopper_id: int, now: datetime) -> Balance | None:
    """Return the points of a member, or None for who has not joined. Two queries.

    Expiry is judged here, whether or not the job has booked it yet.
    """
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    return None if account is None else describe_account(account, now)


def describe_account(account: PointsAccount, now: datetime) -> Balance:
    """Return the balance of an account row at `now`. One query."""
    open_lots = PointsLot.objects.filter(account=account, left__gt=0)
    gone = expired_lots(now)
    known = open_lots.aggregate(
        gone=Sum("left", filter=gone), next_at=Min("expires_at", filter=~gone)
    )
    expiring = 0
    if known["next_at"] is not None:
        soon = open_lots.exclude(gone).filter(expires_at=known["next_at"])
        expiring = soon.aggregate(points=Sum("left"))["points"] or 0
    return Balance(
        account_id=account.pk,
        available=account.available - (known["gone"] or 0),
        pending=account.pending,
        owed=account.owed,
        invite_code=account.invite_code or "",
        member_number=account.member_number or "",
        joined_at=account.joined_at,
        expiring=expiring,
        expires_at=known["next_at"],
    )


def expired_lots(now: datetime) -> Q:
    """Return which lots have expired: their time has come and their owner was told before."""
    return Q(expires_at__lte=now, warned_at__isnull=False)


def list_moves(*, account_id: int, limit: int = 30, before: int | None = None) -> list[PointsMove]:
    """Return a member's history, newest first; `before` is an entry id. One query, two where tills
    are in it.
    """
    moves = [_move(entry) for entry in moves_of(account_id, before)[:limit]]
    named = name_pos_sales({move.order_ref for move in moves})
    return [
        replace(move, store=named[move.order_ref][0], order_ref=named[move.order_ref][1])
        if move.order_ref in named
        else move
        for move in moves
    ]


def moves_of(account_id: int, before: int | None = None) -> QuerySet[PointsEntry]:
    """Return the entries a member is shown, newest first; paying an order is told when held."""
    entries = PointsEntry.objects.filter(account_id=account_id, kind__in=SHOWN)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return entries.order_by("-pk")


def _move(entry: PointsEntry) -> PointsMove:
    into = {"available": 1, "pending": 1, "owed": 1}.get(entry.target, 0)
    if entry.kind in ("hold", "reverse", "expire"):
        into = -1
    if entry.kind == "adjust" and entry.source == "available":
        into = -1
    return PointsMove(
        entry_id=entry.pk,
        kind=entry.kind,
        points=entry.points * into,
        is_pending=entry.target == "pending" or (entry.source == "pending" and into < 0),
        order_ref=entry.order_ref,
        note=entry.note if entry.kind == "adjust" else "",
        at=entry.at,
    )
