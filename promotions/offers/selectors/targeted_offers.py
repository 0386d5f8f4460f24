"""The rows of offers that were sent to one shopper, before anybody puts them into words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef
from numpy.typing import NDArray

from promotions.campaigns.api import cover_variants, list_scopes, load_offer_book
from promotions.campaigns.models import Offer, OfferVariant
from promotions.engine.api import Scope, ShopperView
from promotions.offers.selectors.gathering import (
    find_offer_arms,
    is_held_out,
    list_tested_campaigns,
)
from shop.ground.catalog.selectors import catalog_version, list_never_personal, load_variant_arrays

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class OfferProducts:
    """The listed variants of an offer, ascending, and the scopes it means beside them.

    One without listed variants means what its own scope says; one that was saved past the admin's
    check means nothing beside them. What is never priced personally is not listed, for these
    products are what offers are sent for.
    """

    variant_ids: NDArray[np.int64]
    scopes: tuple[Scope, ...]


class _Cache:
    """Goods by offer at one version of offers and catalogue, at most MOST_KEPT of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version = (-1, -1)
        self.goods: dict[int, OfferProducts | None] = {}


_cache = _Cache()


def load_products(offer_ids: Collection[int], version: int) -> Mapping[int, OfferProducts]:
    """Return what each offer covers, by id, as of `version` of the offer book, without those that
    mean only products never priced personally.

    One query for those nobody asked about since the book changed, none if there are none.
    """
    both = (version, catalog_version())
    with _cache.lock:
        if _cache.version != both or len(_cache.goods) > MOST_KEPT:
            _cache.version, _cache.goods = both, {}
        products = _cache.goods
    missing = [one for one in offer_ids if one not in products]
    if missing:
        # Into the version's own dict: one that is out of date by now is nobody's any more
        products.update(_read_products(missing))
    return {pk: each for pk in offer_ids if (each := products.get(pk)) is not None}


def _read_products(offer_ids: Collection[int]) -> dict[int, OfferProducts | None]:
    listed = OfferVariant.objects.filter(offer_id=OuterRef("pk")).order_by("variant_id")
    rows = Offer.objects.filter(pk__in=offer_ids).annotate(
        listed=ArraySubquery(listed.values("variant_id"))
    )
    found = {row.pk: (row, np.array(row.listed, dtype=np.int64)) for row in rows}
    every = {
        pk: OfferProducts(ids, list_scopes(row, is_listed=bool(len(ids))))
        for pk, (row, ids) in found.items()
    }
    return {pk: _keep_open(products) for pk, products in every.items()}


def _keep_open(goods: OfferProducts) -> OfferProducts | None:
    """Return the products without those never priced personally, None if it means no others."""
    hidden = list_never_personal()
    ids = goods.variant_ids
    is_open = np.fromiter((pk not in hidden for pk in ids.tolist()), dtype=np.bool_, count=len(ids))
    means_open, means_hidden = bool(is_open.any()), bool((~is_open).any())
    if means_hidden or not len(ids):
        arrays = load_variant_arrays()
        for scope in goods.scopes:
            covered = cover_variants(scope, arrays)
            means_open |= bool((covered & ~arrays.never_personal).any())
            means_hidden |= bool(covered.any())
    if means_hidden and not means_open:
        return None
    return OfferProducts(ids[is_open], goods.scopes)


SHOWN_VARIANTS = 8
KNOWN_VARIANTS = 300
# How much a shopper likes which variants; None where nobody may know
FindAffinity = Callable[[], Mapping[int, float] | None]
# The shopper with segment and tags, which experiments may ask for
Aim = Callable[[ShopperView], ShopperView]


class TargetedOfferRow(NamedTuple):
    """A row of _ADDRESSED, columns in its order."""

    offer_id: int
    campaign_id: int
    name: str
    name_zh: str
    percent: Decimal | None
    amount_minor: int | None
    priority: int
    ends_at: datetime
    requires_coupon: bool
    coupon_code: str | None
    reason: str
    holdout_percent: int
    has_clock: bool
    version: int


@dataclass(frozen=True, slots=True)
class TargetedOffer:
    """An offer sent to a shopper: what the tables say, and how well it fits.

    `score` is the sum of the shopper's affinities over the listed variants; `variant_ids` are a
    few of them, most liked first.
    """

    row: TargetedOfferRow
    score: float
    variant_ids: tuple[int, ...]


class _Liked(NamedTuple):
    """The variants a shopper likes most, ascending, and how much."""

    variant_ids: NDArray[np.int64]
    weights: NDArray[np.float64]


