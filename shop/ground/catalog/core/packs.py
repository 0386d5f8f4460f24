"""Drawn packs: the picture of a product that has no photograph. Pure, and equal for equal facts.

A pack is an SVG of 320 x 240: a silhouette that fits the product in its brand's colour, the brand's
mark, the name, the size, a stripe in the colour of the flavour, and the picture of its category.
What is sold loose is that picture alone. Fruit and vegetables have the colour they are named by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from shop.ground.catalog.core.pack_shapes import FLOOR, SHAPES, Shape, choose_shape, is_fresh
from shop.ground.catalog.core.pack_text import LINE, Fitted, fit_line, fit_lines
from shop.ground.kernel.hashing import fingerprint, stable_draw

WIDTH, HEIGHT = 320, 240
# Widths of a drawing as PNG, in pixels: no others are made, as a wide one takes 40 ms.
RASTERS = (160, 320, 800)
# Raise it when packs are drawn in another way: addresses of drawings then change.
DRAWING = 3
OWN_COLOR = "#1d6140"
INK, CREAM, WHITE = "#23302a", "#fffaf0", "#ffffff"
GLYPH, BAND, STRIPE = 46, 22, 8
NAME_SIZES = (24.0, 21.0, 19.0, 17.0)
FONT = 'font-family="Arial,Helvetica,sans-serif"'
# Deep enough for white letters (4.5:1) and calm beside each other.
BRAND_COLORS = (
    *("#2f7050", "#1f6b73", "#255a7c", "#2b4a7d", "#4a4a8c", "#6d3f73", "#93355a", "#a33f2e"),
    *("#9a5220", "#86651a", "#5f6b26", "#4a6b3a", "#6b4a37", "#465362", "#a14766", "#2d6a8e"),
)
BACKDROPS = ("#f4efe1", "#e9f1e3", "#f5e9e0", "#e6eff0", "#f1eaf0", "#f5f0d7", "#e8ecf4", "#efeadf")
FLAVOURS = {
    "strawberry|cherry|raspberry|tomato|apple cinnamon|hot|spicy|salsa": "#d9483b",
    "orange|peach|mango|apricot|carrot|cheddar|pumpkin": "#ef8f2f",
    "lemon|banana|vanilla|honey|butter|corn|pineapple": "#f2c237",
    "lime|apple|mint|herb|pickle|green": "#8bbf3f",
    "blueberry|grape|berry|plum|lavender": "#7a5bb5",
    "chocolate|cocoa|coffee|mocha|caramel|maple": "#8a5a3a",
    "coconut|plain|white|cream": "#e5dcc4",
    "water|sea|fish|tuna": "#4aa3d0",
}
STRIPES = (
    *("#e4572e", "#f2a541", "#f4d35e", "#9bc53d", "#5fad56", "#3fa7a0", "#4d9de0", "#6c7fd8"),
    *("#9d6bce", "#d46a9f", "#c98b5e", "#e98a7b", "#b8c24a", "#7fb7be", "#e0b1cb", "#a6a29a"),
)
# Colours of fruit and vegetables whose picture has another one, by the words that say so.
SKINS = {
    "peppers": {"red": "#d8352b", "yellow": "#f4c01e", "orange": "#ee8222"},
    "apples": {"red": "#c62f2d", "green": "#86d72f", "golden|yellow": "#e3cf4c"},
    "onions": {"red": "#97406b", "white": "#f1ead9"},
    "grapes": {"red": "#a5384f", "green|white": "#a9c653", "black|blue": "#352a52"},
    "potatoes": {"red": "#ab5440", "gold": "#e3bd63"},
}
# What the pictures of these fill their skins with: in the colour, or in a second or darker one.
SKIN_FILLS = {
    **dict.fromkeys(("#44911b", "#f8312f", "#86d72f", "#f3ad61", "#6b438b", "#533566"), 0),
    **dict.fromkeys(("#008463", "#e19747", "#d3883e", "#433b6b", "#321b41"), 1),
}


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack is drawn from. `glyph` is the picture of its category, SVG on a grid of 32."""

    key: str
    brand: str
    name: str
    size: str
    path: str
    is_own_brand: bool = False


def pack_digest(pack: Pack) -> str:
    """Return what tells this drawing from every other, for its address."""
    facts = [DRAWING, pack.key, pack.brand, pack.name, pack.size, pack.path]
    return fingerprint(facts)[:12]


