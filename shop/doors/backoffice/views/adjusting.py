"""Campaigns that adjust themselves: their pulse, what they propose, and the way back."""

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

from promotions.tuning.api import (
    TABS,
    CampaignMetrics,
    count_adjustments,
    decide_adjustment,
    list_adjustments,
    list_pulses,
    set_automatic,
    undo_adjustment,
)
from shop.doors.backoffice.campaigns.adjusting import describe_adjustment, draw_pulse
from shop.doors.backoffice.frame import needs, render_page
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_minor
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent
from shop.ground.staff.reasons import account_id, ask_reason, say_refusal
from shop.ground.staff.roles import may_see_cost

CAN_SEE = "promotions.view_campaign"
CAN_CHANGE = "promotions.change_campaign"
PAGE = 25
TITLES: dict[str, Promise] = {
    "waiting": gettext_lazy("Waiting"),
    "applied": gettext_lazy("Applied"),
    "closed": gettext_lazy("Held back, rejected, undone"),
}


class DecisionForm(forms.Form):
    """A word about one change; a no and a way back need a reason."""

    adjustment = forms.IntegerField(min_value=1)
    verb = forms.ChoiceField(choices=[(one, one) for one in ("approve", "reject", "undo")])
    reason = forms.CharField(required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where there is no evidence that speaks for itself."""
        cleaned: dict[str, Any] = super().clean() or {}
        reason = (cleaned.get("reason") or "").strip()
        if cleaned.get("verb") in ("reject", "undo") and len(reason) < SHORTEST_REASON:
            self.add_error(None, ask_reason())
        return cleaned


class AutomaticForm(forms.Form):
    """Whether a campaign applies by itself what the guardrails allow."""

    campaign = forms.IntegerField(min_value=1)
    is_automatic = forms.BooleanField(required=False)


@needs(CAN_SEE)
def show_adjusting(request: HttpRequest) -> HttpResponse:
    """Show running campaigns with their last day, and changes by state. Five queries."""
    tab = request.GET.get("tab", "waiting")
    tab = tab if tab in TABS else "waiting"
    counts, with_cost = count_adjustments(), may_see_cost(request.user)
    before_id = read_number(request.GET.get("before", ""))
    rows = list_adjustments(states=TABS[tab], limit=PAGE + 1, before_id=before_id)
    context = {
        "tab": tab,
        "tabs": [
            (key, title, sum(counts.get(state, 0) for state in TABS[key]), key == tab)
            for key, title in TITLES.items()
        ],
        "changes": [
            describe_adjustment(row, utc_now(), with_cost=with_cost) for row in rows[:PAGE]
        ],
        "next": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "pulses": [_describe_pulse(one, with_cost=with_cost) for one in list_pulses(now=utc_now())],
        "may_decide": request.user.has_perm(CAN_CHANGE),
    }
    return render_page(request, "admin/adjusting.html", _("Running campaigns"), context)


@require_POST
@needs(CAN_CHANGE)
def decide_adjusting(request: HttpRequest) -> HttpResponse:
    """Approve, reject or undo one change, or say why not."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        said = (text for texts in form.errors.values() for text in texts)
        messages.error(request, " ".join(str(text) for text in said))
        return _back(request)
    verb, reason = form.cleaned_data["verb"], form.cleaned_data["reason"].strip()
    key, by_id, now = form.cleaned_data["adjustment"], account_id(request), utc_now()
    try:
        if verb == "undo":
            undo_adjustment(adjustment_id=key, by_id=by_id, now=now, note=reason)
        else:
            is_approved = verb == "approve"
            decide_adjustment(
                adjustment_id=key, is_approved=is_approved, by_id=by_id, now=now, note=reason
            )
    except FairtagError as refusal:
        messages.error(request, say_refusal(refusal))
        return _back(request)
    done = {
        "approve": _("Applied: the next checks measure its effect."),
        "reject": _("Rejected: it will not be proposed again for a day."),
        "undo": _("Undone: the campaign is as it was before."),
    }
    messages.success(request, done[verb])
    return _back(request)


@require_POST
@needs(CAN_CHANGE)
def set_adjusting(request: HttpRequest) -> HttpResponse:
    """Let a campaign adjust itself, or let it only propose."""
    form = AutomaticForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a campaign."))
        return _back(request)
    is_automatic = form.cleaned_data["is_automatic"]
    try:
        set_automatic(campaign_id=form.cleaned_data["campaign"], is_automatic=is_automatic)
    except FairtagError as refusal:
        messages.error(request, say_refusal(refusal))
        return _back(request)
    messages.success(
        request,
        _("It adjusts itself within its guardrails from now on.")
        if is_automatic
        else _("It only proposes from now on."),
    )
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    tab = request.POST.get("tab", "waiting")
    tab = tab if tab in TABS else "waiting"
    return HttpResponseRedirect(f"{reverse('admin:adjusting')}?tab={tab}")


def _describe_pulse(pulse: CampaignMetrics, *, with_cost: bool) -> dict[str, Any]:
    totals, budget = pulse.totals, pulse.budget_minor
    rate = totals.clicks / totals.impressions if totals.impressions else None
    tone = totals.positivity_sum / totals.read if totals.read else None
    return {
        "pulse": pulse,
        "chart": draw_pulse(pulse) if totals.redemptions else None,
        "rows": [
            (_("Impressions"), show_count(totals.impressions)),
            (_("Clicks"), show_count(totals.clicks)),
            (_("Click rate"), EMPTY if rate is None else show_percent(rate)),
            (_("Carts after a click"), show_count(totals.carts)),
            (_("Orders"), show_count(totals.redemptions)),
            *([(_("Discounts"), show_minor(totals.spend_minor))] if with_cost else []),
            (_("Sales"), show_minor(totals.sales_minor)),
            *(
                [(_("Margin after discounts"), show_minor(totals.margin_minor))]
                if with_cost
                else []
            ),
            (_("Came back"), f"{show_count(totals.returns)} · {show_minor(totals.returned_minor)}"),
            (_("Positive reviews"), EMPTY if tone is None else show_percent(tone)),
        ],
        "budget": None
        if budget is None or not with_cost
        else f"{show_minor(pulse.spent_minor)} / {show_minor(budget)}",
        "weight": f"× {show_number(pulse.exposure_weight)}",
    }
