"""Drafts of experiments with public prices."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from profiles.experiments.api import set_clusters
from promotions.release.api import save_experiment
from shop.doors.backoffice.experiments.switchback_forms import (
    SwitchbackForm,
    forecast_plan,
    list_goods,
    list_picked,
    make_switchback,
)
from shop.doors.backoffice.experiments.switchbacks import CellPlanWords, say_forecast
from shop.doors.backoffice.frame import needs, render_page
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.reasons import account_id, say_refusal


@needs("profiles.add_experiment")
def plan_switchback(request: HttpRequest) -> HttpResponse:
    """Write a draft with public prices; what it will see is told while one types (two queries)."""
    form, plan = SwitchbackForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        forecast = forecast_plan(form.cleaned_data, utc_now())
        plan = say_forecast(forecast, form.cleaned_data["minimum_effect"] / 100.0)
        if "save" in request.POST:
            found = _save(request, form, plan)
            if found is not None:
                return HttpResponseRedirect(reverse("admin:experiment", args=[found]))
    context: dict[str, Any] = {"form": form, "plan": plan}
    if request.headers.get("HX-Request"):
        return render_page(request, "admin/parts/experiment_plan.html", "", context)
    chosen = request.POST.getlist("categories")
    context["tree"] = list_picked(list_categories(get_language() or "en"), chosen)
    title = _("New experiment with public prices")
    return render_page(request, "admin/switchback_form.html", title, context)


def _save(request: HttpRequest, form: SwitchbackForm, plan: CellPlanWords) -> int | None:
    """Return the id of the draft, None if it is refused; the form says why."""
    asked, now = form.cleaned_data, utc_now()
    if plan.refusal:
        form.add_error("categories", plan.refusal)
        return None
    try:
        with transaction.atomic():
            draft = make_switchback(asked, forecast_plan(asked, now))
            found = save_experiment(draft=draft, by_id=account_id(request), now=now)
            set_clusters(experiment_id=found, variant_ids=list_goods(asked["categories"]).tolist())
    except FairtagError as refusal:
        form.add_error(None, say_refusal(refusal))
        return None
    return found
