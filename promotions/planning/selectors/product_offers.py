"""The offers of one product, running or planned, for its page in the back office."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from promotions.campaigns.api import CampaignView, cover_variants, list_scopes, view_campaign
from promotions.campaigns.models import Campaign, Offer, OfferVariant
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import load_variant_arrays


@dataclass(frozen=True, slots=True)
class ProductOffer:
    """An offer that covers a product, with its campaign as it is now."""

    offer_id: int
    name: str
    name_zh: str
    requires_coupon: bool
    campaign: CampaignView


def list_product_offers(*, variant_ids: Collection[int], now: datetime) -> list[ProductOffer]:
    """Return the offers that run or may still begin and cover one of the variants on sale, in the
    order in which they begin. One query.

    An offer covers what its scope or its list says; conditions of the cart are not looked at.
    """
    arrays = _pick(load_variant_arrays(), variant_ids)
    if not len(arrays.variant_id):
        return []
    own = OfferVariant.objects.filter(offer_id=OuterRef("pk"))
    rows = (
        Offer.objects.filter(is_active=True, campaign__ends_at__gt=now)
        .exclude(campaign__status=Campaign.Status.ENDED)
        .annotate(
            listed=ArraySubquery(own.values("variant_id")[:1]),
            listed_here=ArraySubquery(
                own.filter(variant_id__in=arrays.variant_id.tolist()).values("variant_id")[:1]
            ),
        )
        .select_related("campaign")
        .order_by("campaign__starts_at", "pk")
    )
    return [
        ProductOffer(
            offer_id=row.pk,
            name=row.name,
            name_zh=row.name_zh,
            requires_coupon=row.requires_coupon,
            campaign=view_campaign(row.campaign, now),
        )
        for row in rows
        if row.listed_here or _covers(row, arrays, is_listed=bool(row.listed))
    ]


def _covers(offer: Offer, arrays: VariantArrays, *, is_listed: bool) -> bool:
    scopes = list_scopes(offer, is_listed=is_listed)
    return any(bool(cover_variants(scope, arrays).any()) for scope in scopes)


def _pick(arrays: VariantArrays, variant_ids: Collection[int]) -> VariantArrays:
    is_own = np.isin(arrays.variant_id, list(variant_ids))
    return replace(
        arrays, **{each.name: getattr(arrays, each.name)[is_own] for each in fields(arrays)}
    )
