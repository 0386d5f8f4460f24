"""The staff table of prices set by hand: added through the service, ended, never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from pricing.models import PriceOverride
from pricing.services import end_override, set_override
from shop.kernel.clock import utc_now
from shop.kernel.errors import FairtagError
from shop.staff.columns import money_column, show_tag
from shop.staff.reasons import ConfirmForm, ask, go_back, tell_outcome
from shop.staff.tables import StaffAdmin


@admin.register(PriceOverride)
class PriceOverrideAdmin(StaffAdmin):
    """An override is set, ended or runs out; another price is another override."""

    list_display = [
        "variant",
        "kind",
        money_column("amount_minor", _("Price")),
        "state",
        "starts_at",
        "expires_at",
        "reason",
        "created_by",
    ]
    list_select_related = ["variant", "created_by"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["variant__sku__startswith", "reason"]
    ordering = ["-id"]
    autocomplete_fields = ["variant"]
    fields = ["variant", "market", "channel", "kind", "amount_minor", "starts_at", "expires_at"]
    fields += ["reason"]
    actions = None
    actions_detail = ["end"]
    actions_row = ["end"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: set another one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: end it instead."""
        return False

    @admin.display(description=_("State"))
    def state(self, row: PriceOverride) -> SafeString:
        """In force, to come, or over."""
        now = utc_now()
        if row.expires_at <= now or (row.ended_at is not None and row.ended_at <= now):
            return show_tag(_("over"))
        return (
            show_tag(_("to come"), "amber")
            if row.starts_at > now
            else show_tag(_("in force"), "green")
        )

    def save_model(self, request: HttpRequest, obj: PriceOverride, form: Any, change: Any) -> None:
        """Set it through the service, which checks it."""
        obj.pk = set_override(
            variant_id=obj.variant_id,
            amount_minor=obj.amount_minor,
            kind=obj.kind,
            starts_at=obj.starts_at,
            expires_at=obj.expires_at,
            reason=obj.reason,
            by_id=request.user.pk,
            now=utc_now(),
            market=obj.market_id,
            channel=obj.channel,
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Say the service's own sentence when it refuses an override."""
        try:
            return super().add_view(request, form_url, extra_context)
        except FairtagError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:pricing_priceoverride_add"))

    @action(
        description=_("End now"),
        permissions=["act"],
        url_path="end",
        icon="timer_off",
        dialog=ask(
            _("End this override?"),
            _("The price returns with the next book, inside its guardrails."),
            submit=_("End now"),
        ),
    )
    def end(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """End it before its time."""
        tell_outcome(
            self,
            request,
            lambda: end_override(
                override_id=int(object_id), by_id=int(request.user.pk or 0), now=utc_now()
            ),
            _("The override is over."),
        )
        return go_back(request)
