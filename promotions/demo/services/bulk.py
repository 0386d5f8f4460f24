"""Load campaigns of another system: few rows by the ORM, many by COPY. Restartable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify

from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models import Coupon
from promotions.engine.api import normalize_code
from promotions.law.api import HELD_IN_CARTS
from promotions.offers.api import refresh_public_cuts
from promotions.release.api import LawBroken, release_agreed


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign. `kind` is one of Campaign.Kind; `audience`: public, members or personal.

    A personal campaign needs targets. `starts_at` is inclusive, `ends_at` exclusive, both aware.
    """

    external_ref: str
    name: str
    name_zh: str
    kind: str
    audience: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon of a campaign: `amount_minor` off, once per order, over the variants it covers.

    For Journey: `external_ref` is "<campaign>-<coupon_upc>", `code` something a person can type
    (unique), `amount_minor` the median `coupon_disc` of the lines it was redeemed on, else the
    median of its campaign, else that of all redemptions: the data holds no face values.
    """

    external_ref: str
    campaign_ref: str
    code: str
    name: str
    name_zh: str
    amount_minor: int
    per_shopper_limit: int | None = None
    max_redemptions: int | None = None


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """A past use. `order_ref` is the order's number, "" where the order is not known."""

    coupon_ref: str
    shopper_id: int
    order_ref: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CampaignLoad:
    """How many rows of each kind this call created; all zero on a second run."""

    campaigns: int
    coupons: int
    coupon_variants: int
    targets: int
    redemptions: int


@transaction.atomic
def load_campaigns_bulk(
    *,
    campaigns: Iterable[CampaignRow],
    coupons: Iterable[CouponRow],
    coupon_variants: Iterable[tuple[str, int]],
    targets: Iterable[tuple[str, int]],
    redemptions: Iterable[RedemptionRow],
    market_code: str,
    now: datetime,
) -> CampaignLoad:
    """Load campaigns with coupons, covered variants, targeted shoppers and past redemptions.

    `coupon_variants` are (coupon external_ref, variant id), `targets` (campaign external_ref,
    shopper id). Rows that exist already (by external reference) are left as they are. What still
    runs at `now`, or is to come, is released as the law allows: raises LawBroken, naming campaign
    and rules. One transaction: all or nothing.
    """
    made = _load_campaigns(campaigns, market_code, now)
    loaded = CampaignLoad(
        campaigns=len(made),
        coupons=_load_coupons(list(coupons)),
        coupon_variants=_copy_and_run(coupon_variants, ("ref text", "id bigint"), _VARIANTS),
        targets=_copy_and_run(targets, ("ref text", "id bigint"), _TARGETS),
        redemptions=_copy_and_run(_redemption_rows(redemptions), _REDEMPTION_COLUMNS, _REDEMPTIONS),
    )
    for campaign in made:
        if campaign.ends_at > now:
            _release(campaign, now)
    refresh_public_cuts(now=now)
    return loaded


def _release(campaign: Campaign, now: datetime) -> None:
    if not campaign.offers.exists():
        return
    try:
        # What a coupon is worth was found from old sales: at the prices of now it may be above the
        # cap, which each cart keeps to.
        release_agreed(campaign_id=campaign.pk, now=now, except_rules=HELD_IN_CARTS)
    except LawBroken as refusal:
        said = f"{campaign.external_ref}: {refusal.message}"
        raise LawBroken(said, campaign=campaign.external_ref, **refusal.detail) from refusal


def _load_campaigns(rows: Iterable[CampaignRow], market_code: str, now: datetime) -> list[Campaign]:
    """Create what is new: the past as it was, the rest as drafts."""
    known = set(Campaign.objects.values_list("external_ref", flat=True))
    return Campaign.objects.bulk_create(
        Campaign(
            code=slugify(row.external_ref),
            name=row.name,
            name_zh=row.name_zh,
            kind=row.kind,
            audience=row.audience,
            status=Campaign.Status.LIVE if row.ends_at <= now else Campaign.Status.DRAFT,
            market_code=market_code,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            external_ref=row.external_ref,
        )
        for row in rows
        if row.external_ref not in known
    )


