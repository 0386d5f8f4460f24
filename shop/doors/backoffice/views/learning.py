"""Pages of learning: evidence and rollouts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from pricing.api import (
    RolloutRow,
    compare_model,
    list_evidence,
    list_fits,
    list_rollouts,
    list_shadows,
)
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.learning.impression_fits import draw_fits, list_fit_figures
from shop.doors.backoffice.learning.learning import (
    ENDS,
    describe_shadow,
    draw_evidence,
    draw_shadows,
    judge_rollout,
    show_bounds,
)
from shop.doors.backoffice.learning.rollouts import describe_logged, describe_step, say_next
from shop.doors.backoffice.learning.seasons import describe_season
from shop.doors.backoffice.learning.slope_checks import draw_checks
from shop.ground.staff.numbers import show_percent

CAN_SEE = "pricing.view_demandmodelversion"


@needs(CAN_SEE)
def show_learning(request: HttpRequest) -> HttpResponse:
    """Show what was learned from outcomes and impressions so far. Two queries."""
    steps, fits = list_evidence(), list_fits()
    context = {
        "steps": len(steps),
        "evidence": draw_evidence(steps),
        "fit_figures": list_fit_figures(fits),
        "fits": draw_fits(fits) if len(fits) > 1 else None,
        "checks": draw_checks(fits[-1].figures.get("calibration", ())) if fits else [],
    }
    return render_page(request, "admin/learning.html", _("Learning"), context)


@needs(CAN_SEE)
def show_season(request: HttpRequest) -> HttpResponse:
    """Show what the model in use believes of the season. Two queries at most."""
    return render_page(request, "admin/season.html", _("Season"), describe_season())


@needs(CAN_SEE)
def show_rollouts(request: HttpRequest) -> HttpResponse:
    """Show versions on trial and what they would have shown. Three queries, four in a trial."""
    shadows = list_shadows()
    context = {
        "trials": [_describe(one) for one in list_rollouts()],
        "shadows": [describe_shadow(one) for one in shadows],
        "may_see_ramps": request.user.has_perm("pricing.view_modelramp"),
        "compared": draw_shadows(shadows) if shadows else None,
    }
    return render_page(request, "admin/trials.html", _("Trials and shadows"), context)


def _describe(row: RolloutRow) -> dict[str, Any]:
    end, tone = ENDS.get(row.end, (row.end, "gray"))
    share = row.steps[0].share if row.steps else 0.0
    is_quoting = row.ended_at is None and share > 0.0
    lift = (
        compare_model(model_version=row.model_version, since=row.steps[0].at).lift
        if is_quoting
        else None
    )
    return {
        "row": row,
        "end": end,
        "tone": tone,
        "lift": "" if lift is None else show_bounds(lift),
        "verdict": None if lift is None else judge_rollout(lift),
        "share": _("in the shadow") if not share else show_percent(share),
        "steps": [describe_step(step) for step in row.steps],
        "logged": describe_logged(row),
        "next": say_next(row),
    }
