"""Variants of the catalogue that an offer covers."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from promotions.campaigns.models import Offer, OfferVariant
from promotions.campaigns.selectors.book import build_offer_benefit
from promotions.engine.api import BadOffer, Bundle, Scope, extra_scopes, parse_scope
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import list_below, load_variant_arrays


def list_covered_variants(*, offer_id: int) -> NDArray[np.int64]:
    """Return ids of the active variants an offer covers, ascending; none for an unknown offer.

    Two queries.
    """
    arrays = load_variant_arrays()
    listed = OfferVariant.objects.filter(offer_id=offer_id).values_list("variant_id", flat=True)
    if ids := list(listed):
        return arrays.variant_id[np.isin(arrays.variant_id, ids)]
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        return arrays.variant_id[:0]
    terms = build_offer_benefit(offer).terms
    scopes = extra_scopes(terms)
    if not isinstance(terms, Bundle):
        scopes = (parse_scope(offer.scope), *scopes)
    covered = [cover_variants(scope, arrays) for scope in scopes]
    return arrays.variant_id[np.logical_or.reduce(covered)]


def list_scopes(offer: Offer, *, is_listed: bool) -> tuple[Scope, ...]:
    """Return what an offer covers beside its listed variants; nothing for one saved past the
    admin's check."""
    try:
        terms = build_offer_benefit(offer).terms
        own = () if is_listed else (parse_scope(offer.scope),)
    except BadOffer:
        return ()
    more = extra_scopes(terms)
    return more if isinstance(terms, Bundle) else (*own, *more)


def cover_variants(scope: Scope, arrays: VariantArrays) -> NDArray[np.bool_]:
    """Return, per variant, what `Scope.covers` says of a line of it, at whatever price it has."""
    if scope.variant_ids is not None:
        covered = np.isin(arrays.variant_id, np.array(sorted(scope.variant_ids), dtype=np.int64))
    elif scope.product_ids or scope.category_ids or scope.brand_ids:
        covered = np.isin(arrays.product_id, list(scope.product_ids))
        covered |= np.isin(arrays.brand_id, list(scope.brand_ids))
        covered |= np.isin(arrays.category_id, _with_below(scope.category_ids))
    else:
        covered = np.ones(len(arrays.variant_id), dtype=bool)
    covered &= ~np.isin(arrays.category_id, _with_below(scope.except_category_ids))
    covered &= ~np.isin(arrays.variant_id, list(scope.except_variant_ids))
    return covered & ~np.isin(arrays.brand_id, list(scope.except_brand_ids))


def _with_below(category_ids: Collection[int]) -> list[int]:
    return list(list_below(category_ids)) if category_ids else []
