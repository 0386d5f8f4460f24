"""The staff table of thresholds: proposed by one person, made active by another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from promotions.models import CampaignPolicy
from promotions.services.campaign_policy import approve_thresholds, propose_thresholds
from shop.kernel.clock import utc_now
from shop.staff.columns import age_column, money_column, show_tag
from shop.staff.reasons import ConfirmForm, account_id, ask, go_back, tell_outcome
from shop.staff.tables import StaffAdmin

BOUNDS = ("two_person_budget_minor", "two_person_depth", "two_person_depth_unbudgeted")


@admin.register(CampaignPolicy)
class CampaignPolicyAdmin(StaffAdmin):
    """Versions are added and approved, never edited or deleted."""

    list_display = [
        "version",
        "state",
        money_column("two_person_budget_minor", _("Two people above")),
        "two_person_depth",
        "two_person_depth_unbudgeted",
        "reason",
        "created_by",
        "approved_by",
        age_column("created_at", _("Proposed")),
    ]
    list_select_related = ["created_by", "approved_by"]
    list_filter = ["is_active"]
    search_fields = ["version__exact", "reason"]
    fields = [*BOUNDS, "reason"]
    actions_detail = ["approve"]
    actions_row = ["approve"]
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: propose a new version."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: campaigns were released under it."""
        return False

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may be the second person of a campaign may be that of its thresholds."""
        return request.user.has_perm("promotions.approve_campaign")

    @admin.display(description=_("State"))
    def state(self, row: CampaignPolicy) -> SafeString:
        """Active, waiting for a second person, or replaced."""
        if row.is_active:
            return show_tag(_("active"), "green")
        if row.approved_by_id is None and row.created_by_id is not None:
            return show_tag(_("waits for a second person"), "amber")
        return show_tag(_("replaced"))

    def save_model(self, request: HttpRequest, obj: CampaignPolicy, form: Any, change: Any) -> None:
        """Propose through the service."""
        obj.version = propose_thresholds(
            changes={name: form.cleaned_data[name] for name in BOUNDS},
            reason=form.cleaned_data["reason"],
            by_id=account_id(request),
            now=utc_now(),
        )
        obj.pk = CampaignPolicy.objects.values_list("pk", flat=True).get(version=obj.version)

    @action(
        description=_("Approve (second person)"),
        permissions=["approve"],
        url_path="approve",
        icon="verified",
        dialog=ask(
            _("Approve these thresholds?"),
            _("They hold for whatever is scheduled or changed from now on."),
            submit=_("Approve"),
        ),
    )
    def approve(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Make the draft the policy in force."""
        policy = CampaignPolicy.objects.get(pk=object_id)
        is_done = tell_outcome(
            self,
            request,
            lambda: approve_thresholds(version=policy.version, by_id=account_id(request)),
            _("The version is active."),
        )
        if is_done:
            self.log_change(request, policy, "approved")
        return go_back(request)
