"""Experiments for staff: list, plan (switchbacks too), start, read, decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pricing.api import ArmImpressions, list_arm_impressions
from profiles.experiments.api import (
    ArmPlan,
    Baseline,
    CellForecast,
    Design,
    ExperimentRow,
    decide_experiment,
    estimate_need,
    get_experiment,
    list_experiments,
    prolong_experiment,
    read_baseline,
    set_clusters,
    spend_alpha,
    stop_experiment,
)
from promotions.release.api import launch_experiment, save_experiment
from shop.doors.backoffice.experiments.experiment_charts import (
    draw_history,
    draw_intervals,
    draw_turns,
)
from shop.doors.backoffice.experiments.experiment_forms import (
    ArmFormSet,
    ExperimentForm,
    list_arms,
    make_draft,
    name_segments,
    share_of_segments,
)
from shop.doors.backoffice.experiments.experiment_lines import list_arm_lines, list_guard_lines
from shop.doors.backoffice.experiments.experiments import (
    REASONS,
    STATES,
    SUBJECTS,
    VERDICTS,
    judge,
    name_guard,
    name_of,
    name_outcome,
    say_cells_read,
    say_served,
    show_value,
)
from shop.doors.backoffice.experiments.holdouts import list_holdouts
from shop.doors.backoffice.experiments.switchback_forms import (
    SwitchbackForm,
    forecast_plan,
    has_too_few,
    list_goods,
    list_picked,
    make_switchback,
)
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.sales import Period
from shop.doors.backoffice.insights.ranges import InsightsQuery, build_bar, read_asked
from shop.doors.backoffice.learning.lots import list_lot_lines
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.sheets import sheet_lines
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import EMPTY, show_chance, show_count, show_percent
from shop.ground.staff.reasons import account_id, say_refusal


@dataclass(frozen=True, slots=True)
class CellPlanWords:
    """What a plan needs and sees, in words."""

    lines: tuple[str, ...]
    is_long: bool
    refusal: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class TurnLine:
    """One arm in one turn, in words."""

    turn: str
    arm: str
    goods: str
    looks: str
    price: str
    held: str


def say_forecast(forecast: CellForecast, effect: float) -> CellPlanWords:
    """Return what a plan will see, and whether that is less than it looks for."""
    seen = forecast.foresight
    lines = [
        _("%(goods)s products in %(clusters)s clusters, the largest of %(largest)s.")
        % {
            "goods": show_count(forecast.goods),
            "clusters": show_count(forecast.clusters),
            "largest": show_count(forecast.largest),
        },
        _("%(n)s clusters sold in the weeks before.") % {"n": show_count(seen.clusters)},
    ]
    if isfinite(seen.detectable):
        found = _(
            "A change of %(least)s is found in four of five such experiments, looking at any "
            "time; the %(effect)s worth detecting with a probability of %(chance)s."
        )
        lines.append(
            found
            % {
                "least": show_percent(seen.detectable),
                "effect": show_percent(effect),
                "chance": show_percent(seen.chance),
            }
        )
    refusal = ""
    if has_too_few(forecast):
        refusal = _("Fewer than eight clusters sell: nothing could be read. Add categories.")
    is_blind = seen.detectable > effect
    advice = _(
        "It may well miss that: plan more turns, look for a larger effect, or add categories."
    )
    return CellPlanWords(tuple(lines), is_blind, refusal, advice if is_blind else "")


def list_turn_lines(row: ExperimentRow, looks: list[ArmImpressions]) -> list[TurnLine]:
    """Return how often each arm was shown in each turn, and at which part of its price."""
    names = {arm.code: name_of(arm) for arm in row.arms}
    return [
        TurnLine(
            turn=str(one.turn + 1),
            arm=names.get(one.arm, one.arm),
            goods=show_count(one.goods),
            looks=show_count(one.looks),
            price=show_percent(one.price) if one.price else EMPTY,
            held=show_count(one.held) if one.held else EMPTY,
        )
        for one in looks
    ]


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


ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan needs, in words; `units` of all arms are what is registered."""

    units: int
    lines: tuple[str, ...]
    is_long: bool = False


