"""Read a member's points: balance, history, and whether the books agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from promotions.loyalty.core.points import EarnLine, PointsPlan, earn_points, plan_points
from promotions.loyalty.models import (
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsLot,
    PointsOrder,
    Referral,
    TillSale,
)
from promotions.loyalty.selectors.terms import (
    Programme,
    find_programme,
    name_pos_sales,
    read_standing,
)

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


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """A line's price after offers, and its categories from department to leaf."""

    minor: int
    category_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PointsOffer:
    """What a cart earns and what points pay: `plan` as wanted, `most` if all were used."""

    is_member: bool
    earns: int
    available: int
    pending: int
    least: int
    plan: PointsPlan
    most: PointsPlan


def plan_points_of(
    *,
    shopper_id: int | None,
    market_code: str,
    goods: Sequence[PricedProduct],
    wanted: int,
    bonus: int,
    now: datetime,
) -> PointsOffer | None:
    """Return a cart's points, or None without a programme in the market.

    `shopper_id` is None for who cannot be a member. No query then; one for an account holder, two
    for a member.
    """
    programme = find_programme(market_code=market_code, now=now)
    if programme is None:
        return None
    account, available = _find_account(shopper_id, market_code, now)
    prices = [each.minor for each in goods]
    plan, most = (
        plan_points(programme.terms, wanted=points, available=available, goods=prices)
        for points in (wanted, available)
    )
    left = [
        EarnLine(each.minor - paid, each.category_ids)
        for each, paid in zip(goods, plan.amounts, strict=True)
    ]
    tier = None if account is None else _tier_of(account.pk, programme, now)
    return PointsOffer(
        is_member=account is not None,
        earns=sum(earn_points(programme.terms, left, tier, bonus)),
        available=available,
        pending=0 if account is None else account.pending,
        least=programme.terms.min_points,
        plan=plan,
        most=most,
    )


def preview_points(
    *,
    market_code: str,
    minor: int,
    category_ids: tuple[int, ...],
    now: datetime,
    find_tier: Callable[[], str | None],
) -> int:
    """Return what products of that price earn in the tier that `find_tier` names; 0 without a
    programme.

    It is asked only where some tier multiplies points. No query of its own.
    """
    programme = find_programme(market_code=market_code, now=now)
    if programme is None:
        return 0
    tier = None
    if any(each != 1 for each in programme.terms.tier_multipliers.values()):
        tier = find_tier()
    return sum(earn_points(programme.terms, [EarnLine(minor, category_ids)], tier))


def _find_account(
    shopper_id: int | None, market_code: str, now: datetime
) -> tuple[PointsAccount | None, int]:
    """Return the member's account and what of it has not expired by `now`."""
    if shopper_id is None:
        return None, 0
    gone = Q(lots__expires_at__lte=now, lots__warned_at__isnull=False)
    rows = PointsAccount.objects.filter(shopper_id=shopper_id, market_code=market_code)
    row: Any = rows.annotate(gone=Coalesce(Sum("lots__left", filter=gone), 0)).first()
    return (None, 0) if row is None else (row, row.available - row.gone)


def _tier_of(account_id: int, programme: Programme, now: datetime) -> str | None:
    if not programme.tiers:
        return None
    standing = read_standing(account_id=account_id, programme=programme, now=now)
    return standing.tier.code if standing.tier else None


def export_points(shopper_id: int) -> Mapping[str, Any] | None:
    """Return JSON values of a member's points, or None for who never joined. Seven queries."""
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    if account is None:
        return None
    invited = Referral.objects.filter(Q(referrer=account) | Q(invited=account))
    return {
        "joined_at": account.joined_at.isoformat(),
        "invite_code": account.invite_code,
        "member_number": account.member_number,
        "balances": {
            name: getattr(account, name) for name in ("pending", "available", "held", "owed")
        },
        "entries": [_entry(each) for each in PointsEntry.objects.filter(account=account)],
        "lots": [_lot(lot) for lot in PointsLot.objects.filter(account=account)],
        "orders": [_order(order) for order in PointsOrder.objects.filter(account=account)],
        "store_sales": [_till_sale(sale) for sale in _till_sales(account)],
        "corrections": [
            _correction(each) for each in PointsAdjustment.objects.filter(account=account)
        ],
        # That a friend joined is told, who the friend is belongs to the friend
        "referrals": [
            {
                "role": "inviter" if each.referrer_id == account.pk else "invited",
                "state": each.state,
                "reason": each.reason,
                "order": each.order_ref if each.invited_id == account.pk else "",
                "at": each.at.isoformat(),
            }
            for each in invited.order_by("pk")
        ],
    }


def _order(order: PointsOrder) -> dict[str, Any]:
    return {
        "order": order.order_ref,
        "earned": order.earned,
        "reversed": order.reversed,
        "spent": order.spent,
        "spent_minor": order.spent_minor,
        "returned": order.returned,
        "at": order.at.isoformat(),
        "paid_at": None if order.paid_at is None else order.paid_at.isoformat(),
        "identity": order.identity,
    }


def _till_sales(account: PointsAccount) -> QuerySet[TillSale]:
    return TillSale.objects.filter(points_order__account=account).select_related(
        "store", "points_order"
    )


def _till_sale(sale: TillSale) -> dict[str, Any]:
    return {
        "store": sale.store.name,
        "reference": sale.reference,
        "order": sale.points_order.order_ref if sale.points_order else "",
        "currency": sale.currency,
        "total_minor": sale.total_minor,
        "lines": sale.lines,
        "at": sale.at.isoformat(),
        "sold_at": None if sale.sold_at is None else sale.sold_at.isoformat(),
    }


def _entry(entry: PointsEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "points": entry.points,
        "order": entry.order_ref,
        "note": entry.note,
        "at": entry.at.isoformat(),
    }


def _lot(lot: PointsLot) -> dict[str, Any]:
    return {
        "points": lot.points,
        "left": lot.left,
        "since": lot.since.isoformat(),
        "expires_at": None if lot.expires_at is None else lot.expires_at.isoformat(),
    }


def _correction(each: PointsAdjustment) -> dict[str, Any]:
    return {
        "points": each.points,
        "reason": each.reason,
        "state": each.state,
        "at": each.at.isoformat(),
        "decided_at": None if each.decided_at is None else each.decided_at.isoformat(),
    }
