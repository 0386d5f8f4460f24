"""Staff tables of carriers and parcels; a parcel's steps are dialogs that call services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from orders.fulfilment.core import ParcelState
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.fulfilment.selectors import list_carriers, say_address
from orders.fulfilment.services.packing import (
    cancel_parcel,
    hand_out_parcel,
    pack_replacement,
    ship_parcel,
)
from orders.order.models import Order
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, show_link, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.log import write_act
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.tables import KeptAdmin, ReadOnlyInline

# Dialogs of a parcel's page.


class ShipForm(BaseDialogForm):
    """Asks who brings the parcel and under which number it is followed."""

    tracking_number = forms.CharField(
        label=_("Tracking number"),
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("As on the carrier's label. The shopper gets a link made from it."),
    )

    without_number = forms.BooleanField(
        label=_("Send it without a tracking number"),
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text=_("The shopper's e-mail then has no link to follow the parcel."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(one.pk), one.name) for one in self.carriers()]
        self.fields["carrier"] = forms.ChoiceField(
            label=_("Carrier"),
            required=False,
            choices=[("", _("None: the shop brings it")), *known],
            widget=UnfoldAdminSelectWidget(),
        )
        self.order_fields(["carrier", "tracking_number", "without_number"])

    def carriers(self) -> list[Carrier]:
        """Return the carriers that can be chosen."""
        return list_carriers()

    def clean(self) -> dict[str, Any]:
        """Ask again where a carrier is chosen and no number was typed."""
        given: dict[str, Any] = super().clean() or {}
        is_followed = bool(given.get("tracking_number", "").strip())
        if given.get("carrier") and not is_followed and not given.get("without_number"):
            said = _("Type the number on the label, or tick that it goes without one.")
            self.add_error("tracking_number", said)
        return given


class CorrectForm(ShipForm):
    """Shows the carrier and the number of a shipped parcel, to correct one without the other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parcel = self._parcel()
        self.fields["carrier"].initial = str(parcel.carrier_id or "") if parcel else ""
        self.fields["tracking_number"].initial = parcel.tracking_number if parcel else ""

    def carriers(self) -> list[Carrier]:
        """Add the carrier that has the parcel, in use or not."""
        parcel = self._parcel()
        known = list_carriers()
        kept = parcel and parcel.carrier
        return known if not kept or kept in known else [*known, kept]

    def _parcel(self) -> Shipment | None:
        rows = Shipment.objects.select_related("carrier")
        return rows.filter(pk=int(self.object_id or 0)).first()


PARCEL_TONES = {
    "planned": "amber",
    "packed": "amber",
    "ready": "amber",
    "shipped": "blue",
    "delivered": "green",
    "collected": "green",
    "cancelled": "red",
}


def list_allowed(parcel: Shipment) -> set[str]:
    """Return the names of the actions that the parcel's state allows. One query."""
    back = "instead" if parcel.lines.exclude(variant=None).exists() else "unpack"
    return {
        ParcelState.PLANNED: {"pack", back},
        ParcelState.PACKED: {"ship", back},
        ParcelState.READY: {"arrived", back},
        ParcelState.SHIPPED: {"correct", "arrived"},
    }.get(ParcelState(parcel.state), set())


@admin.register(Carrier)
class CarrierAdmin(KeptAdmin):
    blank_text = _("Add the carriers that bring your parcels, with their tracking address.")
    list_display = ["name", "tracking_pattern", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]


class ShipmentLineInline(ReadOnlyInline):
    model = ShipmentLine
    verbose_name_plural = _("In this parcel")
    tab = False
    fields = ["line", "name", "quantity"]
    readonly_fields = fields