def _load_coupons(rows: Sequence[CouponRow]) -> int:
    campaigns = dict(Campaign.objects.values_list("external_ref", "pk"))
    known = set(Coupon.objects.values_list("external_ref", flat=True))
    new = [row for row in rows if row.external_ref not in known]
    offers = Offer.objects.bulk_create(
        Offer(
            campaign_id=campaigns[row.campaign_ref],
            code=slugify(f"coupon-{row.external_ref}"),
            name=row.name,
            name_zh=row.name_zh,
            benefit_kind=Offer.Benefit.FIXED_AMOUNT,
            target=Offer.Target.CART,
            amount_minor=row.amount_minor,
            scope={"listed": True},
            requires_coupon=True,
        )
        for row in new
    )
    Coupon.objects.bulk_create(
        Coupon(
            code=normalize_code(row.code),
            offer=offer,
            max_redemptions=row.max_redemptions,
            per_shopper_limit=row.per_shopper_limit,
            external_ref=row.external_ref,
        )
        for row, offer in zip(new, offers, strict=True)
    )
    return len(new)


_VARIANTS = """
INSERT INTO promotions_offervariant (offer_id, variant_id)
SELECT DISTINCT coupon.offer_id, given.id FROM given
JOIN promotions_coupon AS coupon ON coupon.external_ref = given.ref
ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""
_TARGETS = """
INSERT INTO promotions_campaignshopper (campaign_id, shopper_id)
SELECT DISTINCT campaign.id, given.id FROM given
JOIN promotions_campaign AS campaign ON campaign.external_ref = given.ref
ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""
_REDEMPTION_COLUMNS = (
    "row_number bigint",
    "ref text",
    "shopper_id bigint",
    "order_ref text",
    "amount_minor bigint",
    "at timestamptz",
)
# A coupon handed in twice in one order is two uses; the second one's reference says so ("#2").
# A use whose order nobody knows gets a reference made of what is known, the same on every run.
_REDEMPTIONS = """
WITH numbered AS (
    SELECT *, CASE WHEN order_ref <> '' THEN order_ref
                   ELSE 'past-' || shopper_id || '-' || to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD')
              END AS reference
    FROM given
), named AS (
    SELECT *, row_number() OVER (PARTITION BY ref, reference ORDER BY row_number) AS repeat
    FROM numbered
), new AS (
    INSERT INTO promotions_redemption
        (campaign_id, offer_id, coupon_id, shopper_id, order_ref, amount_minor, is_budgeted, state,
         at, settled_at)
    SELECT offer.campaign_id, offer.id, coupon.id, named.shopper_id,
           reference || CASE WHEN repeat > 1 THEN '#' || repeat ELSE '' END,
           named.amount_minor, false, 'committed', named.at, named.at
    FROM named
    JOIN promotions_coupon AS coupon ON coupon.external_ref = named.ref
    JOIN promotions_offer AS offer ON offer.id = coupon.offer_id
    ORDER BY named.at, named.row_number
    ON CONFLICT (coupon_id, order_ref) DO NOTHING
    RETURNING coupon_id
), counted AS (
    UPDATE promotions_coupon SET redeemed = redeemed + fresh.uses
    FROM (SELECT coupon_id, count(*) AS uses FROM new GROUP BY coupon_id) AS fresh
    WHERE promotions_coupon.id = fresh.coupon_id
    RETURNING fresh.uses
)
SELECT coalesce(sum(uses), 0) FROM counted
"""


def _redemption_rows(rows: Iterable[RedemptionRow]) -> Iterable[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        yield number, row.coupon_ref, row.shopper_id, row.order_ref, row.amount_minor, row.at


def _copy_and_run(rows: Iterable[tuple[Any, ...]], columns: Sequence[str], statement: str) -> int:
    """COPY `rows` into a temporary table `given`, run `statement` on it, return rows it made."""
    names = ", ".join(column.split()[0] for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE given ({', '.join(columns)}) ON COMMIT DROP")
        with cursor.copy(f"COPY given ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE given")
        cursor.execute(statement)
        made = int(cursor.fetchone()[0]) if cursor.description else int(cursor.rowcount)
        cursor.execute("DROP TABLE given")
    return made
