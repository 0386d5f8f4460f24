"""Tables of loyalty."""

from promotions.loyalty.models.points import (
    Bucket,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsLot,
    PointsOrder,
    Referral,
)
from promotions.loyalty.models.pos import PointsCode, TillAct, TillSale, TillToken
from promotions.loyalty.models.terms import MembershipTier, ProgrammeTerms, TermsCategory

__all__ = [
    "Bucket",
    "MembershipTier",
    "PointsAccount",
    "PointsAdjustment",
    "PointsCode",
    "PointsEntry",
    "PointsLot",
    "PointsOrder",
    "ProgrammeTerms",
    "Referral",
    "TermsCategory",
    "TillAct",
    "TillSale",
    "TillToken",
]
