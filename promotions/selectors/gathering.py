"""The one gatherer of offers: what may apply to a cart, and to one with products added to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from pricing.core.values import STRICTEST, JurisdictionRule
from promotions.core.asked import Asked
from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
from promotions.core.codes import normalize_code
from promotions.core.conditions import needed_facts
from promotions.core.limits import Buyer
from promotions.core.shoppers import ShopperView
from promotions.core.terms import Gift
from promotions.core.unit_preview import UnitPrices, drop_idle
from promotions.core.values import CouponValue, GiftStock, OfferValue
from promotions.selectors.arms import OfferArms, find_offer_arms
from promotions.selectors.book import CompiledBook, live_at, load_offer_book
from promotions.selectors.budgets import read_budgets, recall_budgets
from promotions.selectors.coupons import find_coupons
from promotions.selectors.facts import FindTier, LookUp, complete_shopper
from promotions.selectors.holdouts import close_held_out, drop_held_out
from promotions.selectors.limits import add_rooms
from promotions.selectors.personal_law import (
    find_personal_cap,
    find_personal_rule,
)
from shop.catalog.selectors import list_never_personal

_GIVEN = """
SELECT campaign_id, offer_id FROM promotions_campaignshopper
WHERE shopper_id = %s AND campaign_id = ANY(%s)
"""
LookUpGifts = Callable[[Collection[int]], tuple[GiftStock, ...]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the evaluator is asked about a cart, and what else pages ask of the same offers.

    `arms` are the shopper's in campaigns under experiment, `others` the offers that other arms get.
    """

    asked: Asked
    arms: OfferArms
    others: tuple[OfferValue, ...]
    book: CompiledBook
    now: datetime

    def price_units(self) -> UnitPrices:
        """Return what one more unit of a product adds to the price of the cart."""
        return UnitPrices(self.asked, self.now, self.book.unit_prices)


def gather_offers(
    *,
    cart: CartValue,
    codes: Sequence[str],
    shopper: ShopperView,
    now: datetime,
    language: str,
    look_up: LookUp | None = None,
    look_up_gifts: LookUpGifts | None = None,
    book: CompiledBook | None = None,
    products: Sequence[CartLineValue] = (),
    find_tier: FindTier | None = None,
) -> Gathered:
    """Return what to ask the evaluator about `cart`, also with any of `products` added to it.

    The one gatherer of offers: `evaluate_cart` says what is looked up. With `products` it is for
    pages that only show prices: offers that cannot change what products cost are left out, whom
    campaigns address is asked before anything else of them, and what budgets have left may be a
    second old.
    """
    book = load_offer_book() if book is None else book
    lines = (*cart.lines, *products)
    coupons = _list_coupons(codes, lines, shopper, now, book)
    offers = _list_live(book, lines, cart.market_code, shopper, now)
    offers, coupons = drop_idle(offers, coupons) if products else (offers, coupons)
    given, rule = _find_given([*offers, *_unlocked(coupons)], shopper, cart, now)
    offers = _drop_others(offers, given) if products else offers
    arms = find_offer_arms({offer.campaign_id for offer in offers}, shopper, cart.channel)
    offers, passed_over = _leave_out_never_personal(offers, lines)
    offers = _with_budgets(offers, book, now, is_fresh=not products)
    offers, coupons = add_rooms(offers, coupons, _buyer_of(shopper, cart, now))
    every = (*offers, *_unlocked(coupons))
    shopper = _complete(shopper, every, now, look_up, find_tier)
    others = tuple(one for one in offers if arms.hides(one.campaign_id, one.code))
    asked = Asked(
        cart=_cap_personal(_add_gifts(cart, every, look_up_gifts), given, now),
        offers=tuple(_keep_given(arms.keep(offers), given)),
        coupons=tuple(coupons),
        shopper=_facts_of(shopper, given),
        given=given,
        arms=arms.names,
        hidden=frozenset(offer.offer_id for offer in others),
        passed_over=passed_over,
        allows_personal=shopper.allows_personal,
        law_label=rule.label(language),
    )
    return Gathered(asked, arms, others, book, now)


def _buyer_of(shopper: ShopperView, cart: CartValue, now: datetime) -> Buyer:
    return Buyer(shopper.shopper_id, cart.channel, cart.time_zone, now, shopper.identity)


def _complete(
    shopper: ShopperView,
    offers: Iterable[OfferValue],
    now: datetime,
    look_up: LookUp | None,
    find_tier: FindTier | None,
) -> ShopperView:
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in offers))
    return complete_shopper(shopper, facts, now=now, look_up=look_up, find_tier=find_tier)


def _unlocked(coupons: Iterable[CouponValue]) -> list[OfferValue]:
    return [coupon.offer for coupon in coupons if coupon.offer is not None]


def _list_live(
    book: CompiledBook,
    lines: Sequence[CartLineValue],
    market_code: str,
    shopper: ShopperView,
    now: datetime,
) -> list[OfferValue]:
    """Return the offers that run now and cover one of `lines`, unless they hold the shopper out."""
    return [
        offer
        for offer in drop_held_out(book.index.touching(lines), shopper.shopper_id)
        if live_at(offer, now, market_code)
        and (shopper.allows_personal or offer.audience != "personal")
    ]


