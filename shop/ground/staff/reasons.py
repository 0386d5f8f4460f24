"""Confirmation dialogs of risky actions, with a reason that is kept.

Unfold runs an action without a dialog on GET, which a forged link could trigger. Every action
here therefore has a dialog: it acts on POST only, under Django's CSRF protection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import ActionDialog
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_money
from shop.ground.staff.log import SHORTEST_REASON

MOST_LAST_REASONS, LONGEST_REASON = 5, 300
LAST_REASONS = "last_reasons"


class ReasonWidget(UnfoldAdminTextInputWidget):
    """A line for a reason. It offers those that its reader gave last."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"list": "ft-reasons", "autocomplete": "off", **(attrs or {})})


def keep_reason(request: HttpRequest) -> None:
    """Keep the reason that a form was sent with in the session, to be offered by the next forms.

    Five stay, the newest first.
    """
    reason = request.POST.get("reason", "").strip()
    if SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        kept = [reason, *request.session.get(LAST_REASONS, ())]
        request.session[LAST_REASONS] = list(dict.fromkeys(kept))[:MOST_LAST_REASONS]


class ConfirmForm(BaseDialogForm):
    """Asks nothing but "really?"."""


class ReasonForm(BaseDialogForm):
    """Asks for the reason of an action; it is stored with the change."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=ReasonWidget(),
        help_text=_("Kept with the change and shown to auditors."),
    )


class CountForm(ReasonForm):
    """Asks for a number of pieces and the reason."""

    pieces = forms.IntegerField(
        label=_("Pieces counted"), min_value=0, widget=UnfoldAdminIntegerFieldWidget()
    )
    field_order = ["pieces", "reason"]


def ask(
    title: str | Promise,
    description: str | Promise = "",
    *,
    form_class: type[BaseDialogForm] = ConfirmForm,
    submit: str | Promise = "",
) -> ActionDialog:
    """Return the dialog of an action."""
    return {
        "title": title,
        "description": description,
        "form_class": form_class,
        "form_submit_text": submit or _("Do it"),
    }


def say_refusal(refusal: FairtagError) -> str:
    """Return the service's own sentence; where it names a floor and a ceiling, as money."""
    if {"floor", "ceiling"} <= refusal.detail.keys():
        bounds = {name: show_money(refusal.detail[name]) for name in ("floor", "ceiling")}
        said = gettext(
            "The price must lie between the floor %(floor)s and the ceiling %(ceiling)s."
        )
        return said % bounds
    return str(refusal)


def tell_outcome(
    admin: ModelAdmin[Any], request: HttpRequest, act: Callable[[], object], done: Any
) -> bool:
    """Run `act`; show `done`, or the service's own sentence when it refuses. Return success."""
    try:
        act()
    except FairtagError as refusal:
        admin.message_user(request, say_refusal(refusal), messages.ERROR)
        return False
    admin.message_user(request, done, messages.SUCCESS)
    return True


def ask_reason() -> str:
    """Say that a reason is missing or too short."""
    said = gettext("Give a reason of at least %(number)d characters: it is stored with the change.")
    return said % {"number": SHORTEST_REASON}


def account_id(request: HttpRequest) -> int:
    """Return the number of the account that asks: staff pages have one."""
    return int(request.user.pk or 0)


def go_to(address: str) -> HttpResponse:
    """Send the page behind a dialog to `address`."""
    return HttpResponse(headers={"HX-Redirect": address})


def go_back(request: HttpRequest) -> HttpResponse:
    """Reload the page behind a dialog: its messages say what happened."""
    return HttpResponse(headers={"HX-Refresh": "true"})
