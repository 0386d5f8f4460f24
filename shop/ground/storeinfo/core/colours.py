"""A palette for both themes from one accent colour, readable by WCAG AA (4.5 to 1)."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping

type Rgb = tuple[int, int, int]

LEAST = 4.5
WHITE: Rgb = (255, 255, 255)
# The pages' own surfaces and quiet text, as in static/css/shop.css: paper, surface, sunken, and the
# soft grounds of notices and faults. The least contrast counts.
LIGHT: tuple[Rgb, ...] = (
    *((0xFB, 0xF7, 0xEE), (0xFF, 0xFE, 0xFB), (0xF3, 0xEC, 0xDE)),
    *((0xFD, 0xF3, 0xD6), (0xFC, 0xE8, 0xDF)),
)
DARK: tuple[Rgb, ...] = (
    *((0x17, 0x15, 0x12), (0x21, 0x1E, 0x1A), (0x2A, 0x26, 0x21)),
    *((0x36, 0x2D, 0x16), (0x40, 0x24, 0x1B)),
)
LIGHT_TEXT: tuple[Rgb, ...] = ((0x26, 0x22, 0x1B), (0x5F, 0x58, 0x4A))
DARK_TEXT: tuple[Rgb, ...] = ((0xF4, 0xEE, 0xE3), (0xBD, 0xB3, 0xA1))
ON_BAND: Rgb = (0xF6, 0xF3, 0xE4)
STEPS = 200


def read_colour(text: str) -> Rgb | None:
    """Return a colour written as #rrggbb, None if it is none.

    >>> read_colour("#1d6340"), read_colour("green")
    ((29, 99, 64), None)
    """
    found = re.fullmatch(r"#([0-9a-fA-F]{6})", text.strip())
    if found is None:
        return None
    red, green, blue = bytes.fromhex(found[1])
    return red, green, blue


def write_colour(colour: Rgb) -> str:
    """Return a colour as #rrggbb."""
    return "#" + bytes(colour).hex()


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours by WCAG 2.2, from 1 to 21.

    >>> round(contrast((0, 0, 0), WHITE), 1)
    21.0
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def is_readable(accent: Rgb) -> bool:
    """Return whether the accent can be read on every light surface, and white on it."""
    return _least(accent, LIGHT) >= LEAST and contrast(accent, WHITE) >= LEAST


def find_nearest(accent: Rgb) -> Rgb:
    """Return the accent, made darker only as far as it must be to be readable.

    >>> write_colour(find_nearest((29, 99, 64)))
    '#1d6340'
    >>> is_readable(find_nearest((255, 220, 0)))
    True
    """
    return next(one for one in _darker(accent) if is_readable(one))


def build_palette(accent: Rgb) -> Mapping[str, tuple[Rgb, Rgb]]:
    """Return (light, dark) colours by the name of their token; `accent` must be readable.

    The dark theme's accent is the same hue, made lighter as far as it must be.
    """
    soft = _soften(accent, LIGHT[1], LIGHT_TEXT)
    dark, dark_soft = _find_dark(accent)
    return {
        "leaf": (accent, dark),
        "leaf-deep": (_mix(accent, (0, 0, 0), 0.25), _mix(dark, WHITE, 0.3)),
        "leaf-soft": (soft, dark_soft),
        "on-leaf": (WHITE, _mix(dark, (0, 0, 0), 0.88)),
        "band": (_find_band(accent), _mix(accent, (0, 0, 0), 0.55)),
        "on-band": (ON_BAND, ON_BAND),
    }


def _find_dark(accent: Rgb) -> tuple[Rgb, Rgb]:
    for one in _lighter(accent):
        soft = _soften(one, DARK[1], DARK_TEXT)
        on_it = _mix(one, (0, 0, 0), 0.88)
        if _least(one, (*DARK, soft)) >= LEAST and contrast(one, on_it) >= LEAST:
            return one, soft
    return WHITE, DARK[1]


def _soften(accent: Rgb, surface: Rgb, texts: tuple[Rgb, ...]) -> Rgb:
    """Return the surface with as much of the accent as leaves everything on it readable."""
    for share in range(12, 0, -1):
        soft = _mix(surface, accent, share / 100)
        if _least(soft, (accent, *texts)) >= LEAST:
            return soft
    return surface


def _find_band(accent: Rgb) -> Rgb:
    deep = _mix(accent, (0, 0, 0), 0.2)
    return next(one for one in _darker(deep) if contrast(one, ON_BAND) >= LEAST)


def _darker(colour: Rgb) -> list[Rgb]:
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    scale = [_from_hls(hue, light * (1 - step / STEPS), saturation) for step in range(1, STEPS)]
    return [colour, *scale, (0, 0, 0)]


def _lighter(colour: Rgb) -> list[Rgb]:
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    return [
        _from_hls(hue, light + (1 - light) * step / STEPS, saturation) for step in range(STEPS + 1)
    ]


def _from_hls(hue: float, light: float, saturation: float) -> Rgb:
    red, green, blue = colorsys.hls_to_rgb(hue, light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _least(colour: Rgb, others: tuple[Rgb, ...]) -> float:
    return min(contrast(colour, other) for other in others)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
