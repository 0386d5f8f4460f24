"""Tables of the promotions. Imported only inside this room."""

from promotions.models.alerts import BudgetAlert
from promotions.models.campaigns import Campaign, CampaignShopper
from promotions.models.coupons import Coupon, Redemption
from promotions.models.offers import Offer, OfferBook, OfferVariant
from promotions.models.partners import (
    Partner,
    PartnerEntry,
    PartnerProduct,
    PartnerShare,
    Settlement,
)
from promotions.models.points import (
    Bucket,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsLot,
    PointsOrder,
)
from promotions.models.policy import CampaignPolicy
from promotions.models.referrals import Referral
from promotions.models.revisions import CampaignEvent, CampaignRevision
from promotions.models.terms import MembershipTier, ProgrammeTerms, TermsCategory

__all__ = [
    "Bucket",
    "BudgetAlert",
    "Campaign",
    "CampaignEvent",
    "CampaignPolicy",
    "CampaignRevision",
    "CampaignShopper",
    "Coupon",
    "MembershipTier",
    "Offer",
    "OfferBook",
    "OfferVariant",
    "Partner",
    "PartnerEntry",
    "PartnerProduct",
    "PartnerShare",
    "PointsAccount",
    "PointsAdjustment",
    "PointsEntry",
    "PointsLot",
    "PointsOrder",
    "ProgrammeTerms",
    "Redemption",
    "Referral",
    "Settlement",
    "TermsCategory",
]
