"""Tables of the promotions. Imported only inside this room."""

from promotions.models.campaigns import Campaign, CampaignShopper
from promotions.models.coupons import Coupon, Redemption
from promotions.models.offers import Offer, OfferBook, OfferVariant

__all__ = [
    "Campaign",
    "CampaignShopper",
    "Coupon",
    "Offer",
    "OfferBook",
    "OfferVariant",
    "Redemption",
]
