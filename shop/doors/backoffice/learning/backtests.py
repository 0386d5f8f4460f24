"""Charts of a backtest: how a demand model forecast weeks it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from pricing.api import WMAPE_ALL
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Format, Series
from shop.doors.backoffice.formats import show_day
from shop.ground.staff.numbers import show_change, show_count, show_percent


def draw_backtest(metrics: Mapping[str, Any]) -> list[Chart]:
    """Return error, calibration and coverage of the held-out weeks, week by week."""
    weeks = metrics.get("backtest_weeks") or []
    errors = _chart_weeks(
        weeks,
        _("Forecast error by week"),
        {"wmape": (str(WMAPE_ALL), 1)},
        note=_("Sum of absolute errors as a share of sales, in weeks the model had not seen."),
    )
    sales = _chart_weeks(
        weeks,
        _("Sales and forecast by week"),
        {"units": (_("sold"), 1), "forecast": (_("forecast"), 2)},
        show=show_count,
    )
    coverage = _chart_weeks(
        weeks,
        _("Coverage of the intervals by week"),
        {"coverage_90": (_("90 % interval"), 1), "coverage_80": (_("80 % interval"), 2)},
        note=_("How many item-weeks sold what their interval says."),
    )
    calibration = _chart_weeks(
        weeks,
        _("Calibration error and bias by week"),
        {"ece": (_("calibration error"), 3), "bias": (_("bias: forecast over sales"), 4)},
    )
    strata = _draw_strata(metrics.get("backtest_prices") or [])
    return [errors, sales, coverage, calibration, strata]


def _chart_weeks(
    weeks: Sequence[Mapping[str, Any]],
    title: str,
    columns: Mapping[str, tuple[str, int]],
    *,
    show: Format = show_percent,
    note: str = "",
) -> Chart:
    """Return a chart of figures by week; a single figure as bars, several as lines."""
    series = tuple(
        Series(name, _column(weeks, column), tone) for column, (name, tone) in columns.items()
    )
    is_single = len(series) == 1
    return DayChart(
        title=title,
        labels=tuple(_week(row) for row in weeks),
        show=show,
        bars=series if is_single else (),
        lines=() if is_single else series,
        note=note,
        label_title=_("Week from"),
    ).draw()


def _draw_strata(rows: Sequence[Mapping[str, Any]]) -> Chart:
    return DayChart(
        title=_("Bias by distance from the usual price"),
        labels=tuple(_stratum(row) for row in rows),
        show=show_percent,
        bars=(Series(_("bias: forecast over sales"), _column(rows, "bias"), 2),),
        note=_("A slope too flat or too steep shows as bias far from the usual price."),
        label_title=_("Price against usual"),
    ).draw()


def _stratum(row: Mapping[str, Any]) -> str:
    low, high = float(row["from"]), float(row["to"])
    if low < -1:
        return _("%(share)s lower and more") % {"share": show_percent(-high)}
    if high > 1:
        return _("%(share)s higher and more") % {"share": show_percent(low)}
    return f"{show_change(low)} … {show_change(high)}"


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[float | None, ...]:
    return tuple(row.get(name) for row in rows)


def _week(row: Mapping[str, Any]) -> str:
    monday = row.get("monday")
    return show_day(date.fromisoformat(monday)) if monday else str(row.get("week", ""))
