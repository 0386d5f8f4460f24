"""What the room knows about a shopper, to be handed to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promotions.models import CampaignShopper, OfferDecision, OfferDigest, Redemption
from promotions.selectors.groups import export_groups
from promotions.selectors.points_export import export_points


def export_shopper(shopper_id: int) -> Mapping[str, Any]:
    """Return JSON values: campaigns that address the shopper, uses of offers, what the allocator
    decided and why, letters, groups, points. Five queries, eight more for a member.
    """
    targets = CampaignShopper.objects.filter(shopper_id=shopper_id).select_related("campaign")
    uses = Redemption.objects.filter(shopper_id=shopper_id).select_related("offer", "coupon")
    return {
        "campaigns": [
            {
                "name": target.campaign.name,
                "starts_at": target.campaign.starts_at.isoformat(),
                "ends_at": target.campaign.ends_at.isoformat(),
            }
            for target in targets.order_by("campaign__starts_at", "pk")
        ],
        "redemptions": [
            {
                "offer": use.offer.name,
                "coupon": None if use.coupon is None else use.coupon.code,
                "order": use.order_ref,
                "amount_minor": use.amount_minor,
                "gift_minor": use.gift_minor,
                "delivery_minor": use.delivery_minor,
                "state": use.state,
                "at": use.at.isoformat(),
            }
            for use in uses.order_by("at", "pk")
        ],
        "decisions": _export_decisions(shopper_id),
        "letters": [
            {"week": letter.week, "offers": letter.offers, "at": letter.at.isoformat()}
            for letter in OfferDigest.objects.filter(shopper_id=shopper_id).order_by("week")
        ],
        "groups": export_groups(shopper_id),
        "points": export_points(shopper_id),
    }


def _export_decisions(shopper_id: int) -> list[dict[str, Any]]:
    """Return what the allocator decided, by chance or by expectation, and why."""
    rows = OfferDecision.objects.filter(shopper_id=shopper_id).select_related("campaign", "offer")
    return [
        {
            "campaign": one.campaign.name,
            "offer": None if one.offer is None else one.offer.name,
            "arm": one.arm,
            "propensity": one.propensity,
            "depth": one.depth,
            "model": one.model_id,
            "expected_value_minor": one.value_minor,
            "expected_cost_minor": one.cost_minor,
            "reason": one.reason,
            "draws": one.draws,
            "at": one.at.isoformat(),
        }
        for one in rows.order_by("at", "pk")
    ]
