"""The door of `demo`, the only module of it that others import.

Campaigns of the demo, and those of imported data.
"""

from promotions.demo.services.bulk import CampaignRow, CouponRow, RedemptionRow, load_campaigns_bulk
from promotions.demo.services.ended import seed_ended_campaign
from promotions.demo.services.loyalty import open_demo_membership, seed_demo_loyalty
from promotions.demo.services.offers import seed_demo_offers
from promotions.demo.services.personal import seed_demo_personal
from promotions.demo.services.plans import seed_demo_plans

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
