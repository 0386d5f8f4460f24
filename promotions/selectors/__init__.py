"""Read offers, coupons and what is personal to a shopper."""

from promotions.core.shoppers import OrderHistory, ShopperView
from promotions.selectors.arms import list_cart_arms
from promotions.selectors.book import forget_offer_book
from promotions.selectors.gathering import Gathered, gather_offers
from promotions.selectors.left import tell_left
from promotions.selectors.offers import evaluate_asked, evaluate_cart, list_live_offers
from promotions.selectors.personal import PersonalOffer, personal_offers_for
from promotions.selectors.personal_covering import personal_offers_covering
from promotions.selectors.preview_prices import Goods, find_touched, price_goods
from promotions.selectors.previews import LinePreview, Previews, preview_lines
from promotions.selectors.scopes import list_covered_variants

__all__ = [
    "Gathered",
    "Goods",
    "LinePreview",
    "OrderHistory",
    "PersonalOffer",
    "Previews",
    "ShopperView",
    "evaluate_asked",
    "evaluate_cart",
    "find_touched",
    "forget_offer_book",
    "gather_offers",
    "list_cart_arms",
    "list_covered_variants",
    "list_live_offers",
    "personal_offers_covering",
    "personal_offers_for",
    "preview_lines",
    "price_goods",
    "tell_left",
]
