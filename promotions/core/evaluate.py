"""The one evaluator: the same for list pages, product page, cart, API, admin and replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from promotions.core.values import CartValue, CouponValue, Evaluation, OfferValue, ShopperFacts


def evaluate_offers(
    *,
    cart: CartValue,
    offers: Sequence[OfferValue],
    coupons: Sequence[CouponValue],
    shopper: ShopperFacts,
    now: datetime,
    language: str = "en",
    locale: str = "en_US",
) -> Evaluation:
    """Return the best allowed combination of `offers` and `coupons` on `cart`."""
    raise NotImplementedError
