"""The door of `demo`, the only module of it that others import.

Campaigns of the demo, and those of imported data.
"""

from promotions.demo.services.bulk import CampaignRow, CouponRow, RedemptionRow, load_campaigns_bulk
from promotions.demo.services.loyalty import (
    open_demo_membership,
    seed_demo_loyalty,
    seed_demo_plans,
)
from promotions.demo.services.offers import (
    seed_demo_offers,
    seed_demo_personal,
    seed_ended_campaign,
)

__all__ = [
    "CampaignRow",
    "CouponRow",
    "RedemptionRow",
    "load_campaigns_bulk",
    "open_demo_membership",
    "seed_demo_loyalty",
    "seed_demo_offers",
    "seed_demo_personal",
    "seed_demo_plans",
    "seed_ended_campaign",
]
