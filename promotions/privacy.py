"""What this room keeps about a person, how it is handed out and how it is forgotten."""

from __future__ import annotations

from profiles.core.privacy import RoomPrivacy, classify
from promotions.selectors.export import export_shopper
from promotions.services.erasure import erase_shopper

FIELDS = {
    "Campaign": classify(
        none="id code name name_zh kind audience status market_code starts_at ends_at external_ref"
        " budget_minor spent_minor created_at changed_at"
    ),
    "CampaignShopper": classify(none="id", personal="campaign shopper"),
    "Offer": classify(
        none="id campaign code name name_zh condition scope benefit_kind target percent"
        " amount_minor max_discount_minor stacking stacking_group priority requires_coupon"
        " is_active changed_at"
    ),
    "OfferVariant": classify(none="id offer variant"),
    "OfferBook": classify(none="id version"),
    "Coupon": classify(
        none="id code offer max_redemptions per_shopper_limit redeemed is_active external_ref"
        " created_at"
    ),
    "Redemption": classify(
        none="id is_budgeted state settled_at",
        link="shopper",
        legal="campaign offer coupon order_ref amount_minor at",
    ),
}

PRIVACY = RoomPrivacy(
    room="promotions", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_shopper
)
