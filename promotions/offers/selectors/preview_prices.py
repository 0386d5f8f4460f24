"""Unit previews of many products in a visitor's cart, for sorting and price filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from profiles.experiments.api import ArmChoice
from promotions.campaigns.api import CompiledBook, cover_variants, live_at, load_offer_book
from promotions.engine.api import (
    WITHOUT_LINES,
    CartLineValue,
    CartValue,
    Scope,
    UnitPrices,
    drop_idle,
    list_scopes,
)
from promotions.offers.selectors.comparing import shared_key
from promotions.offers.selectors.evaluation import list_seen_arms
from promotions.offers.selectors.gathering import CartQuestion, gather_offers
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import catalog_version, load_variant_arrays

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cover:
    """What the book's offers that apply by themselves mean of the catalogue, arrays (n,).

    `lowered` is by offer, of those that may lower a piece; `concerned` has what their conditions
    ask for, too, and offers that compete with them. Variants of one of the `kinds` are in the same
    scopes of all offers and their conditions, and are all never priced personally, or none is.
    `tells_reduced`: some of these scopes mean no products below their list price.
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


@dataclass(frozen=True, slots=True)
class PreviewProducts:
    """One piece each of n products on sale, arrays (n,): what it costs the shopper, the least it
    may cost, what it costs everybody, and its list price."""

    variant_id: IntArray
    unit_minor: IntArray
    floor_minor: IntArray
    public_minor: IntArray
    list_minor: IntArray

    def take(self, where: IntArray) -> PreviewProducts:
        """Return the products at positions `where`."""
        return PreviewProducts(
            self.variant_id[where],
            self.unit_minor[where],
            self.floor_minor[where],
            self.public_minor[where],
            self.list_minor[where],
        )


MakeLines = Callable[[PreviewProducts], Sequence[CartLineValue]]


def find_touched(variant_ids: IntArray, cart: CartValue, now: datetime) -> BoolArray:
    """Return which of the variants an offer that runs now and applies by itself could lower, (n,).

    Into a cart with something in it a unit may also come that such an offer only asks for, or a
    further one of the same. No query; what offers cover is remembered until offers or the catalogue
    change.
    """
    cover = load_cover()
    masks = cover.concerned if cart.lines else cover.lowered
    touched = np.zeros(len(cover.variant_id), dtype=np.bool_)
    for offer in load_offer_book().offers:
        if offer.offer_id in masks and live_at(offer, now, cart.market_code):
            touched |= masks[offer.offer_id]
    found = np.isin(variant_ids, cover.variant_id[touched])
    return found | np.isin(variant_ids, [line.variant_id for line in cart.lines])


def price_products(
    question: CartQuestion, goods: PreviewProducts, make_lines: MakeLines
) -> tuple[IntArray, tuple[ArmChoice, ...]]:
    """Return what `preview_lines` would show of each of the products, (n,), and the arms it shows.

    The same offers, facts and choice of the best combination, asked once for products that no offer
    tells apart and that cost the same; `make_lines` is asked for one line of each such group, of
    all products where codes are entered, which may tell any apart. Products whose floor the
    cheapest of their group could reach are asked for with that floor. Queries: as `gather_offers`
    says, for any number of products.
    """
    lines, group = _group_products(question, goods, make_lines)
    gathered = gather_offers(question, lines)
    prices = _price_groups(goods, lines, group, gathered.price_units())
    return prices, list_seen_arms(lines, gathered)


def _group_products(
    question: CartQuestion, goods: PreviewProducts, make_lines: MakeLines
) -> tuple[Sequence[CartLineValue], IntArray]:
    """Return a line of each group of products that cost the same, and the group of each, (n,)."""
    cover, cart = load_cover(), question.cart
    kinds = cover.find_kinds(goods.variant_id)
    known = cover.share_product(goods.variant_id, [line.product_id for line in cart.lines])
    inside = np.isin(goods.variant_id, [line.variant_id for line in cart.lines])
    apart = inside | known | bool(question.codes)
    single = np.where(apart, goods.variant_id, 0)
    is_reduced = (goods.public_minor < goods.list_minor) & cover.tells_reduced
    amounts = goods.unit_minor, goods.public_minor
    first, group = group_alike(kinds, *amounts, single, is_reduced.astype(np.int64))
    return make_lines(goods.take(first)), group


@dataclass(frozen=True, slots=True)
class _Listed:
    """Goods of a list at what they cost everybody: their prices by what else these depend on.

    `lines` are one of those that each offer of the `book` covers, whether it runs yet or not.
    """

    book: CompiledBook
    lines: tuple[CartLineValue, ...]
    prices: dict[object, IntArray]


_listed: dict[object, _Listed] = {}
MOST_LISTS, MOST_PRICES = 32, 8


def price_list(
    question: CartQuestion,
    about: object,
    goods: Callable[[], PreviewProducts],
    make_lines: MakeLines,
) -> IntArray | None:
    """Return what `price_products` does of a list for who has nothing in the cart, (n,), read-only.

    `about` names the list, its prices and floors; what offers make of them is remembered for all
    who get the same offers. None where that is one shopper's own. Queries: as `gather_offers` says.
    """
    kept, book = _listed.get(about), load_offer_book()
    if kept is None or kept.book is not book:
        lines, _group = _group_products(question, goods(), make_lines)
        if len(_listed) >= MOST_LISTS:
            _listed.clear()
        kept = _listed[about] = _Listed(book, _pick_lines(book, lines), {})
    key = shared_key(gather_offers(question, kept.lines), question.language)
    if key is None:
        return None
    found = kept.prices.get(key)
    if found is None:
        found, _arms = price_products(question, goods(), make_lines)
        found.flags.writeable = False
        if len(kept.prices) >= MOST_PRICES:
            kept.prices.clear()
        kept.prices[key] = found
    return found


def _pick_lines(book: CompiledBook, lines: Sequence[CartLineValue]) -> tuple[CartLineValue, ...]:
    offers = book.index.touching(lines)
    firsts = (next(line for line in lines if offer.covers(line)) for offer in offers)
    return tuple(dict.fromkeys(firsts))


def _price_groups(
    goods: PreviewProducts, lines: Sequence[CartLineValue], group: IntArray, prices: UnitPrices
) -> IntArray:
    """Return the prices of all products from one line of each group.

    A floor that the price of the unit without one does not come below takes nothing from that
    combination and adds nothing to others, so it stays the best: most products have floors of their
    own, few meet them.
    """
    free = [prices.price(replace(line, floor_minor=0)) for line in lines]
    amounts = np.array([one.amount_minor for one in free], dtype=np.int64)
    least = np.array([one.own_minor for one in free], dtype=np.int64)
    is_sure = np.array([one.is_sure for one in free], dtype=np.bool_)
    found = amounts[group]
    is_lowered = least[group] < goods.unit_minor
    is_bound = is_lowered & ((goods.floor_minor > least[group]) | ~is_sure[group])
    if is_bound.any():
        floor, groups = goods.floor_minor[is_bound], group[is_bound]
        first, same = group_alike(groups, floor)
        pairs = zip(groups[first].tolist(), floor[first].tolist(), strict=True)
        each = [prices.price(replace(lines[at], floor_minor=least)) for at, least in pairs]
        found[is_bound] = np.array([one.amount_minor for one in each])[same]
    return found
