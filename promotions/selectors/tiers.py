"""Which membership tier a shopper has: computed when read, from what was paid."""

from __future__ import annotations

from datetime import datetime, timedelta

from promotions.core.tiers import Purchase, Standing, find_standing
from promotions.models import PointsAccount, PointsOrder
from promotions.selectors.terms import Programme, find_programme


def read_tier(*, shopper_id: int, now: datetime) -> str | None:
    """Return the code of a shopper's tier, or None: no member, no programme, or below the lowest.

    Two queries. The reader of the `tier` fact.
    """
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    if account is None:
        return None
    programme = find_programme(market_code=account.market_code, now=now)
    if programme is None or not programme.tiers:
        return None
    standing = read_standing(account_id=account.pk, programme=programme, now=now)
    return standing.tier.code if standing.tier else None


def read_standing(*, account_id: int, programme: Programme, now: datetime) -> Standing:
    """Return an account's tier, what keeps it, and the way to the next. One query."""
    window = timedelta(days=programme.terms.tier_window_days)
    grace = timedelta(days=programme.terms.tier_grace_days)
    # A drop inside the grace was decided by purchases up to a window before it
    paid = PointsOrder.objects.filter(
        account_id=account_id, paid_at__gt=now - window - window - grace, paid_at__lte=now
    )
    rows = paid.values_list("paid_at", "counted_minor")
    purchases = [Purchase(at, minor) for at, minor in rows if at is not None]
    return find_standing(purchases, programme.tiers, now=now, window=window, grace=grace)
