"""Roles of the catalogue's products in an offer of a snapshot, as the law needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.api import current_public_prices
from promotions.campaigns.api import cover_variants
from promotions.engine import api as c
from promotions.engine.api import EVERYTHING, Scope, parse_condition, parse_scope
from promotions.law.core.depth import Roles
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import load_variant_arrays

type BoolArray = NDArray[np.bool_]
type IntArray = NDArray[np.int64]
WITHOUT_GOODS = ("gift", "delivery")


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions in the catalogue's arrays of what an offer means, as `Roles` has them."""

    bought: IntArray
    given: IntArray
    parts: tuple[IntArray, ...] = ()

    def among(self, chosen: IntArray, offer: Mapping[str, Any], least_minor: int) -> Roles:
        """Return what `offer`'s products at the (ascending) positions `chosen` are to it."""
        bought, given, *parts = (
            np.isin(chosen, each, assume_unique=True)
            for each in (self.bought, self.given, *self.parts)
        )
        scope = parse_scope(offer["scope"])
        named = scope.product_ids or scope.category_ids or scope.brand_ids
        is_listed = "variants" in offer or scope.variant_ids is not None
        return Roles(
            bought,
            given,
            tuple(parts),
            least_minor,
            is_whole_cart=scope == EVERYTHING and not is_listed,
            names_goods=bool(named or is_listed or parts),
        )

    def without(self, hidden: BoolArray) -> Positions:
        """Return the places of the products that are not `hidden`, a mask of the catalogue."""
        bought, given, *parts = (
            each[~hidden[each]] for each in (self.bought, self.given, *self.parts)
        )
        return Positions(bought, given, tuple(parts))


def find_places(offer: Mapping[str, Any], arrays: VariantArrays) -> Positions:
    """Return what an offer of a snapshot means. No query.

    A bundle means the products of its parts, a gift what it gives, delivery no products at all.
    """
    kind, terms = offer["benefit_kind"], offer.get("terms") or {}
    nothing = np.zeros(0, dtype=np.int64)
    if kind == "bundle":
        covered = [_cover(part.get("scope", {}), arrays) for part in terms["parts"]]
        parts = tuple(np.flatnonzero(each) for each in covered)
        return Positions(np.flatnonzero(np.logical_or.reduce(covered)), nothing, parts)
    given = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    if kind == "gift":
        given = cover_variants(Scope(variant_ids=frozenset(terms["variants"])), arrays)
    if "get_scope" in terms:
        given = _cover(terms["get_scope"], arrays)
    if kind in WITHOUT_GOODS:
        return Positions(nothing, np.flatnonzero(given))
    return Positions(np.flatnonzero(_own(offer, arrays) & ~given), np.flatnonzero(given))


def covered_by(offer: Mapping[str, Any], arrays: VariantArrays) -> BoolArray:
    """Return which active variants an offer of a snapshot means at all, (m,). No query."""
    places = find_places(offer, arrays)
    covered = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    covered[places.bought] = covered[places.given] = True
    return covered


def least_bought(offer: Mapping[str, Any], *, market: str, now: datetime) -> int:
    """Return the least that must be bought for an offer by its condition, minor units.

    Products count at the lowest public price among them. No query while the price book is fresh.
    """

    return least_of(parse_condition(offer.get("condition") or {}), market=market, now=now)


def least_of(condition: c.Condition, *, market: str, now: datetime) -> int:
    """Return the same of a condition."""

    def price(scope: Scope) -> int:
        arrays = load_variant_arrays()
        ids = arrays.variant_id[cover_variants(scope, arrays)].tolist()
        found = current_public_prices(variant_ids=ids, now=now, market=market).public_minor
        return int(found.min(initial=np.iinfo(np.int64).max)) if len(found) else 0

    return _least(condition, price)


def _least(condition: c.Condition, price: Callable[[Scope], int]) -> int:
    match condition:
        case c.All(parts):
            return max((_least(part, price) for part in parts), default=0)
        case c.Any(parts) | c.ExactlyOne(parts):
            return min((_least(part, price) for part in parts), default=0)
        case c.CartHas(scope, quantity, value):
            is_goods = scope != EVERYTHING or quantity > 1
            return max(value, quantity * price(scope) if is_goods else 0)
        case c.DifferentProducts(count, scope):
            return count * price(scope)
    return 0


def _own(offer: Mapping[str, Any], arrays: VariantArrays) -> BoolArray:
    if "variants" in offer:
        return cover_variants(Scope(variant_ids=frozenset(offer["variants"])), arrays)
    return _cover(offer["scope"], arrays)


def _cover(scope: Any, arrays: VariantArrays) -> BoolArray:
    return cover_variants(parse_scope(scope), arrays)
