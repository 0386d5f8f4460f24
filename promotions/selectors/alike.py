"""Goods that no offer tells apart: at the same amounts, what one costs with offers, all do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from promotions.core.benefits import WITHOUT_LINES
from promotions.core.carts import Scope
from promotions.core.conditions import list_scopes
from promotions.core.unit_preview import drop_idle
from promotions.selectors.book import load_offer_book
from promotions.selectors.scopes import cover_variants
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import catalog_version, load_variant_arrays

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cover:
    """What the book's offers that apply by themselves mean of the catalogue, arrays (n,).

    `lowered` is by offer, of those that may lower a piece; `concerned` has what their conditions
    ask for, too, and offers that compete with them. Variants of one of the `kinds` are in the same
    scopes of all offers and their conditions, and are all never priced personally, or none is.
    `tells_reduced`: some of these scopes mean no goods below their list price.
    """

    variant_id: IntArray
    product_id: IntArray
    lowered: Mapping[int, BoolArray]
    concerned: Mapping[int, BoolArray]
    kinds: IntArray
    tells_reduced: bool

    def find_kinds(self, variant_ids: IntArray) -> IntArray:
        """Return the kind of each variant, (n,); -1 of those that are not on sale."""
        own = self.variant_id
        if not len(own):
            return np.full(len(variant_ids), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(own, variant_ids), len(own) - 1)
        return np.where(own[at] == variant_ids, self.kinds[at], -1)

    def share_product(self, variant_ids: IntArray, product_ids: list[int]) -> BoolArray:
        """Return which of the variants are of one of the products, (n,).

        They are no further product, which a condition may ask for.
        """
        return np.isin(variant_ids, self.variant_id[np.isin(self.product_id, product_ids)])


def load_cover() -> Cover:
    """Return what offers mean of the catalogue; remembered until either changes. No query."""
    return _cover_catalogue(load_offer_book().version, catalog_version())


def group_alike(*columns: IntArray) -> tuple[IntArray, IntArray]:
    """Return the place of the first row of each group of equal rows, and each row's group.

    >>> first, group = group_alike(np.array([7, 7, 8, 7]), np.array([1, 2, 1, 1]))
    >>> first.tolist(), group.tolist()
    ([0, 1, 2], [0, 1, 2, 0])
    """
    key = np.zeros(len(columns[0]), dtype=np.int64)
    first, group = key, key
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        # Numbered anew each time, so that products of counts never leave 64 bits
        _, first, group = np.unique(
            group * len(values) + place, return_index=True, return_inverse=True
        )
    return first, group


@lru_cache(maxsize=2)
def _cover_catalogue(book_version: int, catalogue: int) -> Cover:
    """Return the cover; the versions key the memory."""
    arrays = load_variant_arrays()
    offers, _ = drop_idle(list(load_offer_book().offers), [])
    asked = {one.offer_id: (*one.scopes, *list_scopes(one.condition)) for one in offers}
    masks = {
        scope: cover_variants(scope, arrays)
        for scope in frozenset(chain.from_iterable(asked.values()))
    }

    def join(scopes: Iterable[Scope]) -> BoolArray:
        return np.logical_or.reduce([masks[scope] for scope in scopes])

    lowering = [offer for offer in offers if offer.benefit.kind not in WITHOUT_LINES]
    lowered = {offer.offer_id: join(offer.scopes) for offer in lowering}
    concerned = {offer_id: join(scopes) for offer_id, scopes in asked.items()}
    kinds = _number_kinds(list(masks.values()), arrays)
    tells_reduced = any(scope.is_unreduced for scope in masks)
    return Cover(arrays.variant_id, arrays.product_id, lowered, concerned, kinds, tells_reduced)


def _number_kinds(masks: list[BoolArray], arrays: VariantArrays) -> IntArray:
    bits = np.packbits(np.array([*masks, arrays.never_personal]), axis=0)
    rows = np.ascontiguousarray(bits.T)
    _, kinds = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_inverse=True)
    return np.asarray(kinds, dtype=np.int64)
