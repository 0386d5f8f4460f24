"""One page of safety: the kill switch, breakers that tripped, and what guardrails did.

Each part is shown to whoever may see it, the page to whoever may see one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from pricing.api import (
    GuardrailCounts,
    SealFigures,
    count_bound_rules,
    count_guardrail_hits,
    list_guarded_quotes,
    list_kill_switches,
    list_open_trips,
    list_places,
    read_seals,
    read_version,
    set_kill_switch,
    undo_trip,
)
from pricing.optimum.core.batch import TESTS
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.formats import is_older, show_age, show_day
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.sales import PERIODS, Period
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.navigation import BREAKERS, KILL_SWITCH, QUOTES
from shop.doors.backoffice.prices.decisions import GUARDS
from shop.doors.backoffice.prices.scopes import describe_switches, name_scope
from shop.ground.catalog.selectors import CategoryNotFound, MarketNotFound, get_category, get_market
from shop.ground.catalog.selectors.staff import has_sku
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_money
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names
from shop.ground.staff.reasons import ReasonWidget, account_id, ask_reason

SCOPES = [
    ("global", _lazy("everything")),
    ("market", _lazy("one market (its code)")),
    ("category", _lazy("one category and all below it (its path)")),
    ("sku", _lazy("one SKU")),
    ("model", _lazy("one model version (its number)")),
    (TESTS, _lazy("price tests of one market (its code)")),
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
    (False, True): _lazy("Personal prices are stopped. Shoppers see the public price from now on."),
    (False, False): _lazy("Released. Personal prices return with the next quotes."),
    (True, True): _lazy(
        "Price tests are off: within a second no test moves a price. Promises hold."
    ),
    (True, False): _lazy(
        "Price tests are on again: prices are drawn anew from the next quotes on."
    ),
}


class FlipForm(forms.Form):
    """What to stop or release, and why."""

    scope = forms.ChoiceField(label=_lazy("What"), choices=SCOPES, widget=UnfoldAdminSelectWidget())
    key = forms.CharField(
        label=_lazy("Which"),
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_lazy(
            "Empty for everything. A category's path stands in its address in the store."
        ),
    )
    reason = forms.CharField(
        label=_lazy("Reason"),
        min_length=5,
        max_length=300,
        widget=ReasonWidget(),
        help_text=_lazy("Stored with the change and shown to auditors."),
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
            self.add_error("key", _lazy("Leave this empty for “everything”."))
        if not is_global and not cleaned.get("key"):
            self.add_error("key", _lazy("Enter which one."))
        # A switch for a mistyped name would stop nothing and look as if it did. Releasing one is
        # always allowed: what it names may be gone meanwhile.
        elif cleaned.get("is_active") and not self._is_known(cleaned):
            self.add_error(
                "key", _lazy("There is nothing of this name, so nothing would be stopped.")
            )
        return cleaned

    def _is_known(self, cleaned: dict[str, Any]) -> bool:
        find = KNOWN.get(cleaned.get("scope", ""))
        return find is None or find(cleaned["key"])


@needs(KILL_SWITCH, BREAKERS, QUOTES)
def show_safety(request: HttpRequest) -> HttpResponse:
    """Show what is switched off and may be flipped, open breakers, and guardrail hits."""
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
    return HttpResponseRedirect(reverse("admin:safety"))


def _render(request: HttpRequest, form: FlipForm) -> HttpResponse:
    may = request.user.has_perm
    context: dict[str, Any] = {
        "sees_switches": may(KILL_SWITCH),
        "sees_breakers": may(BREAKERS),
        "sees_guardrails": may(QUOTES),
    }
    if context["sees_switches"]:
        context |= _read_switches(request, form)
    if context["sees_breakers"]:
        trips = [(trip, name_scope(trip.scope, trip.key)) for trip in list_open_trips()]
        context |= {"trips": trips, "may_undo": may("pricing.change_breakertrip")}
    if context["sees_guardrails"]:
        context |= read_guardrails(request)
    return render_page(request, "admin/safety.html", _("Safety"), context)


def _read_switches(request: HttpRequest, form: FlipForm) -> dict[str, Any]:
    switches = list_kill_switches()
    off = {switch.key for switch in switches if switch.scope == TESTS}
    markets = sorted({place[0] for place in list_places()} | off)
    return {
        "tests": [(market, market in off) for market in markets],
        "switches": describe_switches(switches),
        "is_everything_off": any(switch.scope == "global" for switch in switches),
        "form": form,
        "may_flip": request.user.has_perm("pricing.add_killswitch"),
    }


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


# Every sealed day is compared twice a day: after this long the job does not keep up.
LATE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SealLine:
    """A sentence about sealed days, and a color that says whether to worry."""

    tone: str
    text: str


def say_seals(now: datetime) -> SealLine:
    """Return how the sealed days stand. Four queries."""
    found = read_seals()
    if found.broken:
        days = join_names(show_day(day) for day in found.broken_days)
        told = ngettext(
            "%(count)s sealed day is not what was sealed: %(days)s.",
            "%(count)s sealed days are not what was sealed; the newest: %(days)s.",
            found.broken,
        )
        return SealLine("red", told % {"count": show_count(found.broken), "days": days})
    if not found.days:
        return SealLine("gray", _("No day is sealed yet: a day is, a day after its end."))
    return _say_whole(found, now)


def _say_whole(found: SealFigures, now: datetime) -> SealLine:
    checked = found.days - found.unchecked
    if found.oldest_check is None:
        told = _("%(days)s sealed days wait for their first comparison, within half an hour.")
        return SealLine("amber", told % {"days": show_count(found.days)})
    is_late = is_older(found.oldest_check, now, LATE_AFTER)
    told = _(
        "%(checked)s of %(days)s sealed days were compared with their seals, the first of them"
        " %(age)s ago; all are as they were sealed."
    )
    figures = {
        "checked": show_count(checked),
        "days": show_count(found.days),
        "age": show_age(found.oldest_check, now),
    }
    return SealLine("amber" if is_late or found.unchecked else "green", told % figures)


DEFAULT_PERIOD = 7
KEPT_SECONDS = 60
# More than this many codes are no drawing any more; the rest stands in the list.
MOST_SERIES = 3


def read_guardrails(request: HttpRequest) -> dict[str, Any]:
    """Return hits by code and day, the rules that bound public prices, newest quotes of one code.

    At most nine queries of our own.
    """
    language = get_language() or "en"
    text = request.GET.get("days", "")
    days = int(text) if text.isdecimal() and int(text) in PERIODS else DEFAULT_PERIOD
    now = utc_now()
    period = Period.ending(now, days)
    since = period.start
    found = remember(
        ("guardrails", days),
        KEPT_SECONDS,
        lambda: count_guardrail_hits(since=since, until=now, zone=period.zone),
    )
    hits = found.by_code()
    code = request.GET.get("code", "")
    code = code if code in hits else ""
    return {
        "days": days,
        "periods": [(choice, choice == days) for choice in PERIODS],
        "hits": [(name, GUARDS.get(name, name), show_count(n)) for name, n in hits.items()],
        "chart": _draw(found, list(period.dates), days),
        "code": code,
        "code_text": GUARDS.get(code, code),
        "quotes": _list_quotes(code, since, now, language) if code else [],
        "seals": say_seals(now),
        "rules": count_bound_rules(since=since, until=now, language=language),
    }


def _draw(found: GuardrailCounts, days: list[date], count: int) -> Chart:
    codes = list(found.by_code())[:MOST_SERIES]
    return DayChart(
        title=_("Quotes a guardrail moved, by day"),
        labels=tuple(show_day(day) for day in days),
        show=show_count,
        bars=tuple(
            Series(
                str(GUARDS.get(code, code)),
                tuple(float(found.hits.get((day, code), 0)) for day in days),
                tone,
            )
            for tone, code in enumerate(codes, start=1)
        ),
        note=_("Estimated from a sample of the quotes.") if found.is_sampled else "",
        label_title=_("Day"),
        width=WIDE,
    ).draw()


def _list_quotes(
    code: str, since: datetime, until: datetime, language: str
) -> list[dict[str, Any]]:
    rows = list_guarded_quotes(code=code, since=since, until=until)
    names = name_cards([row.variant_id for row in rows], language)
    return [
        {
            "row": row,
            "card": names.get(row.variant_id),
            "public": show_money(row.public_minor, row.currency),
            "quoted": show_money(row.quoted_minor, row.currency),
        }
        for row in rows
    ]
