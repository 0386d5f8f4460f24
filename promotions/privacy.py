"""Export and erasure of a person's data in this room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from profiles.privacy.api import FieldClass, RoomPrivacy, classify
from promotions.campaigns.models import CampaignShopper
from promotions.coupons.api import export_groups
from promotions.coupons.models import GroupClaim, Redemption
from promotions.loyalty.api import export_points, forget_points
from promotions.targeting.models import OfferDecision, OfferDigest


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
            "chances": one.chances,
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


@transaction.atomic
def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Take the shopper out of all campaigns, redemptions and points. Safe to run twice."""
    GroupClaim.objects.filter(shopper_id=shopper_id).delete()
    OfferDigest.objects.filter(shopper_id=shopper_id).delete()
    CampaignShopper.objects.filter(shopper_id=shopper_id).delete()
    Redemption.objects.filter(shopper_id=shopper_id).update(shopper=None, identity=[])
    OfferDecision.objects.filter(shopper_id=shopper_id).update(shopper=None)
    forget_points(shopper_id=shopper_id, now=now)


LOYALTY_FIELDS: dict[str, dict[str, FieldClass]] = {
    "PointsAccount": classify(
        none="id market_code tier_warned_for",
        link="shopper",
        personal="invite_code member_number",
        legal="pending available held owed joined_at",
    ),
    "PointsEntry": classify(
        none="id account source target key", legal="kind points order_ref note at"
    ),
    "PointsLot": classify(none="id account warned_at", legal="points left since expires_at"),
    "PointsOrder": classify(
        none="id account terms state lines spent_lasts_until counted_minor due_at",
        personal="identity",
        legal="order_ref earned reversed spent spent_minor returned at paid_at",
    ),
    "PointsAdjustment": classify(
        none="id account asked_by decided_by", legal="points reason state at decided_at"
    ),
    "Referral": classify(
        none="id points decided_at", link="referrer invited", legal="state reason order_ref at"
    ),
    "PointsCode": classify(none="id account digest expires_at used_at"),
    "TillToken": classify(none="id store name digest created_at created_by revoked_at revoked_by"),
    "StaffToken": classify(
        none="id account name scopes prices_a_day digest created_at expires_at revoked_at"
        " revoked_by"
    ),
    "TillSale": classify(
        none="id state points_order attempts held_at",
        legal="store reference currency total_minor lines at sold_at",
    ),
    "TillAct": classify(none="id sale token kind key fingerprint answer at"),
    "ProgrammeTerms": classify(
        none="id market_code valid_from earn_rate point_value min_points step_points"
        " max_share_percent return_window_days expiry_months notice_days two_person_points"
        " referral_points referral_cap referral_cap_days tier_window_days tier_grace_days"
        " is_waiting asked_by approved_by"
    ),
    "TermsCategory": classify(none="id terms category multiplier"),
    "MembershipTier": classify(none="id terms code name name_zh threshold_minor multiplier"),
    "Partner": classify(none="id code name contact_email currency is_active"),
    "PartnerShare": classify(none="id partner campaign percent cap_minor charged_minor"),
    "PartnerProduct": classify(none="id share product"),
    "PartnerEntry": classify(
        none="id share kind order_ref line is_delivery product_id quantity discount_minor"
        " partner_minor note key at settlement"
    ),
    "Settlement": classify(
        none="id partner starts_on ends_on used_minor returned_minor corrected_minor due_minor"
        " entry_count closed_at closed_by"
    ),
}
FIELDS = {
    "Campaign": classify(
        none="id code name name_zh kind goal audience status market_code starts_at ends_at"
        " external_ref budget_minor spent_minor returns_give_back created_at changed_at"
        " promised_ends_at claims sells_below_floor holdout_percent revision pending_revision"
    ),
    "CampaignRevision": classify(
        none="id campaign number origin source snapshot content_hash reason by at"
    ),
    "CampaignEvent": classify(none="id campaign step from_status to_status revision reason by at"),
    "CampaignCheck": classify(
        none="id campaign kind state depth step percent tries revision rule about is_taken_out"
        " answer failure asked_by asked_at begun_at ended_at stopped_by"
    ),
    "CampaignPolicy": classify(
        none="id version is_active two_person_budget_minor two_person_depth"
        " two_person_depth_unbudgeted two_person_stack reason created_at created_by approved_by"
    ),
    "PromotionLaw": classify(
        none="id code valid_from valid_to pause_days raise_days percent_is_claim members_count"
        " personal_cap below_cost_allowed gift_kinds banned_kinds minimum_prices stock_days"
        " up_to_share points_notice_days terms_language groups_allowed source reviewed_by"
    ),
    "BudgetAlert": classify(none="id campaign percent budget_minor spent_minor at announced_at"),
    "CampaignMinute": classify(
        none="id campaign minute percent impressions clicks carts redemptions spend_minor"
        " sales_minor margin_minor margin_squares returns returned_minor reviews rating_sum read"
        " positivity_sum positivity_squares"
    ),
    "CampaignTuning": classify(
        none="campaign is_automatic exposure_weight depth_min depth_max depth_step cooldown_hours"
        " approve_above_minor changed_at fault"
    ),
    "CampaignAdjustment": classify(
        none="id campaign lever source reason_code before after evidence expected_minor state"
        " bound_by proposed_at last_seen_at decided_at decided_by note"
    ),
    "CampaignShopper": classify(none="id", personal="campaign shopper offer reason"),
    "AllocationPlan": classify(
        none="id campaign is_on control_share depth_share exploration_share frequency_cap"
        " outcome_days salt price paced_at spent_at_pace blocks report"
    ),
    "UpliftVersion": classify(none="id status trained_at rows metrics arrays sha256"),
    "OfferBelief": classify(none="id offer is_new mean sd effect effect_sd decisions made_at seed"),
    "OfferDecision": classify(
        none="id price",
        link="shopper",
        legal="at campaign offer arm propensity chances depth model value_minor cost_minor"
        " reason draws exploration_share",
    ),
    "OfferDigest": classify(none="id", personal="shopper week offers at"),
    "VerifiedGroup": classify(
        none="id code name name_zh takes_documents takes_codes mail_domains valid_days is_active"
    ),
    "GroupClaim": classify(
        none="id decided_by",
        personal="group shopper how state document document_type submitted_at decided_at reason"
        " valid_until",
    ),
    "GroupCode": classify(none="id group digest used_at claim"),
    "Offer": classify(
        none="id campaign code name name_zh condition scope benefit_kind target percent"
        " amount_minor terms max_discount_minor max_line_minor max_line_units max_order_units"
        " cheapest_first stacking stacking_group group category priority requires_coupon is_active"
        " changed_at"
    ),
    "OfferVariant": classify(none="id offer variant"),
    "StackingGroup": classify(none="id code name mode parent priority"),
    "StackingRevision": classify(none="id snapshot at"),
    "StackingCategory": classify(none="id code name mode max_offers"),
    "OfferBook": classify(none="id version"),
    "Coupon": classify(
        none="id code offer max_redemptions per_shopper_limit redeemed is_active external_ref"
        " batch created_at"
    ),
    "CodeBatch": classify(
        none="id offer name pattern amount made max_redemptions per_shopper_limit ends_at status"
        " created_at finished_at"
    ),
    "CodeImport": classify(none="id offer file_name is_dry_run good bad reasons created_at"),
    "RefusedCode": classify(none="id code_import line text reason"),
    "UseLimit": classify(
        none="id campaign offer entity period counted max_uses max_minor is_active created_at"
    ),
    "LimitCounter": classify(none="id limit period uses spent_minor", link="key"),
    "LimitUse": classify(none="id redemption counter uses spent_minor"),
    "Redemption": classify(
        none="id is_budgeted revision state settled_at expires_at gift_cost_minor came_back_minor",
        link="shopper",
        personal="identity",
        legal="campaign offer coupon order_ref amount_minor gift_minor delivery_minor at",
    ),
    **LOYALTY_FIELDS,
}

PRIVACY = RoomPrivacy(
    room="promotions", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_shopper
)
