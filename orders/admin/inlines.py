"""What belongs to an order, in tabs on its page: the timeline."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.admin.timeline import describe_event, with_actors
from orders.models import OrderEvent
from shop.staff.tables import ReadOnlyInline

ORDER_TONES = {
    "awaiting_payment": "amber",
    "paid": "green",
    "fulfilled": "blue",
    "cancelled": "red",
    "refunded": "red",
}


class OrderEventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = _("Timeline")
    fields = ["at", "happened"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        """Read who acted and the order's currency with the steps. One query."""
        return with_actors(super().get_queryset(request))

    @admin.display(description=_("What happened"))
    def happened(self, row: OrderEvent) -> str:
        """Say who did what, how much went back and why."""
        return describe_event(row)
