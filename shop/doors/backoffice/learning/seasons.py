"""What the model in use believes of the season, by family: a chart and a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import SeasonBelief, UntrustedModel
from pricing.api import read_season as read_belief
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Series
from shop.doors.backoffice.learning.priors import say_priors
from shop.ground.catalog.selectors import list_categories
from shop.ground.staff.numbers import show_change

# As many lines as there are colors: the families whose demand moves most.
MOST_LINES = 6


def read_season(request: HttpRequest) -> dict[str, Any]:
    """Return the season by family, or the sentence that says why there is none. Two queries."""
    try:
        found = read_belief()
    except UntrustedModel:
        found = None
    if found is None:
        return {"why": say_priors()}
    if not found.family_ids:
        return {
            "why": _(
                "The model in use keeps no season by family: what there is of one stands in its"
                " levels of the last weeks."
            )
        }
    return {"version": found.model_version, **_describe(found)}


def _describe(found: SeasonBelief) -> dict[str, Any]:
    nodes = list_categories(get_language() or "en").nodes
    # A week that the model was not shown moves nothing: it is left out, not told as ordinary.
    weeks = [at for at, told in enumerate(zip(*found.effects, strict=True)) if any(told)]
    rows = []
    for family_id, effects in zip(found.family_ids, found.effects, strict=True):
        name = nodes[family_id].name if family_id in nodes else f"#{family_id}"
        rows.append((name, tuple(exp(effects[week]) - 1.0 for week in weeks)))
    rows.sort(key=lambda row: min(row[1]) - max(row[1]))
    lines = (Series(name, shares, at + 1) for at, (name, shares) in enumerate(rows[:MOST_LINES]))
    chart = DayChart(
        title=_("Demand of each week against an ordinary one"),
        labels=tuple(str(week + 1) for week in weeks),
        show=show_change,
        lines=tuple(lines),
        note=_("The families whose demand moves most; all are in the table below."),
        label_title=_("Week of the year"),
    )
    return {
        "chart": chart.draw(),
        "weeks": len(weeks),
        "rows": [(name, *_tell(shares, weeks)) for name, shares in rows],
    }


def _tell(shares: tuple[float, ...], weeks: Sequence[int]) -> tuple[int, str, int, str]:
    """Return the strongest and the weakest week with their demand."""
    high, low = max(shares), min(shares)
    best, worst = (weeks[shares.index(one)] + 1 for one in (high, low))
    return best, show_change(high), worst, show_change(low)