def draw_pack(pack: Pack, glyph: str) -> str:
    """Return the SVG of a pack. Text is fitted: long names are cut between words."""
    shape = SHAPES[choose_shape(split_name(pack.name)[0], pack.path, pack.size)]
    color = brand_color(pack.brand, is_own=pack.is_own_brand)
    body = shape.drawing.format(c=color, d=_mix(color, "#000000", 0.25), l=_mix(color, WHITE, 0.35))
    pile = "".join(_place(*place) for place in shape.pile)
    glyph = _tint(glyph, _find_skins(pack))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"\
 width="{2 * WIDTH}" height="{2 * HEIGHT}"><defs><g id="g">{glyph}</g></defs>\
<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="{_backdrop(pack, shape)}"/>\
<ellipse cx="160" cy="{FLOOR}" rx="{shape.shadow}" ry="8" opacity=".14"/>\
{pile}{body}{_label(shape, pack, color)}{DRAWN}</svg>
"""


def _find_skins(pack: Pack) -> list[str]:
    """Return the colours that the name or the category of fresh fruit and vegetables tells."""
    told = f"{pack.name} {pack.path.rpartition('/')[2].replace('-', ' ')}".lower()
    if not is_fresh(pack.name, pack.path):
        return []
    return [
        color
        for kind, colors in SKINS.items()
        if re.search(rf"\b{kind}\b", told)
        for words, color in colors.items()
        if re.search(rf"\b(?:{words})\b", told)
    ]


def _tint(glyph: str, skins: Sequence[str]) -> str:
    """Return the picture with its skin in other colours; as it is where there are none."""
    if not skins:
        return glyph
    shades = (skins[0], skins[1] if len(skins) > 1 else _mix(skins[0], "#000000", 0.18))
    return re.sub(
        r'(?<=fill=")#\w{6}(?=")',
        lambda found: shades[SKIN_FILLS[found[0]]] if found[0] in SKIN_FILLS else found[0],
        glyph,
    )


def _place(x: float, y: float, side: float) -> str:
    return f'<use href="#g" transform="translate({x:g} {y:g}) scale({side / 32:.4g})"/>'


def brand_color(brand: str, *, is_own: bool) -> str:
    """Return the colour of a brand; the shop's own labels have the shop's green."""
    if is_own:
        return OWN_COLOR
    return BRAND_COLORS[int(stable_draw("brand color", brand) * len(BRAND_COLORS))]


def split_name(name: str) -> tuple[str, str]:
    """Return a product's name and what stands behind its last comma, "" without one.

    >>> split_name("Yogurt Cups, No. 2"), split_name("Bananas")
    (('Yogurt Cups', 'No. 2'), ('Bananas', ''))
    """
    product, _comma, rest = name.rpartition(", ")
    return (product, rest) if product else (name, "")


def stripe_colors(pack: Pack) -> tuple[str, str]:
    """Return the colour of the flavour that the name tells, else one of the pack's own; and a
    second one of its own, which tells apart packs that share the first."""
    named = f"{pack.name} {pack.path}".lower()
    own = STRIPES[int(stable_draw("stripe", pack.key) * len(STRIPES))]
    second = STRIPES[int(stable_draw("second stripe", pack.key) * len(STRIPES))]
    for words, color in FLAVOURS.items():
        if re.search(rf"\b(?:{words})\b", named):
            return color, second
    return own, second


def _backdrop(pack: Pack, shape: Shape) -> str:
    """Return the colour behind it: the department's; its own where nothing else tells it apart."""
    told = pack.path.partition("/")[0] if shape.label else pack.key
    return BACKDROPS[int(stable_draw("backdrop", told) * len(BACKDROPS))]


