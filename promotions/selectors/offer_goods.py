"""What offers sent to shoppers cover, remembered by each process until an offer changes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from numpy.typing import NDArray

from promotions.core.carts import Scope
from promotions.models import Offer, OfferVariant
from promotions.selectors.scopes import cover_variants, list_scopes
from shop.catalog.selectors import catalog_version, list_never_personal, load_variant_arrays

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class OfferGoods:
    """The listed variants of an offer, ascending, and the scopes it means beside them.

    One without listed variants means what its own scope says; one that was saved past the admin's
    check means nothing beside them. What is never priced personally is not listed, for these goods
    are what offers are sent for.
    """

    variant_ids: NDArray[np.int64]
    scopes: tuple[Scope, ...]


class _Cache:
    """Goods by offer at one version of offers and catalogue, at most MOST_KEPT of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version = (-1, -1)
        self.goods: dict[int, OfferGoods | None] = {}


_cache = _Cache()


def load_goods(offer_ids: Collection[int], version: int) -> Mapping[int, OfferGoods]:
    """Return what each offer covers, by id, as of `version` of the offer book, without those that
    mean only goods never priced personally.

    One query for those nobody asked about since the book changed, none if there are none.
    """
    both = (version, catalog_version())
    with _cache.lock:
        if _cache.version != both or len(_cache.goods) > MOST_KEPT:
            _cache.version, _cache.goods = both, {}
        goods = _cache.goods
    missing = [one for one in offer_ids if one not in goods]
    if missing:
        # Into the version's own dict: one that is out of date by now is nobody's any more
        goods.update(_read_goods(missing))
    return {pk: each for pk in offer_ids if (each := goods.get(pk)) is not None}


def _read_goods(offer_ids: Collection[int]) -> dict[int, OfferGoods | None]:
    listed = OfferVariant.objects.filter(offer_id=OuterRef("pk")).order_by("variant_id")
    rows = Offer.objects.filter(pk__in=offer_ids).annotate(
        listed=ArraySubquery(listed.values("variant_id"))
    )
    found = {row.pk: (row, np.array(row.listed, dtype=np.int64)) for row in rows}
    every = {
        pk: OfferGoods(ids, list_scopes(row, is_listed=bool(len(ids))))
        for pk, (row, ids) in found.items()
    }
    return {pk: _keep_open(goods) for pk, goods in every.items()}


def _keep_open(goods: OfferGoods) -> OfferGoods | None:
    """Return the goods without those never priced personally, None if it means no others."""
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
    return OfferGoods(ids[is_open], goods.scopes)
