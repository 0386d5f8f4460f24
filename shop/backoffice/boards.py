"""Figures of demand models as staff read them: the leaderboard, the backtest, the versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.core.values import ModelVersionRow
from pricing.selectors.verdicts import FAMILIES, say_verdict, say_wait
from shop.backoffice.charts.days import DayChart
from shop.backoffice.charts.drawing import Chart, Format, Series
from shop.backoffice.formats import show_count, show_day, show_percent
from shop.staff.columns import EMPTY

type Text = str | Promise

MOST_ALIGNED = 3  # figures of more digits stand alone and need no column
STATUSES: dict[str, tuple[Text, str]] = {
    "active": (gettext_lazy("in use"), "green"),
    "candidate": (gettext_lazy("candidate"), "blue"),
    "retired": (gettext_lazy("retired"), "gray"),
    "refused": (gettext_lazy("refused by a gate"), "red"),
}


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """One model family on the leaderboard: its figures, and whether it may take the slot."""

    name: Text
    is_champion: bool
    may_take: bool
    wmape: str
    deviance: str
    ece: str
    coverage: str
    wrong_signs: str
    causal_gap: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One trained version in a list."""

    id: int
    kind: Text
    status: Text
    tone: str
    trained_at: datetime
    window: str
    wmape: str
    deviance: str
    sd: str
    causal: str
    refusal: str
    has_board: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure with what it should be."""

    title: Text
    figure: str
    note: Text = ""
    tone: str = "gray"


def list_families(metrics: Mapping[str, Any]) -> tuple[FamilyLine, ...]:
    """Return the families a training run compared, best first as it ranked them."""
    return tuple(_family(row) for row in metrics.get("leaderboard") or ())


def _family(row: Mapping[str, Any]) -> FamilyLine:
    name = str(row.get("name", ""))
    return FamilyLine(
        name=FAMILIES.get(name, name),
        is_champion=bool(row.get("is_champion")),
        may_take=bool(row.get("may_take")),
        wmape=show_number(row.get("wmape"), 3),
        deviance=show_number(row.get("deviance"), 2),
        ece=show_share(row.get("ece")),
        coverage=show_share(row.get("coverage_90")),
        wrong_signs=show_share(row.get("wrong_sign_share")),
        causal_gap=show_share(row.get("causal_gap")),
        reasons=tuple(say_verdict(one) for one in row.get("reasons") or ()),
    )


def list_version_lines(rows: Sequence[ModelVersionRow]) -> list[VersionLine]:
    """Return trained versions in words."""
    return [describe_version(row) for row in rows]


def describe_version(row: ModelVersionRow) -> VersionLine:
    """Return one trained version in words."""
    status, tone = STATUSES.get(row.status, (row.status, "gray"))
    return VersionLine(
        id=row.id,
        kind=FAMILIES.get(row.kind, row.kind),
        status=status,
        tone=tone,
        trained_at=row.trained_at,
        window=f"{row.window_start} – {row.window_end}",
        wmape=show_number(row.metrics.get("wmape"), 3),
        deviance=show_number(row.metrics.get("deviance"), 2),
        sd=show_number(row.metrics.get("elasticity_sd"), 2),
        causal=show_share(row.metrics.get("causal_share")),
        refusal=say_wait(row.status, row.metrics),
        has_board=bool(row.metrics.get("leaderboard")),
    )


def list_figures(metrics: Mapping[str, Any]) -> list[Figure]:
    """Return the figures of a version, with a tone where there is a goal."""
    size = metrics.get("size") or {}
    return [
        Figure(_("Forecast error (WMAPE)"), show_number(metrics.get("wmape"), 3)),
        Figure(_("Poisson deviance"), show_number(metrics.get("deviance"), 2)),
        Figure(_("Calibration error"), show_share(metrics.get("ece"))),
        _near(_("80 % intervals hold"), metrics.get("coverage_80"), 0.80),
        _near(_("90 % intervals hold"), metrics.get("coverage_90"), 0.90),
        Figure(
            _("Negative elasticities"),
            show_share(metrics.get("negative_share")),
            _("goal: at least 99 %"),
            _tone(metrics.get("negative_share"), lambda share: share >= 0.99),
        ),
        Figure(_("Backed by randomized prices"), show_share(metrics.get("causal_share"))),
        Figure(_("Items"), show_whole(metrics.get("items"))),
        Figure(
            _("Serving arrays"),
            show_bytes(size.get("bytes_after")),
            _("%(before)s before compression; largest relative loss %(loss)s")
            % {
                "before": show_bytes(size.get("bytes_before")),
                "loss": show_number(size.get("largest_relative_loss"), 9),
            }
            if size
            else "",
        ),
        *_list_losses(metrics.get("compression") or {}),
    ]


def _list_losses(lost: Mapping[str, Any]) -> list[Figure]:
    """Return what a challenger loses where one elasticity stands for its curve; [] for others."""
    if not lost:
        return []
    note = _("its own price response: %(own)s; its curve is %(error)s away on average") % {
        "own": show_number(lost.get("deviance_whole"), 3),
        "error": show_share(lost.get("curve_error")),
    }
    return [
        Figure(_("Deviance as it serves"), show_number(lost.get("deviance_served"), 3), note),
    ]


def _near(title: Text, share: Any, goal: float) -> Figure:
    note = _("goal: %(goal)s, within 5 points") % {"goal": show_percent(goal)}
    return Figure(title, show_share(share), note, _tone(share, lambda it: abs(it - goal) <= 0.05))


def _tone(share: Any, is_good: Any) -> str:
    if not isinstance(share, int | float):
        return "gray"
    return "green" if is_good(share) else "amber"


def draw_backtest(metrics: Mapping[str, Any]) -> list[Chart]:
    """Return error, calibration and coverage of the held-out weeks, week by week."""
    weeks = metrics.get("backtest_weeks") or []
    errors = _chart_weeks(
        weeks,
        _("Forecast error by week"),
        {"wmape": (_("WMAPE"), 1)},
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
    return f"{100 * low:+.0f} … {100 * high:+.0f} %"


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[float | None, ...]:
    return tuple(row.get(name) for row in rows)


def _week(row: Mapping[str, Any]) -> str:
    monday = row.get("monday")
    return show_day(date.fromisoformat(monday)) if monday else str(row.get("week", ""))


def show_number(number: Any, digits: int) -> str:
    """Return a figure with `digits` digits, a dash for none; long ones without zeros at the end.

    >>> show_number(0.25, 3), show_number(None, 3), show_number(2.3e-7, 9)
    ('0.250', '–', '0.00000023')
    """
    if not isinstance(number, int | float):
        return EMPTY
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits > MOST_ALIGNED else text


def show_share(share: Any) -> str:
    """Return a share as a percentage; a dash for none."""
    return show_percent(share) if isinstance(share, int | float) else EMPTY


def show_whole(count: Any) -> str:
    """Return a count; a dash for none."""
    return show_count(count) if isinstance(count, int | float) else EMPTY


def show_bytes(size: Any) -> str:
    """Return a size in kB; a dash for none.

    >>> show_bytes(192_419)
    '192 kB'
    """
    return f"{size / 1000:,.0f} kB" if isinstance(size, int | float) else EMPTY
