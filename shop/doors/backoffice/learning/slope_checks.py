"""Calibration of price response: observed over predicted sales on held-out days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import expm1
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.ground.catalog.selectors import list_categories
from shop.ground.staff.numbers import (
    show_chance,
    show_count,
    show_number,
    show_percent,
    show_signed,
)

SDS, UNLIKELY = 1.96, 0.05


def draw_checks(tables: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return a drawing for each table of a fit's calibration, none without one. One query."""
    if not tables:
        return []
    names = {one: node.name for one, node in list_categories(get_language() or "en").nodes.items()}
    return [_draw(table, names) for table in tables]


def _draw(table: Mapping[str, Any], names: Mapping[int, str]) -> Chart:
    titles = {
        "family": _("Price response by family: seen, as a multiple of predicted"),
        "price": _("Price response by price point: seen, as a multiple of predicted"),
        "boost": _("Price response by shoppers' boost: seen, as a multiple of predicted"),
    }
    heads = {"family": _("Family"), "price": _("Price beside its anchor"), "boost": _("Boost")}
    return IntervalChart(
        title=titles[table["kind"]],
        name_title=heads[table["kind"]],
        value_title=_("Seen over predicted"),
        show=show_number,
        rows=tuple(_draw_row(table["kind"], row, names) for row in table["rows"]),
        reference=1.0,
        note_title=_("Purchases predicted / seen"),
        note=_say(table["p_value"]),
    ).draw()


def _draw_row(kind: str, row: Mapping[str, float], names: Mapping[int, str]) -> Interval:
    wide = SDS * row["sd"]
    sold = f"{show_count(round(row['predicted']))} / {show_count(round(row['seen']))}"
    middle = row["factor"]
    tone = 1 if abs(middle - 1.0) <= wide else 2
    name = _name(kind, row["label"], names)
    return Interval(name, middle - wide, middle, middle + wide, tone, sold)


def _name(kind: str, label: float, names: Mapping[int, str]) -> str:
    if kind == "family":
        return names.get(int(label), str(int(label)))
    if kind == "price":
        return show_signed(expm1(label), show_percent)
    return f"× {show_number(label)}"


def _say(chance: float) -> str:
    said = (
        _("p %(chance)s: differences like these would be unlikely if the model were right.")
        if chance < UNLIKELY
        else _("p %(chance)s: nothing here says that the model is wrong.")
    )
    how = _(
        "A fit to the days before is compared with the last seven; only prices that chance moved"
        " count, and levels are those of these days."
    )
    shown = show_chance(chance)
    return f"{said % {'chance': shown if shown.startswith('<') else f'= {shown}'}} {how}"
