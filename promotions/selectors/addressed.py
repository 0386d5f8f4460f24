"""The rows of offers that were sent to one shopper, before anybody puts them into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from promotions.core.shoppers import ShopperView
from promotions.selectors.arms import find_offer_arms
from promotions.selectors.holdouts import is_held_out
from shop.catalog.selectors import load_sensitive_ids

SHOWN_VARIANTS = 8
KNOWN_VARIANTS = 300


class Addressed(NamedTuple):
    """A row of _ADDRESSED, columns in its order.

    `said` is what benefit and scope say, as JSON. If `is_listed` the scope is the offer's listed
    variants, and `lists_asked` says whether one that was asked about is among them.
    """

    offer_id: int
    campaign_id: int
    name: str
    name_zh: str
    percent: Decimal | None
    amount_minor: int | None
    ends_at: datetime
    coupon_code: str | None
    score: float
    reason: str
    holdout_percent: int
    has_clock: bool
    variant_ids: list[int]
    said: str
    is_listed: bool
    lists_asked: bool


# One statement: live offers addressed to the shopper and not used up, each with the sum of the
# shopper's affinities over what it covers, and a few of the variants, most liked first.
_ADDRESSED = """
WITH liked AS (
    SELECT * FROM unnest(%(variant_ids)s::bigint[], %(weights)s::float8[]) AS t(variant_id, weight)
), addressed AS (
    SELECT offer.id, offer.campaign_id, offer.name, offer.name_zh,
           CASE offer.benefit_kind WHEN 'percentage' THEN offer.percent END AS percent,
           CASE offer.benefit_kind WHEN 'fixed_amount' THEN offer.amount_minor END AS amount_minor,
           offer.priority, campaign.ends_at, campaign.holdout_percent,
           campaign.promised_ends_at IS NOT NULL
               AND coalesce((campaign.claims->>'countdown')::boolean, false) AS has_clock,
           coupon.code AS coupon_code, target.reason,
           coalesce(tuning.exposure_weight, 1) AS exposure,
           jsonb_build_object(
               'scope', offer.scope, 'kind', offer.benefit_kind, 'target', offer.target,
               'percent', offer.percent::text, 'amount_minor', offer.amount_minor,
               'terms', offer.terms)::text AS said
    FROM promotions_campaignshopper AS target
    JOIN promotions_campaign AS campaign ON campaign.id = target.campaign_id
    JOIN promotions_offer AS offer ON offer.campaign_id = campaign.id
      AND (target.offer_id IS NULL OR target.offer_id = offer.id)
    LEFT JOIN promotions_campaigntuning AS tuning ON tuning.campaign_id = campaign.id
    LEFT JOIN LATERAL (
        SELECT code FROM promotions_coupon AS c
        WHERE c.offer_id = offer.id AND c.is_active AND c.batch_id IS NULL
          AND (c.max_redemptions IS NULL OR c.redeemed < c.max_redemptions)
          AND (c.per_shopper_limit IS NULL OR c.per_shopper_limit > (
              SELECT count(*) FROM promotions_redemption AS r
              WHERE r.coupon_id = c.id AND r.shopper_id = target.shopper_id
                AND r.state IN ('held', 'committed')))
        ORDER BY c.id LIMIT 1
    ) AS coupon ON true
    WHERE target.shopper_id = %(shopper_id)s AND campaign.audience = 'personal'
      AND campaign.status = 'live' AND offer.is_active
      AND campaign.starts_at <= %(now)s AND campaign.ends_at > %(now)s
      AND campaign.market_code IN ('', %(market)s)
      AND (campaign.budget_minor IS NULL OR campaign.spent_minor < campaign.budget_minor)
      AND (coupon.code IS NOT NULL OR NOT offer.requires_coupon)
), liked_by AS (
    SELECT addressed.*, coalesce((
        SELECT sum(liked.weight) FROM liked
        JOIN promotions_offervariant AS covered USING (variant_id)
        WHERE covered.offer_id = addressed.id), 0) AS score
    FROM addressed
), ranked AS (
    SELECT * FROM liked_by
    ORDER BY (1 + score) * exposure DESC, priority DESC, ends_at, id
    LIMIT %(limit)s
)
SELECT ranked.id, campaign_id, name, name_zh, percent, amount_minor, ends_at, coupon_code, score,
       ranked.reason, holdout_percent, has_clock,
       ARRAY(SELECT covered.variant_id FROM promotions_offervariant AS covered
             LEFT JOIN liked USING (variant_id)
             WHERE covered.offer_id = ranked.id
             ORDER BY liked.weight DESC NULLS LAST, covered.variant_id
             LIMIT %(shown)s),
       ranked.said,
       EXISTS (SELECT FROM promotions_offervariant AS covered WHERE covered.offer_id = ranked.id),
       EXISTS (SELECT FROM promotions_offervariant AS covered
               WHERE covered.offer_id = ranked.id
                 AND covered.variant_id = ANY(%(asked)s::bigint[]))
FROM ranked ORDER BY (1 + score) * exposure DESC, priority DESC, ends_at, id
"""


def read_addressed(
    shopper: ShopperView,
    market_code: str,
    now: datetime,
    *,
    affinity: Mapping[int, float] | None,
    limit: int,
    asked: Sequence[int] = (),
) -> list[Addressed]:
    """Return the live offers that were sent to a shopper and may be shown, most fitting first.

    One query for a known shopper, none for others nor for who switched personal prices off.
    """
    if shopper.shopper_id is None or not shopper.allows_personal:
        return []
    liked = sorted((affinity or {}).items(), key=lambda pair: (-pair[1], pair[0]))[:KNOWN_VARIANTS]
    given: dict[str, Any] = {
        "variant_ids": [variant_id for variant_id, _ in liked],
        "weights": [weight for _, weight in liked],
        "shopper_id": shopper.shopper_id,
        "market": market_code,
        "now": now,
        "limit": limit,
        "shown": SHOWN_VARIANTS,
        "asked": list(asked),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESSED, given)
        rows = [Addressed._make(row) for row in cursor.fetchall()]
    arms = find_offer_arms({row.campaign_id for row in rows}, shopper, "online")
    rows = [
        row
        for row in rows
        if not arms.hides(row.campaign_id, "")
        and not is_held_out(row.campaign_id, row.holdout_percent, shopper.shopper_id)
    ]
    return _leave_out_sensitive(rows)


def _leave_out_sensitive(rows: list[Addressed]) -> list[Addressed]:
    """Return the offers without the sensitive goods they cover; one with nothing else is left out.

    An offer on categories, brands or everything names no variants and stays.
    """
    ids = np.array([one for row in rows for one in row.variant_ids], dtype=np.int64)
    hidden = frozenset(ids[np.isin(ids, load_sensitive_ids().variant_id)].tolist())
    if not hidden:
        return rows
    cleaned = [
        row._replace(variant_ids=[one for one in row.variant_ids if one not in hidden])
        for row in rows
    ]
    both = zip(rows, cleaned, strict=True)
    return [new for old, new in both if new.variant_ids or not old.variant_ids]
