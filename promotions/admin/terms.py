"""The staff table of the points programme's terms: by day, the past as it was, costs by two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.api import TERMS
from promotions.loyalty.api import approve_terms, record_terms
from promotions.loyalty.models import MembershipTier, ProgrammeTerms, TermsCategory
from shop.ground.approvals.admin import TwoPersonAdmin
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_tag
from shop.ground.staff.reasons import account_id
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.tables import KeptAdmin, StaffInline


class TierInline(StaffInline):
    model = MembershipTier
    fields = ["code", "name", "name_zh", "threshold_minor", "multiplier"]
    extra = 0
    tab = True


class CategoryInline(StaffInline):
    model = TermsCategory
    fields = ["category", "multiplier"]
    autocomplete_fields = ["category"]
    extra = 0
    tab = True


class TermsForm(forms.ModelForm):
    """Terms begin in the future: nobody's points change under their hands."""

    def clean_valid_from(self) -> Any:
        """Refuse a day that has begun."""
        valid_from = self.cleaned_data["valid_from"]
        if valid_from <= utc_now():
            raise forms.ValidationError(_("Terms begin in the future: members are told first."))
        return valid_from


@admin.register(ProgrammeTerms)
class ProgrammeTermsAdmin(TwoPersonAdmin, KeptAdmin):
    """Terms that hold, or held, are never changed: members were told. Add a row for a later day."""

    blank_text = _(
        "Add the terms of a market's points programme. Shoppers join from their first day on."
    )
    form = TermsForm
    finer_money = frozenset({"point_value"})
    list_display = [
        "market_code",
        "valid_from",
        "now_column",
        "earn_rate",
        "point_value",
        "expiry_months",
        "referral_points",
        "asked_by",
        "approved_by",
    ]
    list_select_related = ["asked_by", "approved_by"]
    list_filter = ["market_code", "is_waiting"]
    approval_kind = TERMS
    actions_detail = ["approve", "send_back"]
    search_fields = ["market_code"]
    inlines = [TierInline, CategoryInline]
    fieldsets = [
        (None, {"fields": [("market_code", "valid_from")]}),
        (_("Earning"), {"fields": [("earn_rate", "return_window_days")]}),
        (
            _("Using"),
            {"fields": [("point_value", "max_share_percent"), ("min_points", "step_points")]},
        ),
        (_("Expiry"), {"fields": [("expiry_months", "notice_days")]}),
        (_("Tiers"), {"fields": [("tier_window_days", "tier_grace_days")]}),
        (
            _("Invitations"),
            {"fields": ["referral_points", ("referral_cap", "referral_cap_days")]},
        ),
        (_("Safety"), {"fields": ["two_person_points"]}),
    ]

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of their market."""
        return find_place(asked.get("market_code", "" if row is None else row.market_code))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only terms of the future."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.valid_from > utc_now())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Ask for a second person where the terms give more than those before."""
        super().save_related(request, form, formsets, change)
        if record_terms(terms_id=form.instance.pk, by_id=account_id(request), now=utc_now()):
            said = _("These terms give more than those before: they wait for a second person.")
            self.message_user(request, said, messages.WARNING)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Let the terms hold from their day on."""
        return approve_terms(terms_id=object_id, by_id=by_id, now=now)

    @admin.display(description=_("Now"))
    def now_column(self, row: ProgrammeTerms) -> SafeString:
        """Whether the row has begun, or waits for a second person."""
        if row.is_waiting:
            return show_tag(_("waits for a second person"), "amber")
        return (
            show_tag(_("planned"), "blue") if row.valid_from > utc_now() else show_tag(_("begun"))
        )