# Live offers addressed to the shopper with money left, and a code each that is not used up. What
# an offer covers is remembered, so that the database need not look through lists of products: it
# says which version of the offers it read. Subselects, for planning joins costs more than running
# them.
_ADDRESSED = """
SELECT offer.id, offer.campaign_id, offer.name, offer.name_zh,
       CASE offer.benefit_kind WHEN 'percentage' THEN offer.percent END,
       CASE offer.benefit_kind WHEN 'fixed_amount' THEN offer.amount_minor END,
       offer.priority, campaign.ends_at, offer.requires_coupon,
       (SELECT code FROM promotions_coupon AS c
        WHERE c.offer_id = offer.id AND c.is_active AND c.batch_id IS NULL
          AND (c.max_redemptions IS NULL OR c.redeemed < c.max_redemptions)
          AND (c.per_shopper_limit IS NULL OR c.per_shopper_limit > (
              SELECT count(*) FROM promotions_redemption AS r
              WHERE r.coupon_id = c.id AND r.shopper_id = target.shopper_id
                AND r.state IN ('held', 'committed')))
        ORDER BY c.id LIMIT 1),
       target.reason, campaign.holdout_percent,
       campaign.promised_ends_at IS NOT NULL
           AND coalesce((campaign.claims->>'countdown')::boolean, false),
       coalesce((SELECT version FROM promotions_offerbook), 0)
FROM promotions_campaignshopper AS target
JOIN promotions_campaign AS campaign ON campaign.id = target.campaign_id
JOIN promotions_offer AS offer ON offer.campaign_id = campaign.id
  AND (target.offer_id IS NULL OR target.offer_id = offer.id)
WHERE target.shopper_id = %(shopper_id)s AND campaign.audience = 'personal'
  AND campaign.status = 'live' AND offer.is_active
  AND campaign.starts_at <= %(now)s AND campaign.ends_at > %(now)s
  AND campaign.market_code IN ('', %(market)s)
  AND (campaign.budget_minor IS NULL OR campaign.spent_minor < campaign.budget_minor)
"""


def read_addressed(
    shopper: ShopperView,
    market_code: str,
    now: datetime,
    *,
    find_affinity: FindAffinity,
    limit: int,
    covers: Callable[[OfferProducts], bool] = lambda _goods: True,
    aim: Aim = lambda shopper: shopper,
) -> list[TargetedOffer]:
    """Return the live offers that were sent to a shopper and may be shown, most fitting first.

    At most `limit`, only those that are asked for by what they cover. If there are any, what the
    shopper likes is looked up, and by `aim` who they are to experiments that run. One query for a
    known shopper, one more for what offers cover that nobody asked about since one was changed;
    none for others nor for who switched personal prices off.
    """
    if shopper.shopper_id is None or not shopper.allows_personal:
        return []
    given: dict[str, Any] = {
        "shopper_id": shopper.shopper_id,
        "market": market_code,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADDRESSED, given)
        read = [TargetedOfferRow._make(row) for row in cursor.fetchall()]
    rows = [row for row in read if row.coupon_code is not None or not row.requires_coupon]
    if not rows:
        return []
    products = load_products([row.offer_id for row in rows], rows[0].version)
    rows = [row for row in rows if row.offer_id in products and covers(products[row.offer_id])]
    if not rows:
        return []
    liked = _most_liked(find_affinity() or {})
    fitting = _rank(rows, products, liked)[:limit]
    tested = list_tested_campaigns()
    aimed = aim(shopper) if tested else shopper
    arms = find_offer_arms({row.campaign_id for row, _ in fitting}, aimed, "online", tested)
    return [
        TargetedOffer(row, score, _show_first(products[row.offer_id].variant_ids, liked))
        for row, score in fitting
        if not arms.hides(row.campaign_id, "")
        and not is_held_out(row.campaign_id, row.holdout_percent, shopper.shopper_id)
    ]


def _most_liked(affinity: Mapping[int, float]) -> _Liked:
    ids = np.fromiter(affinity.keys(), dtype=np.int64, count=len(affinity))
    weights = np.fromiter(affinity.values(), dtype=np.float64, count=len(affinity))
    most = np.lexsort((ids, -weights))[:KNOWN_VARIANTS]
    most = most[np.argsort(ids[most])]
    return _Liked(ids[most], weights[most])


def _rank(
    rows: Sequence[TargetedOfferRow], goods: Mapping[int, OfferProducts], liked: _Liked
) -> list[tuple[TargetedOfferRow, float]]:
    """Return the rows with their scores, most fitting first."""
    scores = _score([goods[row.offer_id].variant_ids for row in rows], liked)
    weights = load_offer_book().weights
    return sorted(
        zip(rows, scores, strict=True),
        key=lambda pair: (
            -(1.0 + pair[1]) * weights.get(pair[0].campaign_id, 1.0),
            -pair[0].priority,
            pair[0].ends_at,
            pair[0].offer_id,
        ),
    )


def _score(listed: Sequence[NDArray[np.int64]], liked: _Liked) -> list[float]:
    """Return, list by list, how much the shopper likes what is on it: all in one look-up."""
    if not len(liked.variant_ids) or not listed:
        return [0.0] * len(listed)
    weights, is_liked = _weigh(np.concatenate(listed), liked)
    owner = np.repeat(np.arange(len(listed)), [len(ids) for ids in listed])
    sums = np.bincount(owner[is_liked], weights=weights[is_liked], minlength=len(listed))
    return [float(one) for one in sums]


def _weigh(
    variant_ids: NDArray[np.int64], liked: _Liked
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return how much each variant is liked, and whether at all; `liked` is not empty."""
    at = np.searchsorted(liked.variant_ids, variant_ids)
    at[at == len(liked.variant_ids)] = 0
    is_liked = liked.variant_ids[at] == variant_ids
    return np.where(is_liked, liked.weights[at], 0.0), is_liked


def _show_first(variant_ids: NDArray[np.int64], liked: _Liked) -> tuple[int, ...]:
    """Return the first variants to show: the liked ones, most first, then by number."""
    if not len(liked.variant_ids):
        return tuple(variant_ids[:SHOWN_VARIANTS].tolist())
    weights, is_liked = _weigh(variant_ids, liked)
    order = np.lexsort((variant_ids, -weights, ~is_liked))[:SHOWN_VARIANTS]
    return tuple(variant_ids[order].tolist())
