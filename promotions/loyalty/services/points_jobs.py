"""Scheduled jobs of points: release after the return window, warn, expire."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from promotions.loyalty.models import PointsEntry, PointsLot, PointsOrder, Referral
from promotions.loyalty.selectors.points import expired_lots
from promotions.loyalty.services.points import book_expiry
from promotions.loyalty.services.points_orders import release_due_order
from promotions.loyalty.services.referrals import returned_orders, reverse_referral, reward_referral
from promotions.metrics import points_total


def release_due_points(*, now: datetime, limit: int = 500) -> int:
    """Make points available whose return window is over; return how many orders that were."""
    due = PointsOrder.objects.filter(state=PointsOrder.State.PAID, due_at__lte=now)
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
    for order_id in ids:
        release_due_order(order_id=order_id, now=now)
    return len(ids)


def expire_points(*, now: datetime, limit: int = 500) -> int:
    """Book expired points; return how many points. One transaction per account."""
    due = PointsLot.objects.filter(expired_lots(now), left__gt=0)
    accounts = due.order_by("account_id").values_list("account_id", flat=True).distinct()
    expired = sum(book_expiry(account_id=account_id, now=now) for account_id in accounts[:limit])
    points_total.labels(kind=PointsEntry.Kind.EXPIRE.value).inc(expired)
    return expired


def settle_referrals(*, now: datetime, limit: int = 500) -> int:
    """Reward invitations whose order is released, take back those whose order was returned.

    Looks at the state itself, so what a crash left undone is found the next time. Returns how many.
    What a friend buys at a till counts for nobody: without an address nothing tells a household.
    """
    joined = Referral.objects.filter(
        state=Referral.State.JOINED,
        invited__orders__state=PointsOrder.State.RELEASED,
        invited__orders__till_sale__isnull=True,
    )
    refs = joined.order_by("pk", "invited__orders__paid_at").distinct("pk")
    due = list(refs.values_list("invited__orders__order_ref", flat=True)[:limit])
    void = returned_orders().values("order_ref")
    rewarded = Referral.objects.filter(state=Referral.State.REWARDED, order_ref__in=void)
    gone = list(rewarded.values_list("order_ref", flat=True)[:limit])
    for order_ref in due:
        reward_referral(order_ref=order_ref, now=now)
    for order_ref in gone:
        reverse_referral(order_ref=order_ref, now=now)
    return len(due) + len(gone)


@transaction.atomic
def mark_warned(*, account_id: int, now: datetime, notice: timedelta) -> int:
    """Note that the owner was told; what would expire sooner than `notice` lasts that long.

    Returns how many points are concerned. Called with the letter, in its transaction.
    """
    lots = PointsLot.objects.select_for_update().filter(
        account_id=account_id,
        left__gt=0,
        warned_at__isnull=True,
        expires_at__lte=now + notice,
    )
    concerned = 0
    for lot in lots.order_by("id"):
        lot.warned_at = now
        lot.expires_at = now + notice
        lot.save(update_fields=["warned_at", "expires_at"])
        concerned += lot.left
    return concerned
