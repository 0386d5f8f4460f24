"""Write campaigns and redemptions."""

from promotions.services.bulk import (
    CampaignLoad,
    CampaignRow,
    CouponRow,
    RedemptionRow,
    load_campaigns_bulk,
)
from promotions.services.campaigns import CampaignRefused, set_campaign_status
from promotions.services.demo import seed_demo_offers
from promotions.services.redemptions import (
    CouponExhausted,
    commit_redemptions,
    hold_redemptions,
    release_redemptions,
)

__all__ = [
    "CampaignLoad",
    "CampaignRefused",
    "CampaignRow",
    "CouponExhausted",
    "CouponRow",
    "RedemptionRow",
    "commit_redemptions",
    "hold_redemptions",
    "load_campaigns_bulk",
    "release_redemptions",
    "seed_demo_offers",
    "set_campaign_status",
]
