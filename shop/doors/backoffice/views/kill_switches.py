"""The kill switch: personal prices off at once, for everything or for a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from pricing.api import list_kill_switches, list_places, read_version, set_kill_switch
from pricing.optimum.core.batch import TESTS
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.prices.scopes import describe_switches
from shop.ground.catalog.selectors import CategoryNotFound, MarketNotFound, get_category, get_market
from shop.ground.catalog.selectors.staff import has_sku
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.reasons import ReasonWidget

SCOPES = [
    ("global", _("everything")),
    ("market", _("one market (its code)")),
    ("category", _("one category and all below it (its path)")),
    ("sku", _("one SKU")),
    ("model", _("one model version (its number)")),
    (TESTS, _("price tests of one market (its code)")),
]


def _is_market(key: str) -> bool:
    try:
        get_market(key)
    except MarketNotFound:
        return False
    return True


def _is_category(key: str) -> bool:
    try:
        get_category(key, "en")
    except CategoryNotFound:
        return False
    return True


def _is_model(key: str) -> bool:
    number = read_number(key)
    return number is not None and read_version(number) is not None


# scope -> whether its key names something there is
KNOWN: dict[str, Callable[[str], bool]] = {
    "market": _is_market,
    TESTS: _is_market,
    "category": _is_category,
    "sku": has_sku,
    "model": _is_model,
}


# (price tests alone, stopped) -> what happened
SAID = {
    (False, True): _("Personal prices are stopped. Shoppers see the public price from now on."),
    (False, False): _("Released. Personal prices return with the next quotes."),
    (True, True): _("Price tests are off: within a second no test moves a price. Promises hold."),
    (True, False): _("Price tests are on again: prices are drawn anew from the next quotes on."),
}


class FlipForm(forms.Form):
    """What to stop or release, and why."""

    scope = forms.ChoiceField(label=_("What"), choices=SCOPES, widget=UnfoldAdminSelectWidget())
    key = forms.CharField(
        label=_("Which"),
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Empty for everything. A category's path stands in its address in the store."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=300,
        widget=ReasonWidget(),
        help_text=_("Stored with the change and shown to auditors."),
    )
    is_active = forms.TypedChoiceField(
        choices=[("stop", "stop"), ("release", "release")],
        coerce=lambda word: word == "stop",
        widget=forms.HiddenInput(),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a key exactly where one is needed."""
        cleaned: dict[str, Any] = super().clean() or {}
        is_global = cleaned.get("scope") == "global"
        if is_global and cleaned.get("key"):
            self.add_error("key", _("Leave this empty for “everything”."))
        if not is_global and not cleaned.get("key"):
            self.add_error("key", _("Enter which one."))
        # A switch for a mistyped name would stop nothing and look as if it did. Releasing one is
        # always allowed: what it names may be gone meanwhile.
        elif cleaned.get("is_active") and not self._is_known(cleaned):
            self.add_error("key", _("There is nothing of this name, so nothing would be stopped."))
        return cleaned

    def _is_known(self, cleaned: dict[str, Any]) -> bool:
        find = KNOWN.get(cleaned.get("scope", ""))
        return find is None or find(cleaned["key"])


@needs("pricing.view_killswitch")
def show_switches(request: HttpRequest) -> HttpResponse:
    """Show the switches that are on, and the form to flip one."""
    return _render(request, FlipForm(initial={"scope": "global", "is_active": "stop"}))


@require_POST
@needs("pricing.add_killswitch")
def flip_switch(request: HttpRequest) -> HttpResponse:
    """Flip a switch through the service; every worker obeys within a second."""
    form = FlipForm(request.POST)
    if not form.is_valid():
        return _render(request, form)
    try:
        set_kill_switch(
            scope=form.cleaned_data["scope"],
            key=form.cleaned_data["key"],
            is_active=form.cleaned_data["is_active"],
            reason=form.cleaned_data["reason"],
            by_id=request.user.pk,
            now=utc_now(),
        )
    except FairtagError as refusal:
        form.add_error(None, str(refusal))
        return _render(request, form)
    is_tests, is_active = form.cleaned_data["scope"] == TESTS, form.cleaned_data["is_active"]
    messages.success(request, str(SAID[is_tests, is_active]))
    return HttpResponseRedirect(reverse("admin:kill_switch"))


def _render(request: HttpRequest, form: FlipForm) -> HttpResponse:
    switches = list_kill_switches()
    off = {switch.key for switch in switches if switch.scope == TESTS}
    markets = sorted({place[0] for place in list_places()} | off)
    context = {
        "tests": [(market, market in off) for market in markets],
        "switches": describe_switches(switches),
        "is_everything_off": any(switch.scope == "global" for switch in switches),
        "form": form,
        "may_flip": request.user.has_perm("pricing.add_killswitch"),
    }
    return render_page(request, "admin/kill_switch.html", _("Kill switch"), context)
