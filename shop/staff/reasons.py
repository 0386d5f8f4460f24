"""Dangerous actions ask why, and say what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from shop.kernel.errors import FairtagError

SHORTEST_REASON = 5


class ReasonForm(BaseDialogForm):
    """Asks for the reason of an action; it is stored with the change."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=SHORTEST_REASON,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept with the change and shown to auditors."),
    )


def tell_outcome(
    admin: ModelAdmin[Any], request: HttpRequest, act: Callable[[], object], done: Any
) -> bool:
    """Run `act`; show `done`, or the service's own sentence when it refuses. Return success."""
    try:
        act()
    except FairtagError as refusal:
        admin.message_user(request, str(refusal), messages.ERROR)
        return False
    admin.message_user(request, done, messages.SUCCESS)
    return True
