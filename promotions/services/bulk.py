"""Load campaigns of another system by COPY."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign. `audience`: public, members or personal (then it needs targets).

    `starts_at` inclusive, `ends_at` exclusive, both aware.
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
    """A coupon of a campaign: `amount_minor` off, once per order, over the products it covers.

    For Journey: `external_ref` is "<campaign>-<coupon_upc>", `code` something a person can type
    (unique, such as "J" + upc + "-" + campaign), `amount_minor` the median `coupon_disc` of the
    lines it was redeemed on, else the median of its campaign, else that of all redemptions.
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
    """A past use. `order_ref` is the order's external reference, "" where it is not known."""

    coupon_ref: str
    shopper_id: int
    order_ref: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CampaignLoad:
    """How many rows of each kind are now present and were created by this call."""

    campaigns: int
    coupons: int
    coupon_variants: int
    targets: int
    redemptions: int


def load_campaigns_bulk(
    *,
    campaigns: Iterable[CampaignRow],
    coupons: Iterable[CouponRow],
    coupon_variants: Iterable[tuple[str, int]],
    targets: Iterable[tuple[str, int]],
    redemptions: Iterable[RedemptionRow],
    now: datetime,
) -> CampaignLoad:
    """Load campaigns with coupons, covered variants, targeted shoppers and past redemptions.

    `coupon_variants` are (coupon external_ref, variant id), `targets` are (campaign external_ref,
    shopper id). Rows that exist already (by external reference) are left alone, so a second run
    creates nothing. One transaction.
    """
    raise NotImplementedError
