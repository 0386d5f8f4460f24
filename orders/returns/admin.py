"""Staff tables of returns and their rules; a return's steps are dialogs that call services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
)

from orders.order.models import Order
from orders.refusals import OrderRefused
from orders.returns.core import Finding
from orders.returns.models import Return, ReturnLine, ReturnRule
from orders.returns.selectors.returns import list_overdue
from orders.returns.services.settling import (
    LONGEST_REFUSAL,
    receive_return,
    require_why,
    settle_return,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, money_column, show_link, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.log import write_act
from shop.ground.staff.masked import MaskedAdmin
from shop.ground.staff.phrases import join_clauses
from shop.ground.staff.reasons import ConfirmForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.roles import mask_text
from shop.ground.staff.tables import ReadOnlyInline, StaffAdmin

RETURN_TONES = {
    "requested": "amber",
    "received": "blue",
    "settled": "green",
    "withdrawn": "gray",
}


NEXT_STEP = {"requested": "receive", "received": "inspect"}


class InspectForm(BaseDialogForm):
    """Asks of each line how many pieces are accepted, and how many of them are sold on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = ReturnLine.objects.filter(item_id=int(self.object_id or 0))
        for row in rows.select_related("line", "item").prefetch_related("exchanges"):
            self.fields[f"accepted_{row.line_id}"] = forms.IntegerField(
                label=f"{row.line.name} (0–{row.quantity})",
                help_text=say_exchanges(row),
                min_value=0,
                max_value=row.quantity,
                initial=row.quantity,
                widget=UnfoldAdminIntegerFieldWidget(),
            )
            self.fields[f"restock_{row.line_id}"] = forms.IntegerField(
                label=_("Of those, put back on the shelf"),
                min_value=0,
                max_value=0 if row.is_kept else row.quantity,
                initial=0
                if row.is_kept or row.item.reason == Return.Reason.DAMAGED
                else row.quantity,
                widget=UnfoldAdminIntegerFieldWidget(),
                help_text=_("Nothing comes back: the shopper keeps it.")
                if row.is_kept
                else _("The others are written off."),
            )
        self.fields["refusal"] = forms.CharField(
            label=_("Why not all pieces are accepted"),
            max_length=LONGEST_REFUSAL,
            required=False,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            help_text=_("The shopper reads it."),
        )

    def clean(self) -> dict[str, Any]:
        """Ask here for what the service would refuse, so that nothing is typed again."""
        given = super().clean() or self.cleaned_data
        is_less = False
        for name in [one for one in given if one.startswith("accepted_")]:
            is_less |= given[name] < (self.fields[name].max_value or 0)
            restock = name.replace("accepted", "restock")
            if given.get(restock, 0) > given[name]:
                said = _("No more pieces go back on the shelf than are accepted.")
                self.add_error(restock, said)
        try:
            require_why(is_less, given.get("refusal", ""))
        except OrderRefused as refused:
            self.add_error("refusal", str(refused))
        return given

    def findings(self) -> list[Finding]:
        """Return what was found, line by line."""
        given = self.cleaned_data
        ids = [int(name.removeprefix("accepted_")) for name in given if name.startswith("accepted")]
        return [Finding(pk, given[f"accepted_{pk}"], given[f"restock_{pk}"]) for pk in ids]


def say_exchanges(row: ReturnLine) -> str:
    """Return what the shopper wants in exchange, and what of it was sent; "" for a refund."""
    said = [
        f"{one.quantity} × {one.name} ({one.sku})"
        + ("" if one.sent_quantity is None else f": {gettext('sent')} {one.sent_quantity}")
        for one in row.exchanges.all()
    ]
    return gettext("In exchange: %(pieces)s") % {"pieces": join_clauses(said)} if said else ""


