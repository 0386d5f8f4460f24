"""Pictures of categories: the glyphs that drawn packs carry, too. Pure."""

from __future__ import annotations

import re

GRID = 32


def compose_glyph(icon: str) -> str:
    """Return the SVG file of an icon, an SVG body on a grid of 32.

    >>> compose_glyph("<path d='M1.25 0'/>")
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d=\'M1.2 0\'/></svg>\\n'
    """
    body = shorten_numbers(icon)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID} {GRID}">{body}</svg>\n'


def shorten_numbers(icon: str) -> str:
    """Return the SVG body with coordinates of one decimal: on 98 pixels nobody sees the rest.

    >>> shorten_numbers('<path d="M1.2345 .5678c.699.001.4.999-1.1.04"/>')
    '<path d="M1.2 .6c.7 0 .4 1-1.1 0"/>'
    """
    return re.sub(r"(?:[1-9]\d*|0)?\.\d+", _shorten, icon)


def _shorten(found: re.Match[str]) -> str:
    text = f"{float(found.group()):.1f}".rstrip("0").rstrip(".")
    text = text.removeprefix("0") if text.startswith("0.") else text
    # "1.00.5" are two numbers: without a gap "1" and ".5" would become one.
    is_joined = found.string[found.end() : found.end() + 1] == "." and "." not in text
    # ".699.001" as well: ".7" and "0" would become ".70".
    is_stuck = found.group()[0] == "." != text[0] and found.string[found.start() - 1].isdigit()
    return f"{' ' if is_stuck else ''}{text}{' ' if is_joined else ''}"