def _label(shape: Shape, pack: Pack, color: str) -> str:
    """Return the label: brand and name, then glyph and size, then the band of the name's end. On a
    low label the glyph stands left of the words, on one below a pile none does."""
    if shape.label is None:
        return ""
    x, y, width, height = shape.label
    name, rest = split_name(pack.name)
    band = BAND if rest else STRIPE
    foot = y + height - band
    left, high = x, GLYPH
    glyph: tuple[float, float] = (x + 6, foot - GLYPH - 1)
    middle, size_at, size_width = x + GLYPH + 2 + (width - GLYPH - 8) / 2, foot - 17.0, width - 62
    if height < 120:
        left, high = (x if shape.pile else x + GLYPH + 4), 20 if pack.size else 0
        middle, size_at, size_width = (left + x + width) / 2, foot - 5, x + width - left - 10
        glyph = (x + 5, y + (height - band - GLYPH) / 2)
    size = fit_line(pack.size, size_width, size=18)
    return "".join(
        (
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="{CREAM}"/>',
            "" if shape.pile else _place(*glyph, GLYPH),
            f'<g {FONT} font-weight="700" text-anchor="middle" fill="{INK}">',
            _band(pack, (x, foot, width, band), rest),
            *_words(pack.brand, name, color, (left, y, x + width - left, foot - high)),
            _text(size, middle, size_at, INK) if size.text else "",
            "</g>",
        )
    )


def _words(
    brand: str, name: str, color: str, at: tuple[float, float, float, float]
) -> Iterator[str]:
    """Yield brand and name, centred between `at`: left, top, width, bottom."""
    left, top, width, bottom = at
    middle = left + width / 2
    maker = fit_line(brand, width - 36, size=15)
    room = bottom - top - (19 if brand else 0)
    lines = fit_lines(name, width - 10, sizes=NAME_SIZES, height=room)
    high = sum(line.size * LINE for line in lines) + (19 if brand else 0)
    baseline = top + max(2, (bottom - top - high) / 2)
    if brand:
        start = middle - (maker.width + 20) / 2
        yield _mark(brand, start, baseline + 1, color)
        yield _text(maker, start + 20 + maker.width / 2, baseline + 14, color)
        baseline += 19
    for line in lines:
        baseline += line.size * LINE
        yield _text(line, middle, baseline - 2, INK)


def _band(pack: Pack, at: tuple[float, float, float, float], rest: str) -> str:
    x, y, width, height = at
    first, second = stripe_colors(pack)
    part = width - 18
    drawn = (
        f'<path d="M{x} {y}h{part}v{height}H{x}z" fill="{first}"/>'
        f'<path d="M{x + part} {y}h18v{height}h-18z" fill="{second}"/>'
    )
    if not rest:
        return drawn
    line = fit_line(rest, part - 8, size=16, least=0.6)
    return drawn + _text(line, x + part / 2, y + 16.5, WHITE if _is_dark(first) else INK)


def _is_dark(color: str) -> bool:
    """Return whether white letters are read better on a colour: by its WCAG luminance."""
    shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [(one / 12.92 if one <= 0.04 else ((one + 0.055) / 1.055) ** 2.4) for one in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.18


# One small word, so that nobody takes a drawing for a photograph.
DRAWN = (
    f'<text x="312" y="235" font-size="10" text-anchor="end" {FONT} fill="{INK}" opacity=".7">'
    "Illustration</text>"
)


def _mark(brand: str, x: float, y: float, color: str) -> str:
    """Return the brand's mark: its first letter in a form of its own, 16 x 16."""
    form = MARKS[int(stable_draw("mark", brand) * len(MARKS))]
    letter = escape(brand[:1].upper())
    return (
        f'<g transform="translate({x:.0f} {y:.0f})"><path d="{form}" fill="{color}"/>'
        f'<text x="8" y="12" font-size="11" fill="#fff">{letter}</text></g>'
    )


MARKS = (
    "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0",
    "M0 0h16v10l-8 6-8-6z",
    "M8-1l8 4.5v9L8 17l-8-4.5v-9z",
    "M3 0h10l3 3v10l-3 3H3l-3-3V3z",
    "M0 3a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H3a3 3 0 0 1-3-3z",
    "M0 0h9a7 7 0 0 1 7 7v9H7a7 7 0 0 1-7-7z",
)


def _text(line: Fitted, x: float, y: float, color: str) -> str:
    """Return a line that is as wide as was measured, whatever font there is."""
    fill = "" if color == INK else f' fill="{color}"'
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{line.size:g}" textLength="{line.width:.0f}"'
        f' lengthAdjust="spacingAndGlyphs"{fill}>{escape(line.text, quote=False)}</text>'
    )


def _mix(color: str, other: str, share: float) -> str:
    """Return `color` with `share` of `other` in it.

    >>> _mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = ((int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)
