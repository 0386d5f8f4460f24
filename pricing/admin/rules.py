"""Staff tables of the rules: policy versions, jurisdictions, emergency caps, kill switches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from pricing.models import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy
from pricing.services.approvals import approve_policy, propose_policy
from pricing.services.switches import flag_emergency
from shop.kernel.clock import utc_now
from shop.kernel.errors import FairtagError
from shop.staff.columns import age_column, percent_column, show_tag
from shop.staff.reasons import ConfirmForm, ask, go_back, tell_outcome
from shop.staff.tables import ReadOnlyAdmin, StaffAdmin

BOUNDS = (
    "floor_margin",
    "personal_cap",
    "step_cap",
    "ceiling_over_list",
    "max_changes_per_day",
    "hold_minutes",
    "quote_minutes",
    "no_rise_hours",
    "assumed_cost_share",
    "won_purchase_share",
    "spread_aversion",
    "holdout_share",
    "min_confidence",
    "max_model_age_hours",
    "exploration",
    "shock_share",
    "objective",
    "target_margin",
    "competitor_below",
    "competitor_above",
    "causal_reach",
    "cooldown_hours",
    "two_person_step",
    "restock_days",
    "substitution_share",
    "auto_publish",
)

SHARES = _("Shares are fractions: 0.10 is 10 %.")
LABEL = _("Label beside every personal price")


class PolicyForm(forms.ModelForm):
    """A new version starts from the active one."""

    class Meta:
        model = PricingPolicy
        fields = [*BOUNDS, "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        active = PricingPolicy.objects.filter(is_active=True).first()
        if active is not None:
            started = {name: getattr(active, name) for name in BOUNDS}
            kwargs["initial"] = {**started, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = True


@admin.register(PricingPolicy)
class PricingPolicyAdmin(StaffAdmin):
    """Versions are added and approved, never edited or deleted."""

    form = PolicyForm
    list_display = [
        "version",
        "state",
        percent_column("floor_margin", _("Margin floor")),
        percent_column("personal_cap", _("Personal cap")),
        percent_column("step_cap", _("Step a day")),
        "max_changes_per_day",
        "hold_minutes",
        "quote_minutes",
        "created_by",
        "approved_by",
        age_column("created_at", _("Proposed")),
    ]
    list_select_related = ["created_by", "approved_by"]
    list_filter = ["is_active"]
    search_fields = ["version__exact", "reason"]
    actions_detail = ["approve"]
    actions_row = ["approve"]
    actions = None

    def get_fieldsets(self, request: HttpRequest, obj: PricingPolicy | None = None) -> list[Any]:
        """Bounds and reason; on a stored version also who and when."""
        sections: list[Any] = [
            (
                None,
                {"fields": list(BOUNDS), "description": _("Shares are fractions: 0.10 is 10 %.")},
            ),
            (_("Why"), {"fields": ["reason"]}),
        ]
        if obj is not None:
            who = ["version", "state", "created_at", "created_by", "approved_by"]
            sections.append((_("Who"), {"fields": who}))
        return sections

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What the services fill in."""
        return ["version", "state", "created_at", "created_by", "approved_by"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: propose a new version."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: quotes name their version for 13 months."""
        return False

    @admin.display(description=_("State"))
    def state(self, row: PricingPolicy) -> SafeString:
        """Active, waiting for a second person, or replaced."""
        if row.is_active:
            return show_tag(_("active"), "green")
        if row.approved_by_id is None and row.created_by_id is not None:
            return show_tag(_("waits for a second person"), "amber")
        return show_tag(_("replaced"))

    def save_model(self, request: HttpRequest, obj: PricingPolicy, form: Any, change: Any) -> None:
        """Propose the version through the service, which numbers it."""
        changes = {name: form.cleaned_data[name] for name in BOUNDS}
        obj.version = propose_policy(
            changes=changes,
            reason=form.cleaned_data["reason"],
            by_id=request.user.pk,
            now=utc_now(),
        )
        obj.pk = PricingPolicy.objects.values_list("pk", flat=True).get(version=obj.version)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Say the service's own sentence when it refuses a draft."""
        try:
            return super().add_view(request, form_url, extra_context)
        except FairtagError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:pricing_pricingpolicy_add"))

    @action(
        description=_("Approve (second person)"),
        permissions=["approve"],
        url_path="approve",
        icon="verified",
        dialog=ask(
            _("Approve this version?"),
            _("It becomes the policy of the next price book. Its author cannot approve it."),
            submit=_("Approve"),
        ),
    )
    def approve(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Make the draft the active policy."""
        policy = PricingPolicy.objects.get(pk=object_id)
        is_done = tell_outcome(
            self,
            request,
            lambda: approve_policy(
                version=policy.version, by_id=int(request.user.pk or 0), now=utc_now()
            ),
            _("The version is active."),
        )
        if is_done:
            self.log_change(request, policy, "approved")
        return go_back(request)


@admin.register(JurisdictionRow)
class JurisdictionRowAdmin(StaffAdmin):
    """Effective-dated: a change of law is a new row from its day on; past rows stay as they are."""

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
        (_("Other duties"), {"fields": ["reference_strategy", "unit_price_required"]}),
        (_("Where this stands"), {"fields": ["source", "reviewed_by"]}),
    ]
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A row that already holds is what prices were shown under: only future rows change."""
        allowed: bool = super().has_change_permission(request, obj)
        is_future = obj is None or obj.valid_from > utc_now().date()
        return allowed and is_future

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Like changing."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and obj is not None and obj.valid_from > utc_now().date()


@admin.register(EmergencyCap)
class EmergencyCapAdmin(StaffAdmin):
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Once declared only its end can change."""
        return ["market", "category", "starts_at", "cap_share", "reason"] if obj else ["ends_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: end it instead."""
        return False

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

    list_display = ["at", "scope", "key", "position", "reason", "by"]
    list_select_related = ["by"]
    list_filter = [("scope", ChoicesDropdownFilter), "is_active"]
    search_fields = ["key__startswith", "reason"]
    ordering = ["-id"]

    @admin.display(description=_("Personal prices"))
    def position(self, row: KillSwitch) -> SafeString:
        """What the flip did to personal prices."""
        return show_tag(_("stopped"), "red") if row.is_active else show_tag(_("released"), "green")
