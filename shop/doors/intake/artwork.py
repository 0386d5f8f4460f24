"""Pictures of categories: an icon before a soft backdrop in its department's color. Pure."""

from __future__ import annotations

import re

from shop.ground.kernel.hashing import stable_draw

SIZE = 160
ICON_SIZE = 92
ICON_GRID = 32
NEUTRAL = "#7c8794"


def compose_picture(key: str, icon: str, color: str) -> str:
    """Return an SVG of 160 x 160: `icon` (SVG body on a grid of 32) on tints of `color`.

    Only attributes, no style element: the page's content security policy allows none. The two
    discs lie where a hash of `key` puts them, so that neighbors in a listing differ a little.

    >>> compose_picture("dairy-eggs-1f9c0", "<path d='M0 0'/>", "#e3b23c")[:44]
    '<svg xmlns="http://www.w3.org/2000/svg" view'
    """
    light, deep = _mix(color, 0.80), _mix(color, 0.55)
    left = round(20 + 40 * stable_draw("disc", key))
    right = round(90 + 50 * stable_draw("ring", key))
    offset = (SIZE - ICON_SIZE) / 2
    scale = ICON_SIZE / ICON_GRID
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<defs><linearGradient id="b" x1="0" y1="0" x2="1" y2="1">'
        f'<stop stop-color="{light}"/><stop offset="1" stop-color="{deep}"/>'
        "</linearGradient></defs>"
        f'<rect width="{SIZE}" height="{SIZE}" fill="url(#b)"/>'
        f'<circle cx="{left}" cy="128" r="52" fill="#fff" fill-opacity=".22"/>'
        f'<circle cx="{right}" cy="26" r="38" fill="#fff" fill-opacity=".28"/>'
        f'<ellipse cx="80" cy="133" rx="38" ry="6" fill="#000" fill-opacity=".12"/>'
        f'<g transform="translate({offset:g} {offset - 2:g}) scale({scale:g})">{icon}</g></svg>\n'
    )


def shorten_numbers(icon: str) -> str:
    """Return the SVG body with coordinates of two decimals: on 92 pixels nobody sees the rest.

    >>> shorten_numbers('<path d="M1.2345 .5678"/>')
    '<path d="M1.23 .57"/>'
    """
    return re.sub(r"\d*\.\d{3,}", _shorten, icon)


def _shorten(found: re.Match[str]) -> str:
    text = f"{float(found.group()):.2f}".rstrip("0").rstrip(".")
    text = text.removeprefix("0") if text.startswith("0.") else text
    # "1.000.5" are two numbers: without a gap "1" and ".5" would become one.
    is_joined = found.string[found.end() : found.end() + 1] == "." and "." not in text
    return f"{text} " if is_joined else text


def _mix(color: str, white: float) -> str:
    """Return `color` mixed with white; `white` from 0 to 1."""
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(c + (255 - c) * white):02x}" for c in channels)
