"""Numbers against numbers: a demand curve, a price against its expected margin."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shop.doors.backoffice.charts.drawing import (
    BOTTOM,
    DOT,
    HEIGHT,
    HOVER,
    HOVER_RADIUS,
    LEFT,
    LONE,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Format,
    LegendEntry,
    draw_x_axis,
    draw_y_axis,
    find_lone,
    frame,
    trace,
)
from shop.doors.backoffice.charts.scales import Scale, choose_ticks, extent
from shop.ground.staff.phrases import name_value


@dataclass(frozen=True, slots=True)
class Point:
    """An observation: place, and the words of its tooltip."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A named function as points in order of x."""

    name: str
    points: tuple[tuple[float, float], ...]
    tone: int = 1


@dataclass(frozen=True, slots=True)
class Band:
    """An interval around a curve: (x, low, high) in order of x."""

    name: str
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical line with a name, such as today's price or the floor."""

    name: str
    x: float
    tone: int = 3


@dataclass(frozen=True, slots=True)
class PlaneChart:
    """Numbers against numbers: observations, fitted curve, interval, marked places.

    `is_counted` says that x are whole numbers (days, weeks): no tick stands between two of them.
    """

    title: str
    x_title: str
    y_title: str
    show_x: Format
    show_y: Format
    points: tuple[Point, ...] = ()
    points_name: str = ""
    curves: tuple[Curve, ...] = ()
    band: Band | None = None
    markers: tuple[Marker, ...] = ()
    note: str = ""
    width: int = WIDTH
    is_counted: bool = False
    _band_points: tuple[tuple[float, float, float], ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_band_points", self.band.points if self.band else ())

    def draw(self) -> Chart:
        """Return the chart. Both axes fit what is drawn; the y axis starts at zero or below."""
        x, x_ticks = self._x_scale()
        low, high = extent([self._all_y(), (0.0,)])
        y_ticks = choose_ticks(low, high)
        y = Scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
        parts = [
            draw_y_axis(y_ticks, y, self.show_y, self.width),
            draw_x_axis(x_ticks, x, self.show_x),
            self._draw_band(x, y),
            *(self._draw_marker(marker, x) for marker in self.markers),
            *(self._draw_curve(curve, x, y) for curve in self.curves),
            self._draw_points(x, y),
        ]
        return Chart(
            title=self.title,
            svg=frame(self.title, parts, width=self.width),
            legend=self._legend(),
            headers=(self.x_title, self.y_title),
            rows=self._rows(),
            note=self.note,
            is_empty=not self.points and not self.curves,
        )

    def _x_scale(self) -> tuple[Scale, tuple[float, ...]]:
        places = [
            *(point.x for point in self.points),
            *(x for curve in self.curves for x, _ in curve.points),
            *(marker.x for marker in self.markers),
        ]
        ticks = choose_ticks(*extent([places]), wanted=7)
        if self.is_counted:
            ticks = tuple(sorted({float(round(tick)) for tick in ticks}))
            ticks = ticks if len(ticks) > 1 else (ticks[0], ticks[0] + 1.0)
        return Scale(ticks[0], ticks[-1], LEFT, self.width - RIGHT), ticks

    def _all_y(self) -> tuple[float, ...]:
        return (
            *(point.y for point in self.points),
            *(y for curve in self.curves for _, y in curve.points),
            *(edge for _, low, high in self._band_points for edge in (low, high)),
        )

    def _draw_band(self, x: Scale, y: Scale) -> SafeString:
        if not self._band_points:
            return SafeString("")
        upper = [(x.place(at), y.place(high)) for at, _, high in self._band_points]
        lower = [(x.place(at), y.place(low)) for at, low, _ in reversed(self._band_points)]
        outline = " ".join(f"{at},{edge}" for at, edge in (*upper, *lower))
        return format_html('<polygon class="ft-band" points="{}"/>', outline)

    def _draw_marker(self, marker: Marker, x: Scale) -> SafeString:
        at = x.place(marker.x)
        return format_html(
            '<g class="ft-marker-{}"><line x1="{}" x2="{}" y1="{}" y2="{}"/>'
            '<rect x="{}" y="{}" width="10" height="{}" class="ft-hover"><title>{}</title></rect>'
            "</g>",
            *(marker.tone, at, at, TOP, HEIGHT - BOTTOM),
            *(round(at - 5, 1), TOP, HEIGHT - BOTTOM - TOP),
            name_value(marker.name, self.show_x(marker.x)),
        )

    def _draw_curve(self, curve: Curve, x: Scale, y: Scale) -> SafeString:
        places = [(x.place(at), y.place(up), index) for index, (at, up) in enumerate(curve.points)]
        tips = (
            (
                *place[:2],
                HOVER_RADIUS,
                name_value(f"{curve.name} · {self.show_x(at)}", self.show_y(up)),
            )
            for place, (at, up) in zip(places, curve.points, strict=True)
        )
        return format_html(
            '<g class="ft-line-{}"><path d="{}"/>{}{}</g>',
            curve.tone,
            trace(places),
            format_html_join("", LONE, find_lone(places)),
            format_html_join("", HOVER, tips),
        )

    def _draw_points(self, x: Scale, y: Scale) -> SafeString:
        marks = ((x.place(point.x), y.place(point.y), 4, point.tip) for point in self.points)
        return format_html('<g class="ft-points">{}</g>', format_html_join("", DOT, marks))

    def _legend(self) -> tuple[LegendEntry, ...]:
        entries = [LegendEntry(curve.name, f"ft-line-{curve.tone}") for curve in self.curves]
        if self.points and self.points_name:
            entries.insert(0, LegendEntry(self.points_name, "ft-points"))
        if self.band is not None:
            entries.append(LegendEntry(self.band.name, "ft-band"))
        entries += [
            LegendEntry(name_value(marker.name, self.show_x(marker.x)), f"ft-marker-{marker.tone}")
            for marker in self.markers
        ]
        return tuple(entries)

    def _rows(self) -> tuple[tuple[str, ...], ...]:
        if self.points:
            return tuple((self.show_x(one.x), self.show_y(one.y)) for one in self.points)
        return tuple(
            (self.show_x(x), self.show_y(y)) for curve in self.curves for x, y in curve.points
        )
