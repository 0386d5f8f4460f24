"""What two people decide together about promotions and points."""

from __future__ import annotations

from shop.approvals.core.values import Kind

CAMPAIGN = Kind("promotions.campaign", page="admin:campaign_plan")
THRESHOLDS = Kind("promotions.campaignpolicy", right=CAMPAIGN.permission)
TERMS = Kind("promotions.programmeterms", right=CAMPAIGN.permission)
ADJUSTMENT = Kind("promotions.pointsadjustment", right="promotions.change_pointsadjustment")
