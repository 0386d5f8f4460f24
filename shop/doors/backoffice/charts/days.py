"""Bars and lines by day (or by any label)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shop.doors.backoffice.charts.drawing import (
    BOTTOM,
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
    Series,
    Spread,
    draw_y_axis,
    find_lone,
    frame,
    show_or_dash,
    trace,
    trace_steps,
)
from shop.doors.backoffice.charts.scales import Scale, choose_labels, choose_ticks, extent
from shop.ground.staff.phrases import name_value

WHOLE, SO_FAR = SafeString(""), SafeString(' class="ft-so-far"')
# A lone day is a bar, not a wall.
WIDEST_BAR = 240.0


@dataclass(frozen=True, slots=True)
class DayChart:
    """Numbers by label (days, price points): bars stacked on each other, lines drawn over them; a
    band lies behind both.

    With `has_steps` a line holds its number for the whole label and jumps to the next one. The
    label at `so_far` is not over: its marks are dotted, and named so.
    """

    title: str
    labels: tuple[str, ...]
    show: Format
    bars: tuple[Series, ...] = ()
    lines: tuple[Series, ...] = ()
    note: str = ""
    label_title: str = "Day"
    ceiling: float | None = None
    width: int = WIDTH
    has_steps: bool = False
    so_far: int | None = None
    band: Spread | None = None

    def draw(self) -> Chart:
        """Return the chart."""
        edges = () if self.band is None else (self.band.lows, self.band.highs)
        low, high = extent([*(line.numbers for line in self.lines), self._tops(), (0.0,), *edges])
        ticks = choose_ticks(low, max(high, self.ceiling or high))
        y = Scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)
        slot = (self.width - LEFT - RIGHT) / max(1, len(self.labels))
        parts = [
            draw_y_axis(ticks, y, self.show, self.width),
            self._draw_labels(slot),
            self._draw_band(y, slot),
            *self._draw_bars(y, slot),
            *(self._draw_line(line, y, slot) for line in self.lines),
        ]
        series = (*self.bars, *self.lines)
        columns = (*(one.numbers for one in series), *edges)
        return Chart(
            title=self.title,
            svg=frame(self.title, parts, width=self.width),
            legend=self._list_legend(),
            headers=(
                self.label_title,
                *(one.name for one in series),
                *((_("Lower bound"), _("Upper bound")) if self.band else ()),
            ),
            rows=tuple(
                (label, *(show_or_dash(one[index], self.show) for one in columns))
                for index, label in enumerate(self._name_labels())
            ),
            note=self.note,
            is_empty=not any(number for one in series for number in one.numbers),
        )

    def _list_legend(self) -> tuple[LegendEntry, ...]:
        named = tuple(
            LegendEntry(one.name, f"ft-{kind}-{one.tone}")
            for kind, group in (("fill", self.bars), ("line", self.lines))
            for one in group
        )
        return (*named, LegendEntry(self.band.name, "ft-band")) if self.band else named

    def _draw_band(self, y: Scale, slot: float) -> SafeString:
        if self.band is None or not self.labels:
            return SafeString("")
        sides = [
            [(round(LEFT + slot * (at + 0.5), 1), y.place(one)) for at, one in enumerate(numbers)]
            for numbers in (self.band.highs, self.band.lows)
        ]
        points = " ".join(f"{x},{top}" for x, top in (*sides[0], *reversed(sides[1])))
        return format_html('<polygon class="ft-band" points="{}"/>', points)

    def _name_labels(self) -> tuple[str, ...]:
        """Return the labels as the table and the tips name them."""
        return tuple(
            _("%(day)s so far") % {"day": label} if index == self.so_far else label
            for index, label in enumerate(self.labels)
        )

    def _tops(self) -> tuple[float, ...]:
        stacks = zip(*(bar.numbers for bar in self.bars), strict=True)
        return tuple(sum(number or 0.0 for number in stack) for stack in stacks)

    def _draw_bars(self, y: Scale, slot: float) -> list[SafeString]:
        below = [0.0] * len(self.labels)
        width = round(min(slot * 0.72, WIDEST_BAR), 1)
        labels = self._name_labels()
        drawn = []
        for bar in self.bars:
            marks = []
            for index, number in enumerate(bar.numbers):
                if not number:
                    continue
                top, base = y.place(below[index] + number), y.place(below[index])
                below[index] += number
                tip = name_value(f"{labels[index]} · {bar.name}", self.show(number))
                x = round(LEFT + slot * (index + 0.5) - width / 2.0, 1)
                kind = SO_FAR if index == self.so_far else WHOLE
                marks.append((kind, x, min(top, base), width, round(abs(base - top), 1), tip))
            drawn.append(
                format_html(
                    '<g class="ft-fill-{}">{}</g>',
                    bar.tone,
                    format_html_join(
                        "",
                        '<rect{} x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
                        marks,
                    ),
                )
            )
        return drawn

    def _draw_line(self, line: Series, y: Scale, slot: float) -> SafeString:
        points = [
            (round(LEFT + slot * (index + 0.5), 1), y.place(number), index, number)
            for index, number in enumerate(line.numbers)
            if number is not None
        ]
        labels = self._name_labels()
        tips = (
            (x, top, HOVER_RADIUS, name_value(f"{labels[index]} · {line.name}", self.show(number)))
            for x, top, index, number in points
        )
        places = [(x, top, index) for x, top, index, _number in points]
        whole = [place for place in places if place[2] != self.so_far]
        # From the last whole day to the one that is not over.
        open_end = places[-2:] if 1 < len(places) != len(whole) else []
        return format_html(
            '<g class="ft-line-{}"><path d="{}"/>{}{}{}</g>',
            line.tone,
            trace_steps(whole, slot) if self.has_steps else trace(whole),
            format_html('<path{} d="{}"/>', SO_FAR, trace(open_end)) if open_end else "",
            format_html_join("", LONE, find_lone(places)),
            format_html_join("", HOVER, tips),
        )

    def _draw_labels(self, slot: float) -> SafeString:
        marks = (
            (round(LEFT + slot * (index + 0.5), 1), HEIGHT - BOTTOM + 18, self.labels[index])
            for index in choose_labels(len(self.labels))
        )
        return format_html_join(
            "", '<text class="ft-tick" x="{}" y="{}" text-anchor="middle">{}</text>', marks
        )
