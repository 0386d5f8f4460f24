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
from promotions.core.parse import parse_scope
from promotions.core.parse_fields import BadOffer
from promotions.core.terms import Bundle, extra_scopes
from promotions.models import Offer, OfferVariant
from promotions.selectors.book import build_offer_benefit

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class OfferGoods:
    """The listed variants of an offer, ascending, and the scopes it means beside them.

    One without listed variants means what its own scope says; one that was saved past the admin's
    check means nothing beside them.
    """

    variant_ids: NDArray[np.int64]
    scopes: tuple[Scope, ...]


class _Cache:
    """Goods by offer at one version of the offer book, at most MOST_KEPT of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version = -1
        self.goods: dict[int, OfferGoods] = {}


_cache = _Cache()


def load_goods(offer_ids: Collection[int], version: int) -> Mapping[int, OfferGoods]:
    """Return what each offer covers, by id, as of `version` of the offer book.

    One query for those nobody asked about since the book changed, none if there are none.
    """
    with _cache.lock:
        if _cache.version != version or len(_cache.goods) > MOST_KEPT:
            _cache.version, _cache.goods = version, {}
        goods = _cache.goods
    missing = [one for one in offer_ids if one not in goods]
    if missing:
        # Into the version's own dict: one that is out of date by now is nobody's any more
        goods.update(_read_goods(missing))
    return goods


def _read_goods(offer_ids: Collection[int]) -> dict[int, OfferGoods]:
    listed = OfferVariant.objects.filter(offer_id=OuterRef("pk")).order_by("variant_id")
    rows = Offer.objects.filter(pk__in=offer_ids).annotate(
        listed=ArraySubquery(listed.values("variant_id"))
    )
    found = {row.pk: (row, np.array(row.listed, dtype=np.int64)) for row in rows}
    return {
        pk: OfferGoods(ids, _scopes_of(row, is_listed=bool(len(ids))))
        for pk, (row, ids) in found.items()
    }


def _scopes_of(offer: Offer, *, is_listed: bool) -> tuple[Scope, ...]:
    try:
        terms = build_offer_benefit(offer).terms
        own = () if is_listed else (parse_scope(offer.scope),)
    except BadOffer:
        return ()
    more = extra_scopes(terms)
    return more if isinstance(terms, Bundle) else (*own, *more)
