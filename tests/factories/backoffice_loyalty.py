"""Rows of the points programme and of partners for the staff's tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from profiles.models import Shopper
from promotions.loyalty.services.points import Act, make_available
from promotions.loyalty.services.pos_holds import make_pos_token
from promotions.models import (
    Bucket,
    Campaign,
    Partner,
    PartnerEntry,
    PartnerShare,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    ProgrammeTerms,
    Referral,
    Settlement,
    TillSale,
)
from shop.ground.catalog.models import Store

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def make_loyalty(number: int, shopper: Shopper) -> None:
    """A member with points, invited by the one before; terms, a correction, a settled partner."""
    ProgrammeTerms.objects.create(
        market_code="us",
        valid_from=NOON - timedelta(days=number + 1),
        earn_rate=Decimal(1),
        point_value=Decimal(1),
    )
    account = PointsAccount.objects.create(
        shopper=shopper,
        market_code="us",
        invite_code=f"INVITE{number}",
        member_number=f"{number:012}",
        joined_at=NOON,
    )
    make_available(
        account_id=account.pk,
        act=Act(PointsEntry.Kind.ADJUST, f"gift-{number}", NOON),
        source=Bucket.ADJUSTED,
        points=100,
        expires_at=None,
    )
    PointsAdjustment.objects.create(account=account, points=9_000, reason="lost parcel", at=NOON)
    friend = PointsAccount.objects.create(market_code="us", joined_at=NOON)
    Referral.objects.create(referrer=account, invited=friend, at=NOON)
    _make_till(number)
    _make_partner(number)


def _make_till(number: int) -> None:
    store = Store.objects.get(external_ref=f"s{number}")
    make_pos_token(store_id=store.pk, name=f"Till {number}", by_id=None, now=NOON)
    TillSale.objects.create(store=store, reference=f"receipt-{number}", currency="USD", at=NOON)


def _make_partner(number: int) -> None:
    partner = Partner.objects.create(code=f"partner-{number}", name=f"Partner {number}")
    campaign = Campaign.objects.create(
        code=f"shared-{number}",
        name=f"Shared {number}",
        kind=Campaign.Kind.PARTNER,
        starts_at=NOON,
        ends_at=NOON + timedelta(days=9),
    )
    share = PartnerShare.objects.create(partner=partner, campaign=campaign, percent=Decimal(50))
    settlement = Settlement.objects.create(
        partner=partner,
        starts_on=date(2026, 10, 1),
        ends_on=date(2026, 11, 1),
        used_minor=200,
        returned_minor=0,
        due_minor=100,
        entry_count=1,
        closed_at=NOON,
    )
    PartnerEntry.objects.create(
        share=share,
        kind=PartnerEntry.Kind.USE,
        order_ref=f"FT-{number}",
        quantity=1,
        discount_minor=200,
        partner_minor=100,
        key=f"use-{number}",
        at=NOON - timedelta(days=30),
        settlement=settlement,
    )
