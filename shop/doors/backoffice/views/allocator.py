"""Personal offers: what the allocator gives to whom, what it costs, and what it has learned."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from promotions.targeting.api import (
    MOST_EXPLORING,
    AllocationView,
    BeliefView,
    ModelView,
    find_newest_model,
    list_allocations,
    set_allocation,
    set_exploration,
)
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.frame import needs, render_page
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent, show_units
from shop.ground.staff.reasons import say_refusal
from shop.ground.staff.roles import may_see_cost

CAN_SEE = "promotions.view_campaign"
CAN_CHANGE = "promotions.change_campaign"
ARMS: dict[str, Promise] = {
    "control": gettext_lazy("No offer, by chance"),
    "chance": gettext_lazy("This depth, by chance"),
    "chosen": gettext_lazy("The best offer, or none"),
}
STATES: dict[str, Promise] = {
    "active": gettext_lazy("in use"),
    "retired": gettext_lazy("no longer in use"),
    "refused": gettext_lazy("refused: its ranking is no better than chance"),
}


class ExplorationForm(forms.Form):
    """On how many of a campaign's shoppers new offers are tried, in percent."""

    campaign = forms.IntegerField(min_value=1)
    percent = forms.FloatField(min_value=0.0, max_value=100.0 * MOST_EXPLORING)


class AllocationForm(forms.Form):
    """Which campaign, and whether the allocator gives out its offers."""

    campaign = forms.IntegerField(min_value=1)
    is_on = forms.BooleanField(required=False)


@needs(CAN_SEE)
def show_allocator(request: HttpRequest) -> HttpResponse:
    """Show the last run, every personal campaign and the newest model. Eight queries."""
    model = find_newest_model()
    found = list_allocations(now=utc_now())
    context = {
        "run": find_latest_run("allocate_personal_offers"),
        "campaigns": [_describe(one) for one in found if one.is_on is not None],
        "others": [one for one in found if one.is_on is None and one.has_depths],
        "by_code": sum(one.is_on is None and not one.has_depths for one in found),
        "model": None if model is None else _describe_model(model),
        "may_change": request.user.has_perm(CAN_CHANGE),
        "may_see_cost": may_see_cost(request.user),
    }
    return render_page(request, "admin/allocator.html", _("Personal offers"), context)


@require_POST
@needs(CAN_CHANGE)
def set_exploring(request: HttpRequest) -> HttpResponse:
    """Set on how many shoppers new offers of a campaign are tried, or say why not."""
    form = ExplorationForm(request.POST)
    ids = {one.campaign_id for one in list_allocations(now=utc_now())}
    is_valid = form.is_valid()
    if form.cleaned_data.get("campaign") not in ids:
        messages.error(request, _("No campaign has this number."))
    elif not is_valid:
        most = show_percent(MOST_EXPLORING)
        messages.error(request, _("Enter a percentage from 0 to %(most)s.") % {"most": most})
    else:
        try:
            set_exploration(
                campaign_id=form.cleaned_data["campaign"],
                share=round(form.cleaned_data["percent"] / 100.0, 4),
                by_id=request.user.pk,
                now=utc_now(),
            )
            messages.success(request, _("Saved. It holds from the next decision on."))
        except FairtagError as refusal:
            messages.error(request, say_refusal(refusal))
    return HttpResponseRedirect(reverse("admin:allocator"))


@require_POST
@needs(CAN_CHANGE)
def set_allocator(request: HttpRequest) -> HttpResponse:
    """Switch the allocator on or off for a campaign, or say why not."""
    form = AllocationForm(request.POST)
    ids = {one.campaign_id for one in list_allocations(now=utc_now())}
    if not form.is_valid() or form.cleaned_data["campaign"] not in ids:
        messages.error(request, _("No campaign has this number."))
    else:
        try:
            set_allocation(
                campaign_id=form.cleaned_data["campaign"], is_on=form.cleaned_data["is_on"]
            )
            messages.success(request, _("Saved. It holds from the next run on."))
        except FairtagError as refusal:
            messages.error(request, say_refusal(refusal))
    return HttpResponseRedirect(reverse("admin:allocator"))


