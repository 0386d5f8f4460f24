"""Estimates with their intervals, one row each: which groups really differ."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shop.doors.backoffice.charts.drawing import (
    HOVER_RADIUS,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Format,
    LegendEntry,
    frame,
)
from shop.doors.backoffice.charts.scales import Scale, choose_ticks, extent
from shop.ground.staff.phrases import name_value

NAMES, ROW, FOOT = 210, 24, 30
LONGEST = 30


@dataclass(frozen=True, slots=True)
class Interval:
    """A named estimate. `tone` picks its color (1 to 6), `note` goes into the table."""

    name: str
    low: float
    middle: float
    high: float
    tone: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Rows of estimates with intervals on one scale; `reference` is a marked number."""

    title: str
    name_title: str
    value_title: str
    show: Format
    rows: tuple[Interval, ...]
    tones: tuple[tuple[str, int], ...] = ()
    reference: float | None = None
    note_title: str = ""
    note: str = ""

    def draw(self) -> Chart:
        """Return the chart; as tall as it has rows."""
        places = [number for row in self.rows for number in (row.low, row.high)]
        if self.reference is not None:
            places.append(self.reference)
        ticks = choose_ticks(*extent([places]), wanted=6)
        x = Scale(ticks[0], ticks[-1], NAMES, WIDTH - RIGHT)
        height = TOP + ROW * len(self.rows) + FOOT
        parts = [
            self._draw_axis(ticks, x, height),
            *(self._draw_row(row, x, index) for index, row in enumerate(self.rows)),
        ]
        noted = (self.note_title,) if self.note_title else ()
        return Chart(
            title=self.title,
            svg=frame(self.title, parts, height),
            legend=tuple(LegendEntry(name, f"ft-line-{tone}") for name, tone in self.tones),
            headers=(self.name_title, self.value_title, _("Lower bound"), _("Upper bound"), *noted),
            rows=tuple(
                (
                    row.name,
                    *(self.show(one) for one in (row.middle, row.low, row.high)),
                    *((row.note,) if noted else ()),
                )
                for row in self.rows
            ),
            note=self.note,
            is_empty=not self.rows,
        )

    def _draw_axis(self, ticks: tuple[float, ...], x: Scale, height: int) -> SafeString:
        foot = height - FOOT
        lines = ((x.place(tick), x.place(tick), TOP, foot) for tick in ticks)
        names = ((x.place(tick), foot + 18, self.show(tick)) for tick in ticks)
        marked = SafeString("")
        if self.reference is not None:
            at = x.place(self.reference)
            marked = format_html(
                '<g class="ft-marker-2"><line x1="{}" x2="{}" y1="{}" y2="{}"/></g>',
                *(at, at, TOP, foot),
            )
        return format_html(
            '<g class="ft-axis">{}{}</g>{}',
            format_html_join("", '<line x1="{}" x2="{}" y1="{}" y2="{}"/>', lines),
            format_html_join(
                "", '<text class="ft-tick" x="{}" y="{}" text-anchor="middle">{}</text>', names
            ),
            marked,
        )

    def _draw_row(self, row: Interval, x: Scale, index: int) -> SafeString:
        y = TOP + ROW * index + ROW // 2
        tip = name_value(
            row.name, f"{self.show(row.middle)} ({self.show(row.low)} – {self.show(row.high)})"
        )
        return format_html(
            '<g class="ft-line-{}"><text class="ft-tick" x="{}" y="{}" text-anchor="end">{}</text>'
            '<path d="M{},{}H{}"/><circle class="ft-lone" cx="{}" cy="{}" r="4"/>'
            '<circle class="ft-hover" cx="{}" cy="{}" r="{}"><title>{}</title></circle></g>',
            *(row.tone, NAMES - 10, y + 4, _cut(row.name)),
            *(x.place(row.low), y, x.place(row.high)),
            *(x.place(row.middle), y, x.place(row.middle), y, HOVER_RADIUS, tip),
        )


def _cut(name: str) -> str:
    """Return a name short enough to stand beside the drawing.

    >>> _cut("cheese"), len(_cut("c" * 99))
    ('cheese', 30)
    """
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
