"""A small programme: one point a dollar, gold from 100.00 in a year, wine counts double."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from profiles.models import Account, Shopper
from profiles.values import ShopperValue
from promotions.loyalty.selectors.terms import forget_programme
from promotions.loyalty.services.membership import join_programme
from promotions.loyalty.services.points import Act, make_available
from promotions.loyalty.services.points_orders import PointsLine, open_points, settle_points
from promotions.models import (
    Bucket,
    MembershipTier,
    PointsAccount,
    PointsEntry,
    ProgrammeTerms,
)
from tests.factories.orders import make_shopper

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def make_terms(**fields: Any) -> ProgrammeTerms:
    """Store terms that hold since a year; points last a year and pay a cent each."""
    known: dict[str, Any] = {
        "market_code": "us",
        "valid_from": NOON - timedelta(days=400),
        "earn_rate": Decimal(1),
        "point_value": Decimal(1),
        "min_points": 1,
        "expiry_months": 12,
        "referral_points": 500,
    }
    ProgrammeTerms.objects.filter(market_code="us").delete()
    terms = ProgrammeTerms.objects.create(**(known | fields))
    MembershipTier.objects.create(
        terms=terms,
        code="gold",
        name="Gold",
        name_zh="金卡",
        threshold_minor=10_000,
        multiplier=Decimal("1.5"),
    )
    forget_programme()
    return terms


def make_member(email: str = "alice@example.com", now: datetime = NOON) -> PointsAccount:
    """Store an account holder who joined."""
    account = Account.objects.create_user(email, "a long password")
    shopper = Shopper.objects.create(account=account, created_at=now, last_seen_at=now)
    return PointsAccount.objects.get(
        pk=join_programme(shopper_id=shopper.pk, market_code="us", now=now)
    )


def make_member_shopper(points: int, email: str = "alice@example.com") -> ShopperValue:
    """Return a guest who has an account since, and is a member with so many points."""
    guest = make_shopper()
    account = Account.objects.create_user(email, "a long password")
    Shopper.objects.filter(pk=guest.id).update(account=account)
    make_available(
        account_id=join_programme(shopper_id=guest.id, market_code="us", now=NOON),
        act=Act(PointsEntry.Kind.ADJUST, "gift", NOON),
        source=Bucket.ADJUSTED,
        points=points,
        expires_at=None,
    )
    return replace(guest, account_id=account.pk)


def order_points(
    member: PointsAccount,
    ref: str,
    *goods: int,
    now: datetime = NOON,
    spent: Sequence[int] = (),
    paid: bool = True,
    identity: Sequence[str] = (),
) -> int:
    """Place (and pay) an order of one unit per line; return what it earns."""
    spends = [*spent, *([0] * (len(goods) - len(spent)))]
    earned = open_points(
        order_ref=ref,
        shopper_id=member.shopper_id or 0,
        lines=[
            PointsLine(i, 1, minor, spent=used, spent_minor=used)
            for i, (minor, used) in enumerate(zip(goods, spends, strict=True))
        ],
        identity=identity,
        now=now,
    )
    if paid:
        settle_points(order_ref=ref, now=now)
    return earned


UNBALANCED = """
WITH moved AS (
    SELECT account_id,
           sum(points) FILTER (WHERE bucket = 'pending') AS pending,
           sum(points) FILTER (WHERE bucket = 'available') AS available,
           sum(points) FILTER (WHERE bucket = 'held') AS held,
           -sum(points) FILTER (WHERE bucket = 'owed') AS owed
    FROM (
        SELECT account_id, target AS bucket, points FROM promotions_pointsentry
        UNION ALL SELECT account_id, source, -points FROM promotions_pointsentry
    ) sides GROUP BY account_id
), lots AS (
    SELECT account_id, sum("left") AS points FROM promotions_pointslot GROUP BY account_id
)
SELECT account.id FROM promotions_pointsaccount account
LEFT JOIN moved ON moved.account_id = account.id
LEFT JOIN lots ON lots.account_id = account.id
WHERE account.pending <> coalesce(moved.pending, 0)
   OR account.available <> coalesce(moved.available, 0)
   OR account.held <> coalesce(moved.held, 0)
   OR account.owed <> coalesce(moved.owed, 0)
   OR account.available <> coalesce(lots.points, 0)
ORDER BY account.id
"""


def list_unbalanced_accounts() -> list[int]:
    """Return accounts whose balances, ledger and lots disagree: none, ever. One query."""
    with connection.cursor() as cursor:
        cursor.execute(UNBALANCED)
        return [account_id for (account_id,) in cursor.fetchall()]
