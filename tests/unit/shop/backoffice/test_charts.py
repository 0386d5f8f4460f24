"""Charts put every number where it belongs, and say it in words too."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Series, Spread, draw_spark
from shop.doors.backoffice.charts.planes import Band, Curve, Marker, PlaneChart, Point
from shop.doors.backoffice.charts.scales import Scale, choose_labels, choose_ticks

numbers = st.floats(-1e9, 1e9, allow_nan=False)


def show(number: float) -> str:
    return f"{number:g}"


def test_bars_of_one_day_are_stacked_on_each_other() -> None:
    chart = DayChart(
        title="Sales",
        labels=("1 Nov", "2 Nov"),
        show=show,
        bars=(Series("online", (30.0, 10.0), 1), Series("store", (20.0, 90.0), 2)),
    ).draw()

    # The axis runs from 0 to 100 over 218 units, upward from 230: one unit of money is 2.18 high.
    assert _rectangles(chart.svg) == [
        ("108.1", "164.6", "226.8", "65.4", "1 Nov · online: 30"),
        ("423.1", "208.2", "226.8", "21.8", "2 Nov · online: 10"),
        ("108.1", "121.0", "226.8", "43.6", "1 Nov · store: 20"),
        ("423.1", "12.0", "226.8", "196.2", "2 Nov · store: 90"),
    ]


def test_a_chart_carries_the_same_numbers_as_a_table() -> None:
    chart = DayChart(
        title="Sales",
        labels=("1 Nov", "2 Nov"),
        show=show,
        bars=(Series("online", (30.0, 10.0)),),
        lines=(Series("margin", (3.0, None), 2),),
    ).draw()

    assert chart.headers == ("Day", "online", "margin")
    assert chart.rows == (("1 Nov", "30", "3"), ("2 Nov", "10", "–"))
    assert [(entry.name, entry.swatch) for entry in chart.legend] == [
        ("online", "ft-fill-1"),
        ("margin", "ft-line-2"),
    ]


def test_counts_have_no_two_ticks_of_one_name() -> None:
    orders = Series("orders", (0.0, 1.0))
    chart = DayChart(
        title="Orders", labels=("a", "b"), show=lambda number: f"{number:.0f}", bars=(orders,)
    ).draw()

    # One order reaches from 0 to 1: the quarters in between would read 0, 0 and 1.
    ticks = re.findall(r'y="([\d.]+)" text-anchor="end">(\d+)<', chart.svg)
    assert ticks == [("234.0", "0"), ("16.0", "1")]


def test_a_missing_day_breaks_the_line_instead_of_reaching_zero() -> None:
    line = Series("share", (1.0, None, 1.0, 1.0))
    chart = DayChart(title="Share", labels=("a", "b", "c", "d"), show=show, lines=(line,)).draw()

    assert re.findall(r'<path d="([^"]*)"', chart.svg) == ["M142.8,12.0M457.8,12.0L615.2,12.0"]


def test_text_from_outside_cannot_leave_its_place() -> None:
    chart = DayChart(
        title="<script>alert(1)</script>",
        labels=('"><b>',),
        show=show,
        bars=(Series("<i>", (1.0,)),),
    ).draw()

    assert "<script>" not in chart.svg
    assert "<b>" not in chart.svg
    ET.fromstring(chart.svg)  # noqa: S314  # our own drawing, not a stranger's file


def test_a_chart_without_numbers_says_so() -> None:
    assert DayChart(title="Sales", labels=(), show=show).draw().is_empty
    assert PlaneChart("Demand", "price", "units", show, show).draw().is_empty


def test_a_demand_curve_shows_points_fit_band_and_markers() -> None:
    chart = PlaneChart(
        title="Demand",
        x_title="price",
        y_title="units",
        show_x=show,
        show_y=show,
        points=(Point(1.0, 10.0, "week 1"), Point(8.0, 0.0, "week 2")),
        points_name="weeks",
        curves=(Curve("fitted", ((1.0, 8.0), (8.0, 1.0))),),
        band=Band("90 %", ((1.0, 6.0, 10.0), (8.0, 0.0, 2.0))),
        markers=(Marker("floor", 4.5),),
    ).draw()

    # x from 1 to 8 over 64..694: 90 each; y from 0 to 10 over 230..12: 21.8 each.
    assert _attributes(chart.svg, "circle", "cx", "cy")[-2:] == [
        ("64.0", "12.0"),
        ("694.0", "230.0"),
    ]
    assert 'points="64.0,12.0 694.0,186.4 694.0,230.0 64.0,99.2"' in chart.svg
    assert '<line x1="379.0" x2="379.0" y1="12" y2="230"/>' in chart.svg
    assert "<title>floor: 4.5</title>" in chart.svg
    assert chart.rows == (("1", "10"), ("8", "0"))
    assert [entry.name for entry in chart.legend] == ["weeks", "fitted", "90 %", "floor: 4.5"]


def test_a_spark_needs_two_numbers() -> None:
    assert draw_spark([5.0], "orders") == ""
    assert '<path d="M2.0,26.0L118.0,2.0"/>' in draw_spark([1.0, 2.0], "orders")


def test_a_day_without_neighbors_is_a_dot() -> None:
    line = Series("share", (None, 1.0, None))
    chart = DayChart(title="Share", labels=("a", "b", "c"), show=show, lines=(line,)).draw()

    assert '<circle class="ft-lone" cx="379.0" cy="12.0" r="3"/>' in chart.svg


def test_a_price_holds_and_jumps_and_never_slopes() -> None:
    line = Series("price", (1.0, 1.0, 2.0, None, 2.0))
    labels = ("a", "b", "c", "d", "e")
    chart = DayChart(title="P", labels=labels, show=show, lines=(line,), has_steps=True).draw()
    path = re.findall(r'<path d="([^"]+)"', chart.svg)
    assert path == ["M64.0,121.0H190.0V121.0H316.0V12.0H442.0M568.0,12.0H694.0"]


def test_a_wide_chart_has_more_room_and_the_same_type() -> None:
    line = Series("price", (1.0, 2.0))
    chart = DayChart(title="P", labels=("a", "b"), show=show, lines=(line,), width=WIDE).draw()
    assert f'class="ft-chart ft-chart-wide" viewBox="0 0 {WIDE} 260"' in chart.svg
    assert f'x2="{WIDE - 26}"' in chart.svg


def test_one_day_is_a_dot_between_whole_days() -> None:
    curve = Curve("lift", ((0.0, -0.1),))
    chart = PlaneChart("L", "Day", "Money", show, show, curves=(curve,), is_counted=True).draw()
    assert "ft-lone" in chart.svg
    ticks = re.findall(r'text-anchor="middle">([^<]+)<', chart.svg)
    assert ticks == sorted(set(ticks), key=float)
    assert all(float(tick) == round(float(tick)) for tick in ticks)


@given(low=numbers, high=numbers)
def test_ticks_cover_the_range_with_equal_steps(low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    ticks = choose_ticks(low, high)

    tolerance = max(1e-9, (high - low) * 1e-6)
    assert ticks[0] <= low + tolerance
    assert ticks[-1] >= high - tolerance
    assert 2 <= len(ticks) <= 8


@given(count=st.integers(0, 400), most=st.integers(1, 12))
def test_labels_never_crowd_and_the_last_is_named(count: int, most: int) -> None:
    chosen = choose_labels(count, most)

    assert len(chosen) <= most
    assert count == 0 or chosen[-1] == count - 1


@given(first=st.floats(0, 1), second=st.floats(0, 1))
def test_a_scale_keeps_order(first: float, second: float) -> None:
    scale = Scale(0.0, 1.0, 0.0, 100.0)

    assert (first <= second) <= (scale.place(first) <= scale.place(second))


def _attributes(svg: str, tag: str, *names: str) -> list[tuple[str, ...]]:
    root = ET.fromstring(svg)  # noqa: S314  # our own drawing, not a stranger's file
    return [tuple(node.attrib[name] for name in names) for node in root.iter(tag)]


def _rectangles(svg: str) -> list[tuple[str, ...]]:
    root = ET.fromstring(svg)  # noqa: S314  # our own drawing, not a stranger's file
    return [
        (*(node.attrib[name] for name in ("x", "y", "width", "height")), node[0].text or "")
        for node in root.iter("rect")
    ]


def test_a_lone_bar_is_narrow_and_centred_over_its_label() -> None:
    bar = Series("sold", (3.0,), 1)
    lone = DayChart(title="Sales", labels=("a",), show=show, bars=(bar,)).draw().svg
    left, width = re.search(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', lone).groups()
    middle = re.search(r'<text class="ft-tick" x="([\d.]+)" y="\d+" text-anchor="middle">a<', lone)
    assert float(width) == 240.0
    assert float(left) + 120.0 == float(middle[1])


def test_a_band_lies_behind_its_line_and_in_the_table() -> None:
    chart = DayChart(
        title="Forecast",
        labels=("Mon", "Tue"),
        show=show,
        lines=(Series("Forecast", (2.0, 3.0), 6),),
        band=Spread("80 %", (1.0, 2.0), (4.0, 5.0)),
    ).draw()
    assert chart.svg.count('<polygon class="ft-band"') == 1
    assert chart.svg.index("ft-band") < chart.svg.index("ft-line-6")
    assert chart.headers == ("Day", "Forecast", "Lower bound", "Upper bound")
    assert chart.rows == (("Mon", "2", "1", "4"), ("Tue", "3", "2", "5"))
    assert [one.swatch for one in chart.legend] == ["ft-line-6", "ft-band"]