class OverdueFilter(admin.SimpleListFilter):
    """Returns that arrived a week ago and were not refunded."""

    title = _("waiting")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The one question."""
        return [("long", _("for a week or more"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Return]) -> QuerySet[Return]:
        """Select what waits too long."""
        if not self.value():
            return queryset
        return queryset.filter(pk__in=list_overdue(utc_now()).values("pk"))


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    verbose_name_plural = _("What comes back")
    tab = False  # whoever inspects sees at once what is wanted
    fields = ["line", "quantity", "is_kept", "wanted", "accepted_quantity", "restocked_quantity"]
    readonly_fields = fields
    fetched = ["exchanges"]

    @admin.display(description=_("Wanted"))
    def wanted(self, row: ReturnLine) -> str:
        """A refund, or what is wanted in exchange."""
        return say_exchanges(row) or gettext("Refund")


@admin.register(ReturnRule)
class ReturnRuleAdmin(StaffAdmin):
    blank_text = _("Nothing is taken back until you add a rule. An empty path is the default.")
    list_display = ["category_path", "window_days", "payer"]
    search_fields = ["category_path"]
    actions = None
    fieldsets = [
        (None, {"fields": [("category_path", "window_days", "payer")]}),
        (_("What to do"), {"fields": ["instruction", "instruction_zh"]}),
    ]


@admin.register(Return)
class ReturnAdmin(MaskedAdmin, KeySearchAdmin):
    blank_text = _("Returns are listed here as soon as a shopper requests one.")
    list_display = [
        "number",
        tag_column("state", _("State"), RETURN_TONES),
        "reason",
        age_column("requested_at", _("Requested")),
        age_column("received_at", _("Received")),
        money_column("refunded_minor", _("Refunded"), currency_field="order.currency"),
    ]
    list_select_related = ["order"]
    list_filter = [
        OverdueFilter,
        ("state", ChoicesDropdownFilter),
        ("reason", ChoicesDropdownFilter),
    ]
    search_keys = {"number__startswith": read_text}
    search_help_text = _("return number or order number")
    personal = {"comment": mask_text, "refusal": mask_text}
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("number", tag_column("state", _("State"), RETURN_TONES), "order_link"),
                    ("requested_at", "received_at", "settled_at"),
                    ("reason", "shop_pays"),
                    "comment",
                    "refusal",
                ]
            },
        )
    ]
    inlines = [ReturnLineInline]
    actions_detail = ["receive", "inspect"]

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        """Offer the step that comes next; anything else is refused."""
        row = self.get_object(request, str(object_id))
        allowed = "" if row is None else NEXT_STEP.get(row.state, "")
        if allowed == "receive" and not row.lines.filter(is_kept=False).exists():
            allowed = "inspect"
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name == allowed]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who opens no orders gets no link to one: the return's number names it."""
        (name, options), *rest = super().get_fieldsets(request, obj)
        if request.user.has_perm("orders.view_order"):
            return [(name, options), *rest]
        first, *fields = options["fields"]
        return [(name, {"fields": [first[:-1], *fields]}), *rest]

    @admin.display(description=_("Order"))
    def order_link(self, row: Return) -> SafeString | str:
        """The order's own page."""
        return show_link("admin:orders_order_change", row.order_id, row.order.number)

    @action(
        description=_("Received"),
        permissions=["act"],
        url_path="receive",
        icon="move_to_inbox",
        dialog=ask(
            _("Have the pieces arrived?"),
            _("The shopper gets an e-mail and can no longer withdraw the return."),
            submit=_("Yes, they are here"),
        ),
    )
    def receive(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Note through the service that the pieces arrived."""
        return self._run(
            request,
            object_id,
            lambda: receive_return(
                return_id=int(object_id), by_id=account_id(request), now=utc_now()
            ),
            _("The return was received."),
        )

    @action(
        description=_("Inspect"),
        permissions=["act"],
        url_path="inspect",
        icon="fact_check",
        dialog=ask(
            _("What came back?"),
            _("Accepted pieces are exchanged as asked, or refunded at what they cost."),
            form_class=InspectForm,
            submit=_("Exchange or refund what is accepted"),
        ),
    )
    def inspect(self, request: HttpRequest, form: InspectForm, object_id: str) -> HttpResponse:
        """Settle through the service, which refunds and restocks."""
        return self._run(
            request,
            object_id,
            lambda: settle_return(
                return_id=int(object_id),
                findings=form.findings(),
                refusal=form.cleaned_data["refusal"],
                by_id=account_id(request),
                now=utc_now(),
            ),
            _("The return was settled."),
        )

    def _run(self, request: HttpRequest, object_id: str, act: Any, said: Any) -> HttpResponse:
        """Run a step, say how it went, and log it with the order."""
        if tell_outcome(self, request, act, said):
            order = Order.objects.get(returns=int(object_id))
            self.log_change(request, order, write_act(said))
        return go_back(request)