def _describe(view: AllocationView) -> dict[str, Any]:
    total = sum(row.shoppers for row in view.depths)
    budget = None if view.budget_minor is None else show_minor(view.budget_minor)
    return {
        "view": view,
        "spent": show_minor(view.spent_minor),
        "budget": budget,
        "price": show_number(view.price),
        "rows": [
            {
                "arm": ARMS[row.arm],
                "depth": show_percent(row.depth) if row.depth else EMPTY,
                "shoppers": row.shoppers,
                "share": show_percent(row.shoppers / total),
                "value": show_minor(round(row.value_minor)),
                "cost": show_minor(round(row.cost_minor)),
            }
            for row in view.depths
        ],
        "percent": show_units(100.0 * view.exploration_share),
        "most": show_units(100.0 * MOST_EXPLORING),
        "beliefs": [_describe_belief(one) for one in view.beliefs],
        "chart": _draw_beliefs(view),
    }


def _describe_belief(one: BeliefView) -> dict[str, Any]:
    """Return what is believed of an offer in words, with the tries behind it."""
    return {
        "name": one.name,
        "depth": show_percent(one.depth),
        "is_new": one.is_new,
        "effect": _("nothing yet") if one.mean is None else show_number(one.mean),
        "interval": EMPTY if one.mean is None else " – ".join(map(show_number, _bounds(one))),
        "decisions": show_count(one.decisions),
        "by_chance": show_count(one.by_chance),
        "explored": show_count(one.explored),
        "chosen": show_count(one.chosen),
    }


def _bounds(one: BeliefView) -> tuple[float, float]:
    """Return the 95 % interval of what is believed."""
    mean, sd = one.mean or 0.0, one.sd or 0.0
    return mean - 1.96 * sd, mean + 1.96 * sd


def _draw_beliefs(view: AllocationView) -> Chart | None:
    """Return the beliefs of a campaign's offers with their intervals, 1 as the model says."""
    rows = []
    for one in view.beliefs:
        if one.mean is None:
            continue
        low, high = _bounds(one)
        # The depth first: names of a campaign's offers are often the same, and cut where long.
        name = f"{show_percent(one.depth)} · {one.name}"
        name = _("%(name)s (new)") % {"name": name} if one.is_new else name
        rows.append(Interval(name, low, one.mean, high, tone=1 if one.is_new else 2))
    if not rows:
        return None
    return IntervalChart(
        title=_("What offers add, relative to what the model expects"),
        name_title=_("Offer"),
        value_title=_("Effect"),
        show=show_number,
        rows=tuple(rows),
        tones=((_("new: drawn at random for shoppers it is tried on"), 1), (_("known"), 2)),
        reference=1.0,
        note=_("1 is what the model expects, 0 is nothing. Bars are 95 % intervals."),
    ).draw()


def _describe_model(model: ModelView) -> dict[str, Any]:
    """Return the model's judges in words: deciles with 95 % intervals, slope, Qini by depth."""
    metrics = model.metrics
    return {
        "view": model,
        "state": STATES[model.status],
        "slope": f"{show_number(metrics['slope'])} ± {show_number(1.96 * metrics['slope_sd'])}",
        "deciles": [
            {
                "number": at,
                "predicted": show_percent(one["predicted"]),
                "observed": show_percent(one["observed"]),
                "low": show_percent(one["observed"] - 1.96 * one["sd"]),
                "high": show_percent(one["observed"] + 1.96 * one["sd"]),
            }
            for at, one in enumerate(metrics["deciles"], start=1)
        ],
        "qini": [
            (show_percent(float(depth)), _show_area(area, low, high))
            for depth, (area, low, high) in sorted(metrics["qini"].items())
        ],
    }


def _show_area(area: float, low: float, high: float) -> str:
    """Return the area under a Qini curve with its interval."""
    mean, least, most = (show_number(one, 4) for one in (area, low, high))
    return f"{mean} ({least} – {most})"
