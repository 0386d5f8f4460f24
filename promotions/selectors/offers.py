"""The evaluation of a cart with the offers that may apply to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from promotions.core.asked import Asked
from promotions.core.carts import CartValue
from promotions.core.circumstances import Circumstances
from promotions.core.evaluate import evaluate_offers
from promotions.core.hints import HintReach
from promotions.core.shoppers import ShopperView
from promotions.core.values import Evaluation, OfferValue
from promotions.selectors.book import CompiledBook, live_at, load_offer_book
from promotions.selectors.facts import LookUp
from promotions.selectors.gathering import LookUpGifts, gather_offers
from promotions.selectors.hints import name_products
from promotions.selectors.personal_law import (
    label_personal,
)


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
    gathered = gather_offers(
        cart=cart,
        codes=codes,
        shopper=shopper,
        now=now,
        language=language,
        look_up=look_up,
        look_up_gifts=look_up_gifts,
        book=book,
    )
    return evaluate_asked(gathered.asked, now=now, language=language, locale=locale)


def evaluate_asked(asked: Asked, *, now: datetime, language: str, locale: str) -> Evaluation:
    """Return the evaluator's answer, what is personal labeled, products named in hints.

    Queries: as `name_products` says.
    """
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
    codes = frozenset(coupon.code for coupon in asked.coupons)
    given = Circumstances(asked.cart, asked.shopper, now, codes)
    found = name_products(found, asked, given, language=language, locale=locale)
    return label_personal(found, asked.with_unlocked, asked.law_label)