def estimate_plan(asked: dict[str, Any], arms: Sequence[ArmPlan], today: date) -> Plan:
    """Return what the design needs, with and without looking early and the past. Two queries a
    day and metric."""
    baseline = read_baseline(asked["primary_metric"], today)
    others = [arm.share for arm in arms if not arm.is_control]
    control = next((arm.share for arm in arms if arm.is_control), 0.5)
    if baseline.mean <= 0.0 or baseline.spread <= 0.0 or not others or min(others) <= 0.0:
        return Plan(1_000, (_("There is too little data from the last four weeks to plan with."),))
    alpha, _guard = spend_alpha(ALPHA, len(others), 1 if asked.get("guard") else 0)
    traffic = asked["traffic"] / 100.0 * share_of_segments(asked["segments"])

    def design(correlation: float) -> Design:
        return Design(
            mean=baseline.mean,
            spread=baseline.spread,
            effect=asked["minimum_effect"] / 100.0,
            daily_units=baseline.daily * traffic,
            control_share=control,
            treated_share=min(others),
            correlation=correlation,
            alpha=alpha,
        )

    plain, adjusted = (estimate_need(design(one)) for one in (0.0, baseline.correlation))
    once = estimate_need(design(baseline.correlation), is_anytime=False)
    return Plan(
        units=adjusted.total_units,
        lines=(
            _say_baseline(asked["primary_metric"], baseline),
            _("Looking at any time, adjusted by the past: %(count)s shoppers, %(days)s.")
            % {"count": show_count(adjusted.total_units), "days": _days(adjusted.days)},
            _("Without the past: %(count)s shoppers, %(days)s.")
            % {"count": show_count(plain.total_units), "days": _days(plain.days)},
            _("With one look at the end only: %(count)s shoppers, %(days)s.")
            % {"count": show_count(once.total_units), "days": _days(once.days)},
        ),
        is_long=adjusted.days > asked["planned_days"],
    )


def _say_baseline(metric: str, found: Baseline) -> str:
    return _(
        "In the last four weeks: %(value)s, from %(count)s shoppers; the four weeks before tell"
        " %(share)s of the differences between them."
    ) % {
        "value": show_value(metric, found.mean),
        "count": show_count(found.shoppers),
        "share": show_percent(found.correlation**2),
    }


def _days(days: float) -> str:
    if not isfinite(days):
        return _("never: there are no shoppers")
    return _("days: %(n)s") % {"n": show_count(max(1.0, days))}


NO_TIME = timedelta(0)
COLUMNS = (
    *("treated", "control", "difference", "low", "high", "relative"),
    *("relative_low", "relative_high", "p_value", "kept_variance"),
)
CAN_SEE, CAN_ADD, CAN_CHANGE = (f"profiles.{verb}_experiment" for verb in ("view", "add", "change"))
ARMS: list[dict[str, Any]] = [
    {"name": "As it is", "share": 50, "price": 100},
    {"name": "", "share": 50, "price": 100},
    {},
    {},
]


@needs(CAN_SEE)
def show_experiments(request: HttpRequest) -> HttpResponse:
    """List experiments with what they say now, what chance decides, and the permanent holdouts.
    Fifteen queries of our own, one more for each place with price tests, two more once a day."""
    now = utc_now()
    asked, every = read_asked(request.GET, now), list_experiments()
    rows = [row for row in every if row.started_at is None or _ran(row, asked.period, now)]
    context = {
        "bar": build_bar(asked, None, has_sales=False),
        "counts": _count_periods(every, asked, now),
        "rows": [_describe_line(row) for row in rows],
        "may_add": request.user.has_perm(CAN_ADD),
        "lots": list_lot_lines(now),
        "holdouts": list_holdouts(now.date()),
    }
    return render_page(request, "admin/experiments.html", _("Experiments"), context)


def _ran(row: ExperimentRow, period: Period, now: datetime, back: timedelta = NO_TIME) -> bool:
    """Return whether an experiment ran in a period, or in one that lies `back` before it."""
    if row.started_at is None:
        return False
    return row.started_at < period.end - back and (row.stopped_at or now) >= period.start - back


def _count_periods(
    rows: Sequence[ExperimentRow], asked: InsightsQuery, now: datetime
) -> list[tuple[str, str, str]]:
    """Return (what, how many, how many in the days compared with) of experiments."""
    period = asked.period

    def count(back: timedelta) -> list[str]:
        start, end = period.start - back, period.end - back
        begun = [row.started_at for row in rows if row.started_at is not None]
        ended = [row.stopped_at for row in rows if row.stopped_at is not None]
        found = [sum(_ran(row, period, now, back) for row in rows)]
        found += [sum(start <= at < end for at in moments) for moments in (begun, ended)]
        return [show_count(one) for one in found]

    titles = (_("Experiments that ran"), _("Begun"), _("Ended"))
    before = ["", "", ""] if asked.shift is None else count(timedelta(days=asked.shift))
    return list(zip(titles, count(NO_TIME), before, strict=True))


def _describe_line(row: ExperimentRow) -> dict[str, Any]:
    state, tone = STATES[row.state]
    verdict = None if row.newest is None else VERDICTS[row.newest.figures["verdict"]]
    return {
        "row": row,
        "name": name_of(row),
        "subject": SUBJECTS[row.subject],
        "state": state,
        "tone": tone,
        "verdict": verdict,
        "told": REASONS.get(row.stop_reason, "") if row.state == "stopped" else "",
    }


