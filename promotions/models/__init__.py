"""Tables of the promotions. Imported only inside this room."""

from promotions.models.adjusting import CampaignAdjustment, CampaignMinute, CampaignTuning
from promotions.models.alerts import BudgetAlert
from promotions.models.allocations import (
    AllocationPlan,
    OfferBelief,
    OfferDecision,
    UpliftVersion,
)
from promotions.models.campaigns import Campaign, CampaignShopper
from promotions.models.checks import CampaignCheck
from promotions.models.codes import CodeBatch, CodeImport, RefusedCode
from promotions.models.coupons import Coupon, Redemption
from promotions.models.digests import OfferDigest
from promotions.models.groups import GroupClaim, GroupCode, VerifiedGroup
from promotions.models.laws import PromotionLaw
from promotions.models.limits import LimitCounter, LimitUse, UseLimit
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
from promotions.models.stacking import StackingCategory, StackingGroup, StackingRevision
from promotions.models.staff_tokens import StaffToken
from promotions.models.terms import MembershipTier, ProgrammeTerms, TermsCategory
from promotions.models.tills import PointsCode, TillAct, TillSale, TillToken

__all__ = [
    "AllocationPlan",
    "Bucket",
    "BudgetAlert",
    "Campaign",
    "CampaignAdjustment",
    "CampaignCheck",
    "CampaignEvent",
    "CampaignMinute",
    "CampaignPolicy",
    "CampaignRevision",
    "CampaignShopper",
    "CampaignTuning",
    "CodeBatch",
    "CodeImport",
    "Coupon",
    "GroupClaim",
    "GroupCode",
    "LimitCounter",
    "LimitUse",
    "MembershipTier",
    "Offer",
    "OfferBelief",
    "OfferBook",
    "OfferDecision",
    "OfferDigest",
    "OfferVariant",
    "Partner",
    "PartnerEntry",
    "PartnerProduct",
    "PartnerShare",
    "PointsAccount",
    "PointsAdjustment",
    "PointsCode",
    "PointsEntry",
    "PointsLot",
    "PointsOrder",
    "ProgrammeTerms",
    "PromotionLaw",
    "Redemption",
    "Referral",
    "RefusedCode",
    "Settlement",
    "StackingCategory",
    "StackingGroup",
    "StackingRevision",
    "StaffToken",
    "TermsCategory",
    "TillAct",
    "TillSale",
    "TillToken",
    "UpliftVersion",
    "UseLimit",
    "VerifiedGroup",
]
