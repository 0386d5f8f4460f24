"""The staff table of the laws of promotions: effective-dated, the past stays as it was."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from promotions.law.models import PromotionLaw
from shop.ground.staff.tables import DatedAdmin


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
