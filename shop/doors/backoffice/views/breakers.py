"""Undo what a breaker did, from the banner that says so."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pricing.api import undo_trip
from shop.doors.backoffice.frame import needs
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.reasons import account_id, ask_reason


class UndoForm(forms.Form):
    """Which trip, and why it may be undone."""

    trip = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = forms.CharField(min_length=SHORTEST_REASON, max_length=300)


@require_POST
@needs("pricing.change_breakertrip")
def undo_breaker(request: HttpRequest) -> HttpResponse:
    """Undo one trip through the service; the breaker rests for a day."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, ask_reason())
    else:
        try:
            undo_trip(
                trip_id=form.cleaned_data["trip"],
                reason=form.cleaned_data["reason"],
                by_id=account_id(request),
                now=utc_now(),
            )
        except FairtagError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Undone. This breaker rests for a day."))
    return HttpResponseRedirect(reverse("admin:index"))