def _add_gifts(
    cart: CartValue, offers: Iterable[OfferValue], look_up_gifts: LookUpGifts | None
) -> CartValue:
    given = [offer.benefit.terms for offer in offers]
    ids = frozenset().union(*(terms.variant_ids for terms in given if isinstance(terms, Gift)))
    return replace(cart, gifts=look_up_gifts(ids)) if ids and look_up_gifts is not None else cart


def _leave_out_never_personal(
    offers: list[OfferValue], lines: Sequence[CartLineValue]
) -> tuple[list[OfferValue], frozenset[int]]:
    """Return the offers, those for chosen shoppers without the goods among `lines` that are never
    priced personally, and these goods where it mattered.

    Whom staff chose for a discount on such goods would tell of health or sexual life (GDPR art. 9),
    of children or of drink. A code somebody enters is their own act and keeps its worth.
    """
    if not any(offer.is_for_chosen for offer in offers):
        return offers, frozenset()
    hidden = list_never_personal().intersection(line.variant_id for line in lines)
    if not hidden:
        return offers, frozenset()
    kept = [offer.without_variants(hidden) if offer.is_for_chosen else offer for offer in offers]
    return [offer for offer in kept if any(map(offer.covers, lines))], frozenset(hidden)


def _list_coupons(
    codes: Sequence[str],
    lines: Sequence[CartLineValue],
    shopper: ShopperView,
    now: datetime,
    book: CompiledBook,
) -> list[CouponValue]:
    entered = list(dict.fromkeys(normalize_code(code) for code in codes))
    variant_ids = [line.variant_id for line in lines]
    found = (
        find_coupons(
            codes=entered,
            variant_ids=variant_ids,
            shopper_id=shopper.shopper_id,
            identity=shopper.identity,
            now=now,
            as_live=book.as_live,
        )
        if entered
        else []
    )
    coupons = [_take_as_live(one, book.as_live) for one in (*found, *book.unlocked)]
    return close_held_out(coupons, shopper.shopper_id)


def _take_as_live(coupon: CouponValue, campaign_ids: Collection[int]) -> CouponValue:
    """Return the coupon with its offer released, if its campaign is one of `campaign_ids`."""
    offer = coupon.offer
    if offer is None or offer.campaign_id not in campaign_ids:
        return coupon
    return replace(coupon, offer=replace(offer, status="live"))


def _with_budgets(
    offers: list[OfferValue], book: CompiledBook, now: datetime, *, is_fresh: bool
) -> list[OfferValue]:
    """Return the offers with what their campaigns have left. One query if any has a budget."""
    ids = {offer.campaign_id for offer in offers} & book.budgeted
    left = read_budgets(ids, now) if is_fresh else recall_budgets(ids, book.budgeted, now)
    return [
        replace(o, left_minor=left[o.campaign_id]) if o.campaign_id in left else o for o in offers
    ]


def _drop_others(offers: Iterable[OfferValue], given: Mapping[int, int | None]) -> list[OfferValue]:
    """Return the offers without those that were given to other shoppers."""
    return [one for one in offers if one.audience != "personal" or one.campaign_id in given]


def _find_given(
    offers: Iterable[OfferValue], shopper: ShopperView, cart: CartValue, now: datetime
) -> tuple[Mapping[int, int | None], JurisdictionRule]:
    """Return which personal campaigns among `offers` address the shopper, with the one offer of it
    that the allocator gave, or None for all of them; and the law they stand under.

    None where the place allows no personal price. One query if any.
    """
    ids = {offer.campaign_id for offer in offers if offer.audience == "personal"}
    if not ids or shopper.shopper_id is None:
        return {}, STRICTEST
    rule = find_personal_rule(region=cart.region, market_code=cart.market_code, now=now)
    if not rule.personal_allowed:
        return {}, rule
    with connection.cursor() as cursor:  # as text: each cart asks it
        cursor.execute(_GIVEN, [shopper.shopper_id, list(ids)])
        return dict(cursor.fetchall()), rule


def _cap_personal(cart: CartValue, given: Mapping[int, int | None], now: datetime) -> CartValue:
    """Return the cart with the cap on what one shopper gets, if anything is for this one."""
    if not given:
        return cart
    cap = find_personal_cap(region=cart.region, market_code=cart.market_code, now=now)
    return replace(cart, personal_cap=cap)


def _keep_given(offers: Iterable[OfferValue], given: Mapping[int, int | None]) -> list[OfferValue]:
    """Return the offers without those of a campaign that gave the shopper another one."""
    return [offer for offer in offers if given.get(offer.campaign_id) in (None, offer.offer_id)]


def _facts_of(shopper: ShopperView, campaign_ids: Iterable[int]) -> ShopperFacts:
    """Return the shopper as the evaluator sees them, addressed by these personal campaigns."""
    return ShopperFacts(
        shopper_id=shopper.shopper_id,
        is_member=shopper.is_member,
        is_first_order=shopper.is_first_order,
        segment=shopper.segment,
        tags=shopper.tags,
        campaign_ids=frozenset(campaign_ids),
        tier=shopper.tier,
        groups=shopper.groups,
        history=shopper.history,
        is_private=shopper.is_private,
    )
