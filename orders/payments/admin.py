"""Staff tables of payments and refunds."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    MultipleChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action

from orders.payments.api import retry_refund
from orders.payments.models import Payment, PaymentEvent, Refund
from orders.payments.selectors import find_troubled
from orders.wording import name_method
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import (
    age_column,
    money_column,
    show_money,
    tag_column,
)
from shop.ground.staff.keys import KeySearchAdmin, read_text, read_uuid
from shop.ground.staff.log import write_act
from shop.ground.staff.reasons import ConfirmForm, ask, go_back
from shop.ground.staff.tables import ReadOnlyAdmin

PAYMENT_TONES = {
    "started": "blue",
    "needs_action": "amber",
    "authorized": "green",
    "succeeded": "green",
    "declined": "red",
    "failed": "red",
    "voided": "red",
}


REFUND_TONES = {"pending": "amber", "succeeded": "green", "failed": "red"}


def money_in_order(field: str, title: Any) -> Any:
    """Return a column with money in the currency of the row's order."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        return show_money(getattr(row, field), row.order.currency)

    column.__name__ = f"{field}_money"
    return column


@admin.display(description=_("Payment method"), ordering="method")
def method_name(row: Payment) -> str:
    """Return how it was paid, in words."""
    return name_method(row.method, get_language() or "en")


@admin.display(description=_("Reason"), ordering="reason")
def refund_reason(row: Refund) -> str:
    """Return why money went back: staff's own words, or what the shop notes by itself."""
    return str(OWN_REASONS.get(row.reason, row.reason))


OWN_REASONS = {
    "at_provider": _("made at the provider"),
    "order_closed": _("came after the order was closed"),
}


class TroubleFilter(admin.SimpleListFilter):
    """Only what staff should look at."""

    title = _("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The one choice."""
        return [("yes", _("Needs a look"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select what is stuck, failed, disputed or about to end."""
        return find_troubled(queryset, now=utc_now()) if self.value() else queryset


@admin.register(Payment)
class PaymentAdmin(KeySearchAdmin):
    blank_text = _("Each attempt to pay for an order is listed here with its result.")
    list_display = [
        age_column("created_at", _("When")),
        "order",
        "provider",
        method_name,
        money_column("amount_minor", _("Amount"), currency_field="currency"),
        money_column("captured_minor", _("Captured"), currency_field="currency"),
        money_column("refunded_minor", _("Refunded"), currency_field="currency"),
        tag_column("state", _("State"), PAYMENT_TONES),
        "reason_code",
        "dispute",
    ]
    list_select_related = ["order"]
    list_filter = [
        TroubleFilter,
        ("state", MultipleChoicesDropdownFilter),
        "provider",
        ("created_at", RangeDateTimeFilter),
    ]
    search_keys = {"id": read_uuid, "order__number": read_text, "provider_ref": read_text}


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    blank_text = _("Refunds that staff make on an order's page are listed here.")
    list_display = [
        age_column("at", _("When")),
        "order",
        money_in_order("amount_minor", _("Amount")),
        tag_column("state", _("State"), REFUND_TONES),
        "failure_code",
        refund_reason,
    ]
    list_select_related = ["order"]
    list_filter = [("state", ChoicesDropdownFilter), ("at", RangeDateTimeFilter)]
    search_fields = ["order__number__startswith"]
    ordering = ["-id"]
    actions_detail = ["try_again"]
    act_permission = "orders.change_order"

    @action(
        description=_("Try again"),
        permissions=["act"],
        url_path="try-again",
        icon="refresh",
        dialog=ask(
            _("Send this refund again?"),
            _("Only a refund that failed is sent again, as a new one."),
            submit=_("Send it again"),
        ),
    )
    def try_again(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Send it through the service, which refuses what has not failed."""
        if retry_refund(refund_id=int(object_id), now=utc_now()):
            messages.success(request, _("The refund is being sent again."))
            row = Refund.objects.get(pk=object_id)
            self.log_change(request, row, write_act(_("A failed refund was sent again.")))
        else:
            messages.error(request, _("Only a refund that failed can be sent again."))
        return go_back(request)


@admin.register(PaymentEvent)
class PaymentEventAdmin(KeySearchAdmin):
    blank_text = _("What payment providers say to the shop is listed here, each event once.")
    list_display = [age_column("received_at", _("When")), "provider", "kind", "provider_ref"]
    list_filter = ["provider", ("received_at", RangeDateTimeFilter)]
    search_keys = {"event_id": read_text, "provider_ref": read_text}
