"""Transfer of a guest's offer uses to the account at sign-in."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from promotions.coupons.models import LimitCounter, LimitUse, Redemption
from promotions.engine.api import Entity


@transaction.atomic
def move_uses(*, from_shopper_id: int, to_shopper_id: int) -> int:
    """Make the guest's uses the account's, with their counts; return how many. Twice is once.

    Counts add up, also above a limit: then nothing is left. Locks counters, then redemptions.
    """
    guest = LimitCounter.objects.filter(
        limit__entity=Entity.SHOPPER.value, key=str(from_shopper_id)
    )
    for counter in guest.order_by("limit_id", "period").select_for_update(of=("self",)):
        mine, _ = LimitCounter.objects.get_or_create(
            limit_id=counter.limit_id, key=str(to_shopper_id), period=counter.period
        )
        LimitCounter.objects.filter(pk=mine.pk).update(
            uses=F("uses") + counter.uses, spent_minor=F("spent_minor") + counter.spent_minor
        )
        LimitUse.objects.filter(counter=counter).update(counter=mine)
        counter.delete()
    uses = Redemption.objects.filter(shopper_id=from_shopper_id)
    return uses.update(shopper_id=to_shopper_id)
