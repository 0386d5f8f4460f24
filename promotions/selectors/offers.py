"""Read live offers and evaluate a cart, or one unit of a product, with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import connection

from pricing.core.values import STRICTEST, JurisdictionRule
from promotions.core.asked import Asked
from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
from promotions.core.codes import normalize_code
from promotions.core.conditions import needed_facts
from promotions.core.evaluate import evaluate_offers
from promotions.core.hints import HintReach
from promotions.core.limits import Buyer
from promotions.core.shoppers import ShopperView
from promotions.core.terms import Gift
from promotions.core.values import CouponValue, Evaluation, GiftStock, OfferValue
from promotions.selectors.arms import find_offer_arms
from promotions.selectors.book import CompiledBook, live_at, load_offer_book
from promotions.selectors.budgets import read_budgets
from promotions.selectors.coupons import find_coupons
from promotions.selectors.facts import LookUp, complete_shopper
from promotions.selectors.holdouts import close_held_out, drop_held_out
from promotions.selectors.limits import add_rooms
from promotions.selectors.personal_law import (
    find_personal_cap,
    find_personal_rule,
    label_personal,
)
from shop.catalog.selectors import list_sensitive_variants

_GIVEN = """
SELECT campaign_id, offer_id FROM promotions_campaignshopper
WHERE shopper_id = %s AND campaign_id = ANY(%s)
"""
LookUpGifts = Callable[[Collection[int]], tuple[GiftStock, ...]]


def list_live_offers(*, now: datetime, market_code: str) -> tuple[OfferValue, ...]:
    """Return offers that apply by themselves at `now`. No query, one a second per process.

    Budgets are not looked at here; `evaluate_cart` reads them fresh.
    """
    return tuple(offer for offer in load_offer_book().offers if live_at(offer, now, market_code))


def evaluate_cart(
    *,
    cart: CartValue,
    codes: Sequence[str],
    shopper: ShopperView,
    now: datetime,
    language: str,
    locale: str,
    look_up: LookUp | None = None,
    look_up_gifts: LookUpGifts | None = None,
    book: CompiledBook | None = None,
) -> Evaluation:
    """Return the evaluation of `cart` with live offers and entered `codes`.

    `look_up` completes the shopper with the facts of other rooms that some condition needs
    ("segment", "tags", "first_order", "orders_in:30", ...) and is called only then; what this room
    knows itself (groups, tier) is read likewise. No query without codes, budgets, use limits,
    personal campaigns or such facts; at most one for each of these. Without `look_up_gifts` no
    gift is given. Offers for chosen shoppers carry the label of the region, or are none there,
    and together with a personal price go no deeper than the region's law says.
    `book` is that of a rehearsal, drafts as if they were live; without it the live one is taken.
    """
    asked = prepare_cart(
        cart=cart,
        codes=codes,
        shopper=shopper,
        now=now,
        language=language,
        look_up=look_up,
        look_up_gifts=look_up_gifts,
        book=book,
    )
    return evaluate_asked(asked, now=now, language=language, locale=locale)


def prepare_cart(
    *,
    cart: CartValue,
    codes: Sequence[str],
    shopper: ShopperView,
    now: datetime,
    language: str,
    look_up: LookUp | None = None,
    look_up_gifts: LookUpGifts | None = None,
    book: CompiledBook | None = None,
) -> Asked:
    """Return what to ask the evaluator for `evaluate_cart`, which says what is looked up."""
    book = load_offer_book() if book is None else book
    touching = drop_held_out(book.index.touching(cart.lines), shopper.shopper_id)
    live = [offer for offer in touching if _live_for(offer, shopper, now, cart.market_code)]
    arms = find_offer_arms({o.campaign_id for o in live}, shopper, cart.channel)
    offers, passed_over = keep_from_sensitive(arms.keep(live), cart.lines)
    coupons = [*_read_coupons(codes, cart, shopper, now), *book.unlocked]
    coupons = close_held_out([take_as_live(c, book.as_live) for c in coupons], shopper.shopper_id)
    unlocked = [coupon.offer for coupon in coupons if coupon.offer is not None]
    buyer = Buyer(shopper.shopper_id, cart.channel, cart.time_zone, now, shopper.identity)
    offers, coupons = add_rooms(with_budgets(offers, book, now), coupons, buyer)
    facts = frozenset().union(*(needed_facts(o.condition) for o in (*offers, *unlocked)))
    shopper = complete_shopper(shopper, facts, now=now, look_up=look_up)
    if look_up_gifts is not None and (gifts := _gifts_of((*offers, *unlocked))):
        cart = replace(cart, gifts=look_up_gifts(gifts))
    given, rule = find_given([*offers, *unlocked], shopper, cart, now)
    return Asked(
        cart=cap_personal(cart, given, now),
        offers=tuple(keep_given(offers, given)),
        coupons=tuple(coupons),
        shopper=facts_of(shopper, given),
        given=given,
        arms=arms.names,
        hidden=frozenset(o.offer_id for o in live if arms.hides(o.campaign_id, o.code)),
        passed_over=passed_over,
        allows_personal=shopper.allows_personal,
        law_label=rule.label(language),
    )


def evaluate_asked(asked: Asked, *, now: datetime, language: str, locale: str) -> Evaluation:
    """Return the evaluator's answer, what is personal labeled. No query."""
    reach = HintReach(settings.HINT_SHARE_PERCENT, settings.HINT_LEAST_MINOR)
    found = evaluate_offers(
        cart=asked.cart,
        offers=asked.offers,
        coupons=asked.coupons,
        shopper=asked.shopper,
        now=now,
        language=language,
        locale=locale,
        reach=reach,
    )
    return label_personal(found, asked.with_unlocked, asked.law_label)


