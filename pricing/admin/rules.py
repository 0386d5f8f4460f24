"""Staff tables of the rules: jurisdictions, emergency caps, kill switches."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from pricing.policy.models.policy import EmergencyCap, JurisdictionRow, KillSwitch
from pricing.publishing.services.breakers import flag_emergency
from shop.ground.staff.columns import percent_column, show_tag
from shop.ground.staff.tables import DatedAdmin, ReadOnlyAdmin, StaffAdmin

LABEL = _("Label beside every personal price")


@admin.register(JurisdictionRow)
class JurisdictionRowAdmin(DatedAdmin):
    """Effective-dated: a change of law is a new row from its day on; past rows stay as they are."""

    blank_text = _(
        "Without a row for its place, a market follows the strictest rules: no personal prices."
    )
    list_display = [
        "code",
        "valid_from",
        "valid_to",
        "personal_allowed",
        "opt_in_required",
        "label_en",
        "reference_strategy",
        "unit_price_required",
        "reviewed_by",
    ]
    list_filter = [
        "personal_allowed",
        "opt_in_required",
        ("reference_strategy", ChoicesDropdownFilter),
    ]
    search_fields = ["code", "label_en", "label_zh"]
    fieldsets = [
        (None, {"fields": ["code", ("valid_from", "valid_to")]}),
        (_("Personal prices"), {"fields": ["personal_allowed", "opt_in_required"]}),
        (
            _("Label beside every personal price"),
            {"fields": ["label_code", "label_en", "label_zh"]},
        ),
        (
            _("Label beside a personal price that a price test moved"),
            {"fields": ["test_label_en", "test_label_zh"]},
        ),
        (_("Other duties"), {"fields": ["reference_strategy", "unit_price_required"]}),
        (_("Source"), {"fields": ["source", "reviewed_by"]}),
    ]


@admin.register(EmergencyCap)
class EmergencyCapAdmin(StaffAdmin):
    blank_text = _("While an emergency is declared, no price may rise above its level before it.")
    list_display = [
        "market",
        "category",
        "starts_at",
        "ends_at",
        percent_column("cap_share", _("Above the level before")),
        "reason",
        "created_by",
    ]
    list_select_related = ["market", "category", "created_by"]
    autocomplete_fields = ["category"]
    search_fields = ["reason"]
    fields = ["market", "category", "starts_at", "ends_at", "cap_share", "reason"]
    actions = None
    allows_delete = False  # end it instead

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Once declared only its end can change."""
        return ["market", "category", "starts_at", "cap_share", "reason"] if obj else ["ends_at"]

    def save_model(self, request: HttpRequest, obj: EmergencyCap, form: Any, change: Any) -> None:
        """Declare through the service; end by the date."""
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.pk = flag_emergency(
            market=obj.market_id,
            category_id=obj.category_id,
            starts_at=obj.starts_at,
            cap_share=obj.cap_share,
            reason=obj.reason,
            by_id=request.user.pk,
        )


@admin.register(KillSwitch)
class KillSwitchAdmin(ReadOnlyAdmin):
    """The history of flips; the switch itself is on its own page."""

    blank_text = _("No switch was ever used. Use them on the kill-switch page.")
    list_display = ["at", "scope", "key", "position", "reason", "by"]
    list_select_related = ["by"]
    list_filter = [("scope", ChoicesDropdownFilter), "is_active"]
    search_fields = ["key__startswith", "reason"]
    ordering = ["-id"]

    @admin.display(description=_("Effect"))
    def position(self, row: KillSwitch) -> SafeString:
        """What the flip did to what it names."""
        return show_tag(_("stopped"), "red") if row.is_active else show_tag(_("released"), "green")
