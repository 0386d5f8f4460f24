"""Staff table of the facts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action

from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import MAX_ATTEMPTS, Fact
from shop.ground.outbox.services import retry_facts
from shop.ground.staff.columns import age_column, document_cell, document_column, show_tag
from shop.ground.staff.reasons import ConfirmForm, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin


class DeliveryFilter(admin.SimpleListFilter):
    title = _("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The three states of a fact."""
        return [
            ("waiting", _("waiting")),
            ("stuck", _("given up")),
            ("delivered", _("delivered")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fact]) -> QuerySet[Fact]:
        """Select by state."""
        waiting = queryset.filter(delivered_at__isnull=True)
        if self.value() == "waiting":
            return waiting.filter(attempts__lt=MAX_ATTEMPTS)
        if self.value() == "stuck":
            return waiting.filter(attempts__gte=MAX_ATTEMPTS)
        if self.value() == "delivered":
            return queryset.filter(delivered_at__isnull=False)
        return queryset


@admin.register(Fact)
class FactAdmin(ReadOnlyAdmin):
    blank_text = _(
        "What happens in the shop, such as a new order, and who was told of it is listed here."
    )
    list_display = [
        "kind",
        "state",
        age_column("occurred_at", _("Happened")),
        age_column("delivered_at", _("Delivered")),
        "attempts",
        document_column("payload", _("Payload")),
        "last_error_line",
    ]
    list_filter = [DeliveryFilter, "kind", ("occurred_at", RangeDateTimeFilter)]
    search_fields = ["kind__startswith"]
    ordering = ["-id"]
    fields = [
        "id",
        "kind",
        "state",
        "occurred_at",
        "due_at",
        "delivered_at",
        "attempts",
        document_cell("payload", _("Payload")),
        "error_text",
    ]
    readonly_fields = fields
    actions_detail = ["deliver_again"]
    actions_row = ["deliver_again"]

    @admin.display(description=_("State"))
    def state(self, row: Fact) -> SafeString:
        """Delivered, waiting or given up."""
        if row.delivered_at is not None:
            return show_tag(_("delivered"), "green")
        if row.attempts >= MAX_ATTEMPTS:
            return show_tag(_("given up"), "red")
        return show_tag(_("waiting"), "amber" if row.attempts else "blue")

    @admin.display(description=_("Error"))
    def last_error_line(self, row: Fact) -> str:
        """The last line of the last traceback."""
        lines = row.last_error.strip().splitlines()
        return lines[-1][:100] if lines else ""

    @admin.display(description=_("Error"))
    def error_text(self, row: Fact) -> SafeString | str:
        """The whole kept traceback."""
        text = row.last_error
        return format_html('<pre class="ft-json">{}</pre>', text) if text else "–"

    @action(
        description=_("Deliver again"),
        permissions=["act"],
        url_path="deliver-again",
        icon="forward_to_inbox",
        dialog=ask(
            _("Deliver this fact again?"),
            _("Its handlers run again with fresh attempts. A delivered fact is left alone."),
            submit=_("Deliver again"),
        ),
    )
    def deliver_again(
        self, request: HttpRequest, form: ConfirmForm, object_id: str
    ) -> HttpResponse:
        """Make the fact due now."""
        fact = Fact.objects.get(pk=object_id)
        tell_outcome(
            self,
            request,
            lambda: retry_facts(fact_ids=[fact.pk], now=utc_now()),
            _("The fact is due now."),
        )
        return go_back(request)
