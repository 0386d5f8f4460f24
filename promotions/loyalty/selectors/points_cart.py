"""Points a cart earns and points that can pay for it, read once per cart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from promotions.loyalty.core.points import EarnLine, PointsPlan, earn_points, plan_points
from promotions.loyalty.models import PointsAccount
from promotions.loyalty.selectors.terms import Programme, find_programme
from promotions.loyalty.selectors.tiers import read_standing


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
    """Return what goods of that price earn in the tier that `find_tier` names; 0 without a
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
