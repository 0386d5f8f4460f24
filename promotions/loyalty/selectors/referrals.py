"""Read invitations: what became of them, never who."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from promotions.loyalty.models import PointsAccount, Referral


@dataclass(frozen=True, slots=True)
class ReferralCount:
    """How a member's invitations stand. `points` is what they brought."""

    joined: int
    rewarded: int
    refused: int
    points: int


def count_referrals(*, account_id: int) -> ReferralCount:
    """Return how many friends joined, ordered, or did not count. One query."""
    state = Referral.State
    counted = Referral.objects.filter(referrer_id=account_id).aggregate(
        joined=Count("id", filter=Q(state=state.JOINED)),
        rewarded=Count("id", filter=Q(state=state.REWARDED)),
        refused=Count("id", filter=Q(state__in=[state.REFUSED, state.REVERSED])),
        points=Sum("points", filter=Q(state=state.REWARDED)),
    )
    return ReferralCount(**{name: value or 0 for name, value in counted.items()})


def is_invitation(code: str) -> bool:
    """Return whether a member invites with `code`. One indexed query."""
    return PointsAccount.objects.filter(invite_code=code, shopper__isnull=False).exists()
