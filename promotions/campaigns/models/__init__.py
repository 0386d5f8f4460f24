"""Tables of campaigns."""

from promotions.campaigns.models.campaigns import (
    PUBLIC_HOLDOUT,
    Campaign,
    CampaignEvent,
    CampaignPolicy,
    CampaignRevision,
    CampaignShopper,
    CampaignTuning,
)
from promotions.campaigns.models.offers import (
    MAX_DEPTH,
    Offer,
    OfferBook,
    OfferMisfit,
    OfferVariant,
    StackingCategory,
    StackingGroup,
    StackingRevision,
)

__all__ = [
    "MAX_DEPTH",
    "PUBLIC_HOLDOUT",
    "Campaign",
    "CampaignEvent",
    "CampaignPolicy",
    "CampaignRevision",
    "CampaignShopper",
    "CampaignTuning",
    "Offer",
    "OfferBook",
    "OfferMisfit",
    "OfferVariant",
    "StackingCategory",
    "StackingGroup",
    "StackingRevision",
]
