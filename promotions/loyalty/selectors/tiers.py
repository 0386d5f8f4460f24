"""Tier of a shopper, computed on reading from paid orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from promotions.loyalty.core.tiers import Purchase, Standing, find_standing
from promotions.loyalty.models import PointsAccount, PointsOrder
from promotions.loyalty.selectors.terms import Programme, find_programme


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


def map_tiers(*, shopper_ids: Collection[int], now: datetime) -> dict[int, str]:
    """Return the tier of each shopper who has one at `now`, of before, too. Two queries, and those
    of the programmes."""
    accounts = PointsAccount.objects.filter(shopper_id__in=shopper_ids).order_by()
    rows = list(accounts.values_list("pk", "shopper_id", "market_code"))
    programmes = {market: find_programme(market_code=market, now=now) for _, _, market in rows}
    spans = [_look_back(one) for one in programmes.values() if one is not None and one.tiers]
    if not spans:
        return {}
    bought = defaultdict[int, list[Purchase]](list)
    paid = PointsOrder.objects.filter(
        account_id__in=[pk for pk, _, _ in rows], paid_at__gt=now - max(spans), paid_at__lte=now
    )
    for account_id, at, minor in paid.values_list("account_id", "paid_at", "counted_minor"):
        if at is not None:
            bought[account_id].append(Purchase(at, minor))
    found = {}
    for account_id, shopper_id, market in rows:
        programme = programmes[market]
        tier = None if programme is None else _stand(bought[account_id], programme, now).tier
        if tier is not None:
            found[shopper_id] = tier.code
    return found


def read_standing(*, account_id: int, programme: Programme, now: datetime) -> Standing:
    """Return an account's tier, what keeps it, and the way to the next. One query."""
    paid = PointsOrder.objects.filter(
        account_id=account_id, paid_at__gt=now - _look_back(programme), paid_at__lte=now
    )
    rows = paid.values_list("paid_at", "counted_minor")
    return _stand([Purchase(at, minor) for at, minor in rows if at is not None], programme, now)


def _look_back(programme: Programme) -> timedelta:
    """A drop inside the grace was decided by purchases up to a window before it."""
    return timedelta(days=2 * programme.terms.tier_window_days + programme.terms.tier_grace_days)


def _stand(purchases: Sequence[Purchase], programme: Programme, now: datetime) -> Standing:
    window = timedelta(days=programme.terms.tier_window_days)
    grace = timedelta(days=programme.terms.tier_grace_days)
    return find_standing(purchases, programme.tiers, now=now, window=window, grace=grace)