def _live_for(offer: OfferValue, shopper: ShopperView, now: datetime, market_code: str) -> bool:
    personal = offer.audience == "personal"
    return live_at(offer, now, market_code) and (shopper.allows_personal or not personal)


def _gifts_of(offers: Iterable[OfferValue]) -> frozenset[int]:
    given = [offer.benefit.terms for offer in offers]
    return frozenset().union(*(terms.variant_ids for terms in given if isinstance(terms, Gift)))


def keep_from_sensitive(
    offers: list[OfferValue], lines: Sequence[CartLineValue]
) -> tuple[list[OfferValue], frozenset[int]]:
    """Return the offers, those addressed to shoppers without the sensitive goods among `lines`, and
    these goods where it mattered.

    Whom staff chose for a discount on such goods would tell of health or sexual life (GDPR art. 9).
    A code somebody enters is their own act and keeps its worth.
    """
    if not any(offer.audience == "personal" for offer in offers):
        return offers, frozenset()
    hidden = list_sensitive_variants().intersection(line.variant_id for line in lines)
    if not hidden:
        return offers, frozenset()
    kept = [
        offer.without_variants(hidden) if offer.audience == "personal" else offer
        for offer in offers
    ]
    return [offer for offer in kept if any(map(offer.covers, lines))], frozenset(hidden)


def _read_coupons(
    codes: Sequence[str], cart: CartValue, shopper: ShopperView, now: datetime
) -> list[CouponValue]:
    entered = list(dict.fromkeys(normalize_code(code) for code in codes))
    if not entered:
        return []
    variant_ids = [line.variant_id for line in cart.lines]
    return find_coupons(
        codes=entered,
        variant_ids=variant_ids,
        shopper_id=shopper.shopper_id,
        identity=shopper.identity,
        now=now,
    )


def take_as_live(coupon: CouponValue, campaign_ids: Collection[int]) -> CouponValue:
    """Return the coupon with its offer released, if its campaign is one of `campaign_ids`."""
    offer = coupon.offer
    if offer is None or offer.campaign_id not in campaign_ids:
        return coupon
    return replace(coupon, offer=replace(offer, status="live"))


def with_budgets(offers: list[OfferValue], book: CompiledBook, now: datetime) -> list[OfferValue]:
    """Return the offers with what their campaigns have left. One query if any has a budget."""
    return fill_budgets(offers, read_budgets(list_budgeted(offers, book), now))


def list_budgeted(offers: Iterable[OfferValue], book: CompiledBook) -> set[int]:
    """Return the campaigns of the offers that have a budget."""
    return {offer.campaign_id for offer in offers} & book.budgeted


def fill_budgets(offers: list[OfferValue], left: Mapping[int, int]) -> list[OfferValue]:
    """Return the offers with what is `left` of their campaigns' budgets."""
    if not left:
        return offers
    return [
        replace(o, left_minor=left[o.campaign_id]) if o.campaign_id in left else o for o in offers
    ]


def find_given(
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


def cap_personal(cart: CartValue, given: Mapping[int, int | None], now: datetime) -> CartValue:
    """Return the cart with the cap on what one shopper gets, if anything is for this one."""
    if not given:
        return cart
    cap = find_personal_cap(region=cart.region, market_code=cart.market_code, now=now)
    return replace(cart, personal_cap=cap)


def keep_given(offers: Iterable[OfferValue], given: Mapping[int, int | None]) -> list[OfferValue]:
    """Return the offers without those of a campaign that gave the shopper another one."""
    return [offer for offer in offers if given.get(offer.campaign_id) in (None, offer.offer_id)]


def facts_of(shopper: ShopperView, campaign_ids: Iterable[int]) -> ShopperFacts:
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
