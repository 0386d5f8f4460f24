"""Parts common to all charts: frame, axes, strokes, legend and input values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shop.doors.backoffice.charts.scales import Scale, extent

WIDTH, HEIGHT = 720, 260
# For a card that has the page's whole width: the same height and type, more room sideways.
WIDE = 1160
LEFT, RIGHT, TOP, BOTTOM = 64, 26, 12, 30
HOVER_RADIUS = 9

type Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of numbers; None leaves a gap. `tone` picks color and dash (1 to 6)."""

    name: str
    numbers: tuple[float | None, ...]
    tone: int = 1


@dataclass(frozen=True, slots=True)
class Spread:
    """What lies between two rows of numbers, such as the bounds of an interval."""

    name: str
    lows: tuple[float, ...]
    highs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A name with the class that draws its swatch."""

    name: str
    swatch: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template shows: the drawing, its legend and the same numbers as a table."""

    title: str
    svg: SafeString
    legend: tuple[LegendEntry, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    is_empty: bool = False


LONE = '<circle class="ft-lone" cx="{}" cy="{}" r="3"/>'
HOVER = '<circle class="ft-hover" cx="{}" cy="{}" r="{}"><title>{}</title></circle>'
DOT = '<circle cx="{}" cy="{}" r="{}"><title>{}</title></circle>'


def show_or_dash(number: float | None, show: Format) -> str:
    return "–" if number is None else show(number)


def trace(places: Sequence[tuple[float, float, int]]) -> str:
    """A path through places; a jump in their index starts a new stroke, so gaps stay gaps."""
    indexes = {index for _, _, index in places}
    return "".join(f"{'L' if index - 1 in indexes else 'M'}{x},{y}" for x, y, index in places)


def trace_steps(places: Sequence[tuple[float, float, int]], slot: float) -> str:
    """A path through places that each hold for a `slot` around them: prices jump, never slope."""
    indexes = {index for _, _, index in places}
    half = slot / 2.0
    return "".join(
        (f"V{y}" if index - 1 in indexes else f"M{round(x - half, 1)},{y}")
        + f"H{round(x + half, 1)}"
        for x, y, index in places
    )


def find_lone(places: Sequence[tuple[float, float, int]]) -> list[tuple[float, float]]:
    """Return places without a neighbor: a stroke cannot show them, a dot can."""
    indexes = {index for _, _, index in places}
    return [(x, y) for x, y, index in places if not {index - 1, index + 1} & indexes]


def frame(
    title: str, parts: Sequence[SafeString], height: int = HEIGHT, width: int = WIDTH
) -> SafeString:
    return format_html(
        '<svg class="ft-chart{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        *(" ft-chart-wide" if width > WIDTH else "", width, height, title),
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def name_ticks(ticks: Sequence[float], show: Format) -> dict[str, float]:
    """Return the ticks by name. Of those that would read alike, the roundest: one order is one."""
    named: dict[str, float] = {}
    for tick in ticks:
        name = show(tick)
        kept = named.get(name)
        if kept is None or abs(tick - round(tick)) < abs(kept - round(kept)):
            named[name] = tick
    return named


def draw_y_axis(ticks: Sequence[float], y: Scale, show: Format, width: int = WIDTH) -> SafeString:
    named = name_ticks(ticks, show)
    ticks = list(named.values())
    marks = ((LEFT, width - RIGHT, y.place(tick), y.place(tick)) for tick in ticks)
    names = ((LEFT - 8, round(y.place(tick) + 4, 1), name) for name, tick in named.items())
    return format_html(
        '<g class="ft-axis">{}{}</g>',
        format_html_join("", '<line x1="{}" x2="{}" y1="{}" y2="{}"/>', marks),
        format_html_join(
            "", '<text class="ft-tick" x="{}" y="{}" text-anchor="end">{}</text>', names
        ),
    )


def draw_x_axis(ticks: Sequence[float], x: Scale, show: Format) -> SafeString:
    names = ((x.place(tick), HEIGHT - BOTTOM + 18, show(tick)) for tick in ticks)
    return format_html_join(
        "", '<text class="ft-tick" x="{}" y="{}" text-anchor="middle">{}</text>', names
    )


def draw_spark(numbers: Sequence[float], title: str) -> SafeString:
    """Return a small line without axes for a card; empty for fewer than two numbers."""
    if len(numbers) < 2:
        return SafeString("")
    low, high = extent([numbers])
    y = Scale(low, high if high > low else low + 1, 26, 2)
    x = Scale(0, len(numbers) - 1, 2, 118)
    places = [(x.place(index), y.place(number), index) for index, number in enumerate(numbers)]
    return format_html(
        '<svg class="ft-spark" viewBox="0 0 120 28" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">'
        '<title>{}</title><path d="{}"/></svg>',
        *(title, title, trace(places)),
    )
