"""Dialogs of an order's page that ask for pieces of its lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanWidget

from orders.admin.summary import list_refundable, show_left
from orders.checkout.api import IdempotencyInFlight, IdempotencyMismatch, run_once
from orders.fulfilment.api import list_left
from orders.order.models import Order, OrderLine
from orders.payments.api import RefundPart, count_refundable
from orders.refusals import OrderRefused
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.ids import uuid7
from shop.ground.staff.reasons import ReasonForm


class PiecesForm(BaseDialogForm):
    """Asks how many pieces of some lines; sent twice it acts once."""

    request_key = forms.UUIDField(
        initial=uuid7, required=False, widget=forms.HiddenInput(), label=""
    )

    def ask_pieces(self, line: OrderLine, most: int, note: str = "", *, initial: int = 0) -> None:
        """Add the question for a line: from nothing to `most` pieces."""
        self.fields[f"line_{line.pk}"] = forms.IntegerField(
            label=f"{line.name} (0–{most})" + (f" · {note}" if note else ""),
            min_value=0,
            max_value=most,
            initial=initial,
            required=False,
            widget=UnfoldAdminIntegerFieldWidget(),
        )

    def act_once(self, scope: str, act: Callable[[], object], now: datetime) -> bool:
        """Run `act` unless this very dialog was sent before; return whether it ran now.

        Raises OrderRefused for a dialog sent again with other figures, or while the first runs.
        """
        said = {name: str(given) for name, given in self.cleaned_data.items()}
        try:
            answer = run_once(
                scope=f"{scope}:{self.object_id}",
                key=str(self.cleaned_data["request_key"] or uuid7()),
                fingerprint=fingerprint(said),
                now=now,
                act=lambda: _answer(act),
            )
        except (IdempotencyMismatch, IdempotencyInFlight) as refusal:
            raise OrderRefused(
                str(_("This dialog was sent before. Reload the page to see what was done.")),
                code="sent_before",
            ) from refusal
        return not answer.is_replay

    def chosen(self) -> list[tuple[int, int]]:
        """Return (line id, pieces) of the lines with pieces."""
        return [
            (int(name.removeprefix("line_")), pieces)
            for name, pieces in self.cleaned_data.items()
            if name.startswith("line_") and pieces
        ]


def _answer(act: Callable[[], object]) -> tuple[int, Any]:
    """Run `act`; nothing but that it ran is kept."""
    act()
    return 200, {}


class PackForm(PiecesForm):
    """Asks what goes into the parcel: all that is left, unless less is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line, left in list_left(int(self.object_id or 0)):
            self.ask_pieces(line, left, initial=left)


class RefundForm(PiecesForm, ReasonForm):
    """Asks how many of each line go back; each unit's share of the price paid is exact."""

    form_before_template = "admin/orders/refund_money.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = OrderLine.objects.filter(order_id=int(self.object_id or 0))
        for line in lines.select_related("order").order_by("position"):
            self.ask_pieces(line, count_refundable(line), show_left(line))
        self.fields["restock"] = forms.BooleanField(
            label=_("Put the pieces back on the shelf"),
            required=False,
            widget=UnfoldBooleanWidget(),
        )
        self.fields["reason"] = self.fields.pop("reason")

    def parts(self) -> list[RefundPart]:
        """Return the pieces to refund."""
        is_all = self.cleaned_data["restock"]
        return [
            RefundPart(line_id, pieces, pieces if is_all else 0)
            for line_id, pieces in self.chosen()
        ]

    def get_before_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        """Return the order's money, shown above the units."""
        order = Order.objects.filter(pk=int(object_id or 0)).first()
        return {"sums": [] if order is None else list_refundable(order)}
