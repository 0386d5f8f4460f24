"""Write campaigns and redemptions."""

from promotions.services.bulk import (
    CampaignLoad,
    CampaignRow,
    CouponRow,
    RedemptionRow,
    load_campaigns_bulk,
)
from promotions.services.campaign_revisions import (
    Saved,
    clone_campaign,
    record_change,
    roll_back,
    save_campaign,
)
from promotions.services.campaign_rows import CampaignRefused
from promotions.services.campaigns import approve_campaign, move_campaign, send_back_campaign
from promotions.services.codes import make_codes, make_waiting_codes, stop_batch
from promotions.services.codes_import import import_codes
from promotions.services.demo import seed_demo_offers
from promotions.services.exhausted import CouponExhausted
from promotions.services.guessing import TooManyWrongCodes, check_space, count_wrong_code
from promotions.services.merging import move_uses
from promotions.services.redemptions import (
    commit_redemptions,
    hold_redemptions,
    release_expired,
    release_redemptions,
)

__all__ = [
    "CampaignLoad",
    "CampaignRefused",
    "CampaignRow",
    "CouponExhausted",
    "CouponRow",
    "RedemptionRow",
    "Saved",
    "TooManyWrongCodes",
    "approve_campaign",
    "check_space",
    "clone_campaign",
    "commit_redemptions",
    "count_wrong_code",
    "hold_redemptions",
    "import_codes",
    "load_campaigns_bulk",
    "make_codes",
    "make_waiting_codes",
    "move_campaign",
    "move_uses",
    "record_change",
    "release_expired",
    "release_redemptions",
    "roll_back",
    "save_campaign",
    "seed_demo_offers",
    "send_back_campaign",
    "stop_batch",
]
