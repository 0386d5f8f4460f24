"""Read offers, coupons and what is personal to a shopper."""

from promotions.selectors.offers import (
    LinePreview,
    PersonalOffer,
    ShopperView,
    evaluate_cart,
    list_live_offers,
    personal_offers_for,
    preview_lines,
)

__all__ = [
    "LinePreview",
    "PersonalOffer",
    "ShopperView",
    "evaluate_cart",
    "list_live_offers",
    "personal_offers_for",
    "preview_lines",
]