@needs(CAN_ADD)
def plan_experiment(request: HttpRequest) -> HttpResponse:
    """Write a draft; what it needs is told while one types (two queries a day and metric)."""
    form = ExperimentForm(request.POST or None)
    arms = ArmFormSet(request.POST or None, prefix="arm", initial=ARMS)
    plan = None
    if request.method == "POST" and form.is_valid() and arms.is_valid():
        drafts = list_arms(arms)
        plan = estimate_plan(form.cleaned_data, drafts, utc_now().date())
        if "save" in request.POST:
            try:
                draft = make_draft(form.cleaned_data, drafts, plan.units)
                found = save_experiment(draft=draft, by_id=account_id(request), now=utc_now())
                return HttpResponseRedirect(reverse("admin:experiment", args=[found]))
            except FairtagError as refusal:
                form.add_error(None, say_refusal(refusal))
    context = {"form": form, "arms": arms, "plan": plan}
    if request.headers.get("HX-Request"):
        return render_page(request, "admin/parts/experiment_plan.html", "", context)
    return render_page(request, "admin/experiment_form.html", _("New experiment"), context)


@needs(CAN_SEE)
def show_experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    """Show what was promised and what was found, in words and drawings. Five queries, one more for
    public prices."""
    row, now = _get(experiment_id), utc_now()
    told, tone = judge(row, now)
    state, state_tone = STATES[row.state]
    figures = {} if row.newest is None else row.newest.figures
    context = {
        "row": row,
        "name": name_of(row),
        "told": told if row.state != "draft" else "",
        "tone": tone,
        "state": state,
        "state_tone": state_tone,
        "stopped": REASONS.get(row.stop_reason, row.stop_reason),
        "subject": SUBJECTS[row.subject],
        "segments": name_segments(row.segments),
        "metric": name_outcome(row),
        "effect": show_percent(abs(row.minimum_effect)),
        "guards_promised": [(name_guard(row, k), show_percent(v)) for k, v in row.guards.items()],
        "alpha": show_percent(row.alpha),
        "day": None if row.started_at is None else ((row.stopped_at or now) - row.started_at).days,
        "lines": list_arm_lines(row),
        "guards": list_guard_lines(row),
        "balance": _say_balance(figures),
        "is_balanced": figures.get("verdict") != "mismatch",
        "chart": draw_intervals(row),
        "history": draw_history(row) if row.readouts else [],
        **_describe_turns(row),
        "may_change": request.user.has_perm(CAN_CHANGE),
    }
    return render_page(request, "admin/experiment.html", name_of(row), context)


def _describe_turns(row: ExperimentRow) -> dict[str, Any]:
    """Return what only experiments with public prices have: products, turns, looks. One query."""
    if row.unit != "cluster":
        return {}
    return {
        "turn_lines": list_turn_lines(row, list_arm_impressions(row.id)),
        "turn_chart": draw_turns(row),
        "cells_read": say_cells_read(row),
        "served": say_served(row),
        "goods": row.goods,
        "clusters": row.clusters,
        "turns": row.planned_days // row.period_days,
        "least_percent": show_percent(min(arm.price_factor for arm in row.arms)),
    }


def _say_balance(figures: Any) -> str:
    if "balance" not in figures:
        return ""
    return show_chance(figures["balance"])


def _get(experiment_id: int) -> ExperimentRow:
    row = get_experiment(experiment_id)
    if row is None:
        raise Http404
    return row


@require_POST
@needs(CAN_CHANGE)
def act_on_experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    """Start, prolong, stop or decide, through the services."""
    asked, now = request.POST, utc_now()
    reason = asked.get("reason", "").strip()
    acts: dict[str, Callable[[], object]] = {
        "start": lambda: launch_experiment(
            experiment_id=experiment_id, now=now, by_id=account_id(request)
        ),
        "stop": lambda: stop_experiment(experiment_id=experiment_id, reason=reason, now=now),
        "prolong": lambda: prolong_experiment(
            experiment_id=experiment_id,
            planned_days=read_number(asked.get("days", "")) or 0,
            reason=reason,
            by_id=account_id(request),
            now=now,
        ),
        "decide": lambda: decide_experiment(
            experiment_id=experiment_id, arm=asked.get("arm", ""), reason=reason, now=now
        ),
    }
    act = acts.get(asked.get("verb", ""))
    try:
        if act is None:
            messages.error(request, _("Choose what to do."))
        else:
            act()
            messages.success(request, _("Done."))
    except FairtagError as refusal:
        messages.error(request, say_refusal(refusal))
    return HttpResponseRedirect(reverse("admin:experiment", args=[experiment_id]))


@needs(CAN_SEE)
def download_experiment(request: HttpRequest, experiment_id: int) -> HttpResponse:
    """Return every read-out as CSV: a line for each day, arm and metric, numbers unrounded."""
    row = _get(experiment_id)
    rows = sheet_lines(_list_figures(row))
    answer = HttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.code}.csv"'
    return answer


def _list_figures(row: Any) -> Iterator[list[object]]:
    yield ["day", "arm", "metric", "tolerance", *COLUMNS]
    for readout in row.readouts:
        figures = readout.figures
        for one in (*figures.get("primary", ()), *figures.get("guards", ())):
            head = [readout.day.isoformat(), one["arm"], one["metric"], one["tolerance"]]
            yield [*head, *(one.get(name) for name in COLUMNS)]
        if figures["kind"] == "clusters":
            head = [readout.day.isoformat(), "treated", row.primary_metric, None, None, None]
            yield [*head, None, None, None, *(figures[k] for k in ("effect", "low", "high"))]
