"""Drawings of experiments: differences with their bounds, now and as they developed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from profiles.experiments.api import ExperimentRow, ReadoutRow
from shop.doors.backoffice.charts.drawing import WIDE, Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.charts.planes import Band, Curve, PlaneChart
from shop.doors.backoffice.experiments.experiments import name_guard, name_of, name_outcome
from shop.doors.backoffice.formats import show_day
from shop.ground.staff.numbers import show_change, show_count, show_percent


def draw_intervals(row: ExperimentRow) -> Chart | None:
    """Return the relative difference of each arm with its bounds; None before there are any."""
    figures = {} if row.newest is None else row.newest.figures
    names = {arm.code: name_of(arm) for arm in row.arms}
    is_alone = len(row.arms) == 2
    rows = tuple(
        Interval(
            names.get(one["arm"], one["arm"])
            if one["tolerance"] is None
            else _name_guarded(
                "" if is_alone else names.get(one["arm"], one["arm"]),
                name_guard(row, one["metric"]),
            ),
            one["relative_low"],
            one["relative"],
            one["relative_high"],
            tone=1 if one["tolerance"] is None else 3,
            note=name_guard(row, one["metric"]),
        )
        for one in (*_list_primary(row, figures), *figures.get("guards", ()))
        if one["relative_low"] is not None and one["relative_high"] is not None
    )
    if not rows:
        return None
    return IntervalChart(
        title=_("Difference from the control arm, with bounds that hold at every look"),
        name_title=_("Arm"),
        value_title=_("Difference"),
        show=show_change,
        rows=rows,
        tones=((_("primary metric"), 1), (_("guard"), 3)),
        reference=0.0,
        note_title=_("Metric"),
    ).draw()


def _list_primary(row: ExperimentRow, figures: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the primary metric of each arm compared; clusters are drawn beside their guards."""
    if figures.get("kind") != "clusters":
        return figures.get("primary", [])
    if not figures.get("guards"):
        return []
    return [
        {
            "arm": arm.code,
            "metric": row.primary_metric,
            "tolerance": None,
            "relative": figures["effect"],
            "relative_low": figures["low"],
            "relative_high": figures["high"],
        }
        for arm in row.arms
        if not arm.is_control
    ]


def _name_guarded(arm: str, metric: str) -> str:
    """Return the name of a guard's row: its metric, after the arm where there are several.

    That it is a guard stands there too: what only a color told would be told to some only.
    """
    named = {"metric": metric, "arm": arm}
    return _("%(arm)s: %(metric)s (guard)") % named if arm else _("%(metric)s (guard)") % named


def draw_history(row: ExperimentRow) -> list[Chart]:
    """Return how the difference and its bounds developed, a chart for each arm compared."""
    if row.unit == "cluster":
        # Before a pair of turns is over an effect of nothing would be drawn.
        effect = [(one, one.figures) for one in row.readouts if one.figures["pairs"]]
        keys = ("effect", "low", "high")
        return [_draw_days(row, _("Effect by day"), effect, keys)] if effect else []
    charts = []
    for arm in row.arms:
        found = [
            (readout, one)
            for readout in row.readouts
            for one in readout.figures.get("primary", ())
            if one["arm"] == arm.code
        ]
        if not arm.is_control and found:
            title = _("“%(arm)s” less the control arm, day by day") % {"arm": name_of(arm)}
            keys = ("relative", "relative_low", "relative_high")
            charts.append(_draw_days(row, title, found, keys))
    return charts


def draw_turns(row: ExperimentRow) -> Chart | None:
    """Return what cheaper and plain products earned turn by turn; None before a turn is over."""
    turns = [] if row.newest is None else row.newest.figures.get("turns", [])
    if not turns:
        return None
    names = {arm.is_control: name_of(arm) for arm in row.arms}
    curves = []
    for at, is_control, tone in ((0, False, 1), (1, True, 2)):
        points = [(float(n + 1), one[at]) for n, one in enumerate(turns) if one[at] is not None]
        curves.append(Curve(names[is_control], tuple(points), tone))
    return PlaneChart(
        title=_("Turn by turn, the level before the start as 100 %"),
        x_title=_("Turn"),
        y_title=name_outcome(row),
        show_x=show_count,
        show_y=show_percent,
        curves=tuple(curves),
        width=WIDE,
        is_counted=True,
        note=_("A season moves both curves: what counts is their distance, pair by pair."),
    ).draw()


def _draw_days(
    row: ExperimentRow,
    title: str,
    found: Sequence[tuple[ReadoutRow, Mapping[str, Any]]],
    keys: tuple[str, str, str],
) -> Chart:
    begun = found[0][0].day if row.started_at is None else row.started_at.date()
    middle, low, high = keys
    at = [(float((readout.day - begun).days), one) for readout, one in found]
    band = tuple(
        (x, one[low], one[high]) for x, one in at if one[low] is not None and one[high] is not None
    )
    return PlaneChart(
        title=title,
        x_title=_("Day"),
        y_title=_("Difference"),
        show_x=lambda x: show_day(begun + timedelta(days=round(x))),
        show_y=show_change,
        curves=(
            Curve(_("difference, all days so far"), tuple((x, one[middle]) for x, one in at), 1),
        ),
        band=Band(_("confidence sequence"), band) if len(band) > 1 else None,
        width=WIDE,
        is_counted=True,
        note=_("Bounds need eight clusters of products. They hold at every look at once.")
        if row.unit == "cluster"
        else _("Bounds need 100 shoppers in each arm. They hold at every look at once."),
    ).draw()
