"""Export of a shopper's data in the points program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from promotions.loyalty.models import (
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsLot,
    PointsOrder,
    Referral,
    TillSale,
)


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
