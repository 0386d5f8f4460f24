"""Estimates with intervals: each where its number lies, one row each, nothing lost in words."""

from __future__ import annotations

import re
from html import unescape

from shop.doors.backoffice.charts.intervals import NAMES, ROW, TOP, Interval, IntervalChart


def draw(*rows: Interval) -> IntervalChart:
    return IntervalChart(
        title="Elasticities",
        name_title="Group",
        value_title="Elasticity",
        show=lambda number: f"{number:.1f}",
        rows=rows,
        tones=(("randomized", 1),),
        reference=0.0,
        note_title="Learned from",
    )


def test_an_interval_lies_on_its_scale_in_its_row() -> None:
    chart = draw(
        Interval("cheese", -3.0, -2.0, -1.0, 1, "chance"),
        Interval("bread", -2.0, -1.0, 0.0, 2, "habit"),
    ).draw()
    # Ticks run from -3 to 0 over the 484 units beside the names.
    paths = re.findall(r'<path d="M([\d.]+),([\d.]+)H([\d.]+)"', chart.svg)
    unit = (694 - NAMES) / 3
    assert [float(one) for one in paths[0]] == [NAMES, TOP + ROW // 2, round(NAMES + 2 * unit, 1)]
    assert float(paths[1][1]) - float(paths[0][1]) == ROW
    dots = re.findall(r'class="ft-lone" cx="([\d.]+)"', chart.svg)
    assert float(dots[0]) == round(NAMES + unit, 1)


def test_the_table_says_what_the_drawing_shows() -> None:
    chart = draw(Interval("cheese", -3.0, -2.0, -1.0, 1, "chance")).draw()
    assert chart.headers == ("Group", "Elasticity", "Lower bound", "Upper bound", "Learned from")
    assert chart.rows == (("cheese", "-2.0", "-3.0", "-1.0", "chance"),)
    assert "cheese: -2.0 (-3.0 – -1.0)" in chart.svg


def test_long_and_hostile_names_stay_in_their_place() -> None:
    name = "<script>alert(1)</script>" + "x" * 40
    chart = draw(Interval(name, -1.0, -0.5, 0.0)).draw()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", chart.svg)
    assert [len(unescape(text)) for text in texts if "script" in text] == [30]
    assert "<script" not in chart.svg


def test_no_group_is_no_drawing() -> None:
    assert draw().draw().is_empty
