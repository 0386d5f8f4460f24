"""Tables of coupons."""

from promotions.coupons.models.coupons import CodeBatch, CodeImport, Coupon, Redemption, RefusedCode
from promotions.coupons.models.limits import BudgetAlert, LimitCounter, LimitUse, UseLimit
from promotions.coupons.models.verified_groups import GroupClaim, GroupCode, VerifiedGroup

__all__ = [
    "BudgetAlert",
    "CodeBatch",
    "CodeImport",
    "Coupon",
    "GroupClaim",
    "GroupCode",
    "LimitCounter",
    "LimitUse",
    "Redemption",
    "RefusedCode",
    "UseLimit",
    "VerifiedGroup",
]
