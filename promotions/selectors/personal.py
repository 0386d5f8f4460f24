"""Offers for one shopper: those sent to the shopper first, then by what the shopper likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.db import connection

from promotions.core.limits import Left
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.selectors.arms import find_offer_arms
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.holdouts import drop_held_out, is_held_out
from promotions.selectors.personal_law import find_personal_rule
from shop.catalog.selectors import load_sensitive_ids

SHOWN_VARIANTS = 8
KNOWN_VARIANTS = 300
SPARE = 6

REASONS = {
    "you_buy_this": ("Because you buy this", "因为您常买这些商品"),
    "you_like_this": ("From a department you like", "来自您喜欢的类别"),
    "sent_to_you": ("Sent to you", "专属于您"),
    "by_chance": ("Chosen by chance, to learn what helps", "随机选出，用于了解哪些优惠有帮助"),
    "for_everybody": ("For everybody", "人人可享"),
}


@dataclass(frozen=True, slots=True)
class PersonalOffer:
    """An offer chosen for a shopper, with the reason in words.

    `percent` (as text) or `amount_minor` says how much; `variant_ids` are up to SHOWN_VARIANTS it
    covers, most liked first; empty for an offer that covers categories, brands or everything.
    `law_label` is what the law wants said of an offer for chosen shoppers; empty for others. `left`
    is for `tell_left` to fill.
    """

    offer_id: int
    campaign_id: int
    label: str
    reason_code: str
    reason: str
    coupon_code: str | None
    audience: str
    ends_at: datetime
    percent: str | None
    amount_minor: int | None
    variant_ids: tuple[int, ...]
    category_ids: tuple[int, ...]
    has_clock: bool = False
    law_label: str = ""
    left: Left | None = None


class _Addressed(NamedTuple):
    """A row of _ADDRESSED, columns in its order."""

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
           coalesce(tuning.exposure_weight, 1) AS exposure
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
             LIMIT %(shown)s)
FROM ranked ORDER BY (1 + score) * exposure DESC, priority DESC, ends_at, id
"""


def personal_offers_for(
    *,
    shopper: ShopperView,
    market_code: str,
    now: datetime,
    language: str,
    affinity: Mapping[int, float] | None = None,
    category_affinity: Mapping[int, float] | None = None,
    limit: int = 6,
    region: str = "",
) -> list[PersonalOffer]:
    """Return the offers that suit a shopper best, those sent to the shopper first.

    `affinity` (by variant id) and `category_affinity` come from the profile and must be None for
    a shopper who did not agree to it: the order is then the same for everybody. Nobody is sent
    an offer on sensitive goods: what one is chosen for would tell of it. Nor where the law of
    `region` (a row of jurisdictions; empty: the market's) allows no personal price. One query for a
    known shopper, none for others.
    """
    found: list[PersonalOffer] = []
    rule = find_personal_rule(region=region, market_code=market_code, now=now)
    if shopper.shopper_id is not None and rule.personal_allowed:
        liked = sorted((affinity or {}).items(), key=lambda pair: (-pair[1], pair[0]))
        rows = _read_addressed(
            shopper.shopper_id, liked[:KNOWN_VARIANTS], market_code, now, limit + SPARE
        )
        rows = _leave_out_sensitive(_leave_out_held(rows, shopper))
        found = [_from_row(row, language, rule.label(language)) for row in rows]
    found = found[:limit]
    public = _public_offers(shopper, market_code, now, category_affinity or {})
    return [*found, *(_from_offer(o, reason, language) for o, reason in public)][:limit]


def _read_addressed(
    shopper_id: int, liked: list[tuple[int, float]], market_code: str, now: datetime, limit: int
) -> list[_Addressed]:
    with connection.cursor() as cursor:
        cursor.execute(
            _ADDRESSED,
            {
                "variant_ids": [variant_id for variant_id, _ in liked],
                "weights": [weight for _, weight in liked],
                "shopper_id": shopper_id,
                "market": market_code,
                "now": now,
                "limit": limit,
                "shown": SHOWN_VARIANTS,
            },
        )
        return [_Addressed._make(row) for row in cursor.fetchall()]


def _leave_out_held(rows: list[_Addressed], shopper: ShopperView) -> list[_Addressed]:
    """Return the rows that neither an experiment nor a holdout keeps from the shopper."""
    arms = find_offer_arms({row.campaign_id for row in rows}, shopper, "online")
    return [
        row
        for row in rows
        if not arms.hides(row.campaign_id, "")
        and not is_held_out(row.campaign_id, row.holdout_percent, shopper.shopper_id)
    ]


def _leave_out_sensitive(rows: list[_Addressed]) -> list[_Addressed]:
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


def _from_row(row: _Addressed, language: str, law_label: str) -> PersonalOffer:
    reason = "you_buy_this" if row.score else "sent_to_you"
    if row.reason == "by_chance":  # the true reason, whatever the shopper likes
        reason = row.reason
    return PersonalOffer(
        offer_id=row.offer_id,
        campaign_id=row.campaign_id,
        label=(row.name_zh or row.name) if language.startswith("zh") else row.name,
        reason_code=reason,
        reason=_say(reason, language),
        coupon_code=row.coupon_code,
        audience="personal",
        ends_at=row.ends_at,
        percent=None if row.percent is None else _plain(row.percent),
        amount_minor=row.amount_minor,
        variant_ids=tuple(row.variant_ids),
        category_ids=(),
        has_clock=row.has_clock,
        law_label=law_label,
    )


def _public_offers(
    shopper: ShopperView, market_code: str, now: datetime, liked: Mapping[int, float]
) -> list[tuple[OfferValue, str]]:
    book = load_offer_book()
    arms = find_offer_arms({offer.campaign_id for offer in book.offers}, shopper, "online")
    open_to_me = ("public", "members") if shopper.is_member else ("public",)
    scored = []
    for offer in drop_held_out(book.offers, shopper.shopper_id):
        if not live_at(offer, now, market_code) or offer.audience not in open_to_me:
            continue
        if offer.campaign_id in book.budgeted or arms.hides(offer.campaign_id, offer.code):
            continue
        score = sum(liked.get(category_id, 0.0) for category_id in offer.scope.category_ids)
        fit = (1.0 + score) * book.weights.get(offer.campaign_id, 1.0)
        reason = "you_like_this" if score else "for_everybody"
        scored.append((-fit, -offer.priority, offer.offer_id, offer, reason))
    scored.sort(key=lambda entry: entry[:3])
    return [(offer, reason) for _, _, _, offer, reason in scored]


def _from_offer(offer: OfferValue, reason: str, language: str) -> PersonalOffer:
    # What other kinds promise is in their name: "−100 %" would not say "buy two, get one free"
    kind, percent = offer.benefit.kind, offer.benefit.percent
    return PersonalOffer(
        offer_id=offer.offer_id,
        campaign_id=offer.campaign_id,
        label=offer.label(language),
        reason_code=reason,
        reason=_say(reason, language),
        coupon_code=None,
        audience=offer.audience,
        ends_at=offer.ends_at,
        percent=None if percent is None or kind != "percentage" else _plain(percent),
        amount_minor=offer.benefit.amount_minor if kind == "fixed_amount" else None,
        variant_ids=_first(offer.scope.variant_ids or ()),
        category_ids=tuple(sorted(offer.scope.category_ids)),
        has_clock=offer.has_clock,
    )


def _say(reason: str, language: str) -> str:
    return REASONS[reason][language.startswith("zh")]


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


def _first(variant_ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(variant_ids)[:SHOWN_VARIANTS])
