"""Dialogs of a parcel's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from orders.fulfilment.models import Carrier, Shipment
from orders.fulfilment.selectors import list_carriers


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
