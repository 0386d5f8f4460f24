"""Leave the programme, or be forgotten: points are given up, the books stay, attached to nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from promotions.models import (
    Bucket,
    PointsAccount,
    PointsCode,
    PointsEntry,
    PointsLot,
    PointsOrder,
)
from promotions.services.points import Act, lock_account, post


@transaction.atomic
def forget_points(*, shopper_id: int, now: datetime) -> None:
    """Give up a member's points and take the member off the account. Safe to run twice.

    The ledger closes: every balance goes to zero by entries of its own. Later returns of the
    orders move no points any more.
    """
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    if account is None:
        return
    # Before the account is locked: a till takes a code first and locks the account then
    PointsCode.objects.filter(account=account).delete()
    account = lock_account(account.pk)
    moves = (
        (Bucket.PENDING, Bucket.ISSUED, account.pending),
        (Bucket.AVAILABLE, Bucket.EXPIRED, account.available),
        (Bucket.HELD, Bucket.EXPIRED, account.held),
        (Bucket.ISSUED, Bucket.OWED, account.owed),
    )
    for source, target, points in moves:
        if points:
            act = Act(PointsEntry.Kind.ERASE, f"erase:{account.pk}:{source.value}", now)
            post(account_id=account.pk, act=act, source=source, target=target, points=points)
    PointsLot.objects.filter(account=account).update(left=0)
    PointsOrder.objects.filter(account=account).update(
        state=PointsOrder.State.VOID, identity=[], due_at=None
    )
    PointsAccount.objects.filter(pk=account.pk).update(
        shopper=None, invite_code=None, member_number=None
    )
