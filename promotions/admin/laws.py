"""Staff tables of rules: laws by day, and thresholds from which on two people decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.api import THRESHOLDS
from promotions.campaigns.models import CampaignPolicy
from promotions.law.models import PromotionLaw
from promotions.release.api import approve_thresholds, propose_thresholds
from shop.ground.approvals.admin import VersionAdmin
from shop.ground.staff.columns import age_column, money_column
from shop.ground.staff.tables import DatedAdmin

BOUNDS = (
    *("two_person_budget_minor", "two_person_depth", "two_person_depth_unbudgeted"),
    "two_person_stack",
)


@admin.register(CampaignPolicy)
class CampaignPolicyAdmin(VersionAdmin):
    """Versions of the thresholds from which on two people are needed."""

    blank_text = _(
        "Propose from which discount on two people decide. Until then the built-in limits hold."
    )
    list_display = [
        "version",
        "state",
        money_column("two_person_budget_minor", _("Two people above")),
        "two_person_depth",
        "two_person_depth_unbudgeted",
        "two_person_stack",
        "reason",
        "created_by",
        "approved_by",
        age_column("created_at", _("Proposed")),
    ]
    list_select_related = ["created_by", "approved_by"]
    list_filter = ["is_active"]
    search_fields = ["version__exact", "reason"]
    fields = [*BOUNDS, "reason"]
    approval_kind = THRESHOLDS

    def propose(self, changes: dict[str, Any], *, reason: str, by_id: int, now: datetime) -> int:
        """Propose what the form says."""
        return propose_thresholds(changes=changes, reason=reason, by_id=by_id, now=now)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> None:
        """Make the draft the policy in force."""
        approve_thresholds(policy_id=object_id, by_id=by_id, now=now)


@admin.register(PromotionLaw)
class PromotionLawAdmin(DatedAdmin):
    """A change of law is a new row from its day on; past rows stay as they are."""

    blank_text = _(
        "Add what the law of a place asks of promotions. Without rows the strictest rules hold."
    )
    list_display = [
        "code",
        "valid_from",
        "valid_to",
        "pause_days",
        "raise_days",
        "percent_is_claim",
        "personal_cap",
        "below_cost_allowed",
        "reviewed_by",
    ]
    list_filter = ["percent_is_claim", "members_count", "below_cost_allowed"]
    search_fields = ["code", "source"]
    fieldsets = [
        (None, {"fields": ["code", ("valid_from", "valid_to")]}),
        (
            _("Reductions and their time"),
            {"fields": ["pause_days", "raise_days", "percent_is_claim", "up_to_share"]},
        ),
        (
            _("Who gets what"),
            {"fields": ["personal_cap", "members_count", "groups_allowed", "terms_language"]},
        ),
        (
            _("Products"),
            {
                "fields": [
                    *("below_cost_allowed", "minimum_prices", "gift_kinds", "banned_kinds"),
                    *("stock_days", "points_notice_days"),
                ],
                "description": _("Amounts are minor units (cents)."),
            },
        ),
        (_("Source"), {"fields": ["source", "reviewed_by"]}),
    ]
