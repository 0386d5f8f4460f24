"""The evaluation as one SVG picture: a panel for each world, a line for each agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from pricing.base.core.values import FloatArray

WIDTH, HEIGHT, COLUMNS = 300, 210, 2
LEFT, TOP, RIGHT, BOTTOM = 40, 34, 18, 30
TICKS = 4
HEADER, LEGEND_COLUMNS, LEGEND_STEP = 62, 4, 20
# Told apart by dash as well as by color; the first is drawn last, thickest, with its band.
TONES = (
    ("#0b6e4f", ""),
    ("#7a8691", "2 3"),
    ("#c2571a", ""),
    ("#8e5bb5", "6 3"),
    ("#b8860b", "2 2"),
    ("#1f6fb2", ""),
    ("#c0392b", "7 3 2 3"),
    ("#4a4a4a", "10 3"),
)
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #2b3138 }
.name { font-weight: 600; font-size: 13px }
.title { font-weight: 600; font-size: 16px }
.grid { stroke: #d9dee3; stroke-width: 1 }
.zero { stroke: #8a949e; stroke-width: 1 }
.line { fill: none; stroke-linejoin: round }
"""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One agent's figure by day, and half the width of its interval."""

    agent: str
    value: FloatArray
    reach: FloatArray


@dataclass(frozen=True, slots=True)
class Panel:
    """One world."""

    name: str
    curves: Sequence[Curve]
    visits: int


def draw_panels(
    title: str, note: str, panels: Sequence[Panel], *, low: float, high: float = 1.0
) -> str:
    """Return an SVG of all panels on one scale from `low` to `high`; what lies below is cut off."""
    rows = -(-len(panels) // COLUMNS)
    agents = [curve.agent for curve in panels[0].curves]
    header = HEADER + -(-len(agents) // LEGEND_COLUMNS) * LEGEND_STEP
    width, height = COLUMNS * WIDTH, header + rows * HEIGHT
    parts = [
        f'<text class="title" x="12" y="24">{escape(title)}</text>',
        f'<text x="12" y="42">{escape(note)}</text>',
        *(_draw_legend(number, name) for number, name in enumerate(agents)),
    ]
    for number, panel in enumerate(panels):
        x, y = number % COLUMNS * WIDTH, header + number // COLUMNS * HEIGHT
        body = "".join(_draw_panel(panel, low, high))
        parts.append(f'<g transform="translate({x} {y})">{body}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _draw_legend(number: int, name: str) -> str:
    color, dash = TONES[number % len(TONES)]
    x = 12 + number % LEGEND_COLUMNS * (COLUMNS * WIDTH - 24) / LEGEND_COLUMNS
    y = HEADER + number // LEGEND_COLUMNS * LEGEND_STEP
    return (
        f'<line x1="{x:g}" x2="{x + 30:g}" y1="{y}" y2="{y}" stroke="{color}" '
        f'stroke-width="{3 if number == 0 else 1.8}" stroke-dasharray="{dash}"/>'
        f'<text x="{x + 36:g}" y="{y + 4}">{escape(name)}</text>'
    )


def _draw_panel(panel: Panel, low: float, high: float) -> list[str]:
    inner, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(value: FloatArray) -> FloatArray:
        inside = np.clip(value, low, high)
        return np.asarray(TOP + tall * (high - inside) / (high - low))

    parts = [f'<text class="name" x="{LEFT}" y="{TOP - 10}">{escape(panel.name)}</text>']
    for tick in np.linspace(low, high, TICKS):
        y = float(place(np.array(tick)))
        kind = "zero" if abs(tick) < 1e-9 else "grid"
        parts.append(
            f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{tick:.2g}</text>'
        )
    for part in (0.0, 0.5, 1.0):
        label = f"{part * panel.visits / 1000:g}k"
        parts.append(
            f'<text x="{LEFT + part * inner}" y="{HEIGHT - 12}" text-anchor="middle">{label}</text>'
        )
    for number, curve in reversed(list(enumerate(panel.curves))):
        x = LEFT + inner * (np.arange(len(curve.value)) + 1) / len(curve.value)
        known = np.isfinite(curve.value)
        x, value, reach = x[known], curve.value[known], curve.reach[known]
        color, dash = TONES[number % len(TONES)]
        if number == 0 and len(x) and np.isfinite(reach).all():
            upper = _join(x, place(value + reach))
            lower = _join(x[::-1], place(value - reach)[::-1])
            parts.append(f'<polygon points="{upper} {lower}" fill="{color}" opacity="0.15"/>')
        parts.append(
            f'<polyline class="line" points="{_join(x, place(value))}" stroke="{color}" '
            f'stroke-width="{2.6 if number == 0 else 1.4}" stroke-dasharray="{dash}"/>'
        )
    return parts


def _join(x: FloatArray, y: FloatArray) -> str:
    return " ".join(f"{left:.1f},{top:.1f}" for left, top in zip(x, y, strict=True))