@admin.register(Shipment)
class ShipmentAdmin(KeySearchAdmin):
    blank_text = _("Parcels are listed here as soon as an order is packed.")
    list_display = [
        "__str__",
        tag_column("state", _("State"), PARCEL_TONES),
        "carrier",
        "tracking_number",
        age_column("packed_at", _("Packed")),
        age_column("shipped_at", _("Shipped")),
        age_column("delivered_at", _("Arrived")),
    ]
    list_select_related = ["order", "carrier"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_keys = {"order__number__startswith": read_text, "tracking_number": read_text}
    search_help_text = _("order number or tracking number")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("packed_at", "shipped_at", "delivered_at", "cancelled_at"),
                    ("carrier", "tracking_number", "follow"),
                ]
            },
        )
    ]
    inlines = [ShipmentLineInline]
    actions_detail = ["pack", "ship", "correct", "arrived", "unpack", "instead"]

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        """Offer what the parcel's state allows; anything else is refused."""
        parcel = self.get_object(request, str(object_id))
        allowed = set() if parcel is None else list_allowed(parcel)
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.method.original_function_name in allowed]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who moves parcels sees where they go; who opens no orders gets no link to one."""
        first = [("order_link", tag_column("state", _("State"), PARCEL_TONES))]
        if not request.user.has_perm("orders.view_order"):
            first = [("order_number", tag_column("state", _("State"), PARCEL_TONES))]
        rest: list[Any] = list(self.fieldsets[0][1]["fields"])
        if request.user.has_perm("orders.change_shipment"):
            rest.append("send_to")
        return [(None, {"fields": [*first, *rest]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All that a page may show: rows are changed by steps alone."""
        own = ("order_link", "order_number", "send_to")
        return [*super().get_readonly_fields(request, obj), *own]

    @admin.display(description=_("Order"))
    def order_number(self, row: Shipment) -> str:
        """The number alone."""
        return row.order.number

    @admin.display(description=_("Address"))
    def send_to(self, row: Shipment) -> str:
        """Name and address as on the label."""
        return say_address(row.order) or EMPTY

    @admin.display(description=_("Order"))
    def order_link(self, row: Shipment) -> SafeString | str:
        """The order's own page."""
        return show_link("admin:orders_order_change", row.order_id, row.order.number)

    @admin.display(description=_("Tracking link"))
    def follow(self, row: Shipment) -> SafeString | str:
        """Where the carrier shows the parcel."""
        if not row.tracking_url:
            return EMPTY
        link = '<a class="ft-link" href="{}" rel="noopener noreferrer">{}</a>'
        return format_html(link, row.tracking_url, _("follow the parcel"))

    @action(
        description=_("Pack"),
        permissions=["act"],
        url_path="pack",
        icon="package_2",
        dialog=ask(
            _("Is the replacement packed?"),
            _("It replaces pieces that were sent back. Ship the parcel next."),
            submit=_("Yes, it is packed"),
        ),
    )
    def pack(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Note through the service that a replacement is packed."""
        return self._run(
            request,
            object_id,
            lambda: pack_replacement(
                shipment_id=int(object_id), by_id=account_id(request), now=utc_now()
            ),
            _("The parcel is packed."),
        )

    @action(
        description=_("Ship"),
        permissions=["act"],
        url_path="ship",
        icon="local_shipping",
        dialog=ask(
            _("Ship this parcel"),
            _("The shopper gets an e-mail."),
            form_class=ShipForm,
            submit=_("Ship the parcel"),
        ),
    )
    def ship(self, request: HttpRequest, form: ShipForm, object_id: str) -> HttpResponse:
        """Ship through the service."""
        return self._ship(request, form, object_id, _("The parcel was shipped."))

    @action(
        description=_("Correct the number"),
        permissions=["act"],
        url_path="correct",
        icon="edit",
        dialog=ask(
            _("Correct carrier and tracking number"),
            _("No second e-mail is sent: the shopper finds the new link on the order's page."),
            form_class=CorrectForm,
            submit=_("Save the correction"),
        ),
    )
    def correct(self, request: HttpRequest, form: CorrectForm, object_id: str) -> HttpResponse:
        """Correct a shipped parcel through the service."""
        return self._ship(request, form, object_id, _("The tracking number was corrected."))

    @action(
        description=_("Delivered or collected"),
        permissions=["act"],
        url_path="arrived",
        icon="task_alt",
        dialog=ask(
            _("Has the shopper got this parcel?"),
            _("The time to send pieces back starts now."),
            submit=_("Yes, it has arrived"),
        ),
    )
    def arrived(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Note through the service that the parcel arrived."""
        return self._run(
            request,
            object_id,
            lambda: hand_out_parcel(
                shipment_id=int(object_id), by_id=account_id(request), now=utc_now()
            ),
            _("The parcel has arrived."),
        )

    @action(
        description=_("Unpack"),
        permissions=["act"],
        url_path="unpack",
        icon="inventory_2",
        dialog=ask(
            _("Unpack this parcel?"),
            _(
                "Refunded pieces go back on the shelf; all others are to be packed again."
                " Only before it leaves."
            ),
            form_class=ReasonForm,
            submit=_("Unpack it"),
        ),
    )
    def unpack(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Cancel the parcel through the service."""
        return self._cancel(request, form, object_id, _("The parcel was unpacked."))

    @action(
        description=_("Refund instead"),
        permissions=["act"],
        url_path="instead",
        icon="undo",
        dialog=ask(
            _("Can the replacement not be sent?"),
            _("Its pieces go back on the shelf, and what they were to replace is refunded."),
            form_class=ReasonForm,
            submit=_("Refund it instead"),
        ),
    )
    def instead(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Cancel a parcel of replacements through the service, which refunds."""
        return self._cancel(request, form, object_id, _("It is refunded instead."))

    def _ship(
        self, request: HttpRequest, form: ShipForm, object_id: str, said: Any
    ) -> HttpResponse:
        given = form.cleaned_data
        return self._run(
            request,
            object_id,
            lambda: ship_parcel(
                shipment_id=int(object_id),
                carrier_id=int(given["carrier"]) if given["carrier"] else None,
                tracking_number=given["tracking_number"],
                by_id=account_id(request),
                now=utc_now(),
            ),
            said,
        )

    def _cancel(
        self, request: HttpRequest, form: ReasonForm, object_id: str, said: Any
    ) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._run(
            request,
            object_id,
            lambda: cancel_parcel(
                shipment_id=int(object_id),
                reason=reason,
                by_id=account_id(request),
                now=utc_now(),
            ),
            said,
            reason,
        )

    def _run(
        self, request: HttpRequest, object_id: str, act: Any, said: Any, reason: str = ""
    ) -> HttpResponse:
        """Run a step, say how it went, and log it with the order."""
        if tell_outcome(self, request, act, said):
            order = Order.objects.get(shipments=int(object_id))
            self.log_change(request, order, write_act(said, reason=reason))
        return go_back(request)
