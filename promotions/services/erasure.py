"""Forget a person: uses of offers and points stay for the books, attached to nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from promotions.models import CampaignShopper, GroupClaim, OfferDecision, OfferDigest, Redemption
from promotions.services.points_erasure import forget_points


@transaction.atomic
def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Take the shopper out of all campaigns, redemptions and points. Safe to run twice."""
    GroupClaim.objects.filter(shopper_id=shopper_id).delete()
    OfferDigest.objects.filter(shopper_id=shopper_id).delete()
    CampaignShopper.objects.filter(shopper_id=shopper_id).delete()
    Redemption.objects.filter(shopper_id=shopper_id).update(shopper=None, identity=[])
    OfferDecision.objects.filter(shopper_id=shopper_id).update(shopper=None)
    forget_points(shopper_id=shopper_id, now=now)
