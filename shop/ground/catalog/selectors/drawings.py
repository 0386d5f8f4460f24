"""Drawn packs as files: SVG for browsers, PNG for programs that show none."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import resvg_py
from django.conf import settings

from shop.ground.catalog.core.packs import Pack, draw_pack
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import FIRST_WIDE
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors.pictures import illustrate

# A server may have no fonts at all.
FONT = Path(__file__).parents[1] / "fonts" / "LiberationSans-Bold.ttf"
# A longer drawing costs a page more than the request it saves.
LONGEST_INLINE = 6_000


def draw_variant(variant_id: int) -> tuple[Picture, str] | None:
    """Return the drawn pack of a variant and its SVG; None for one that there never was."""
    found = Variant.objects.filter(pk=variant_id).values_list(
        *("sku", "product__brand__name", "product__name", "name", "product__category__path"),
        *("product__brand__is_private_label", "product__category__icon"),
    )
    row = found.first()
    if row is None:
        return None
    pack = Pack(*row[:6])
    return illustrate(variant_id, pack), draw_pack(pack, _read_glyph(row[6] or "default"))


@lru_cache(maxsize=1024)
def inline_pack(variant_id: int, address: str) -> str:
    """Return the address of a drawn pack with the drawing in it: a page needs no request for it.

    A long drawing keeps its address. One query, then none: an address names what it is drawn from.
    """
    found = draw_variant(variant_id)
    if found is None or len(found[1]) > LONGEST_INLINE:
        return address
    return f"data:image/svg+xml,{quote(found[1].strip(), safe=' =:/;,()')}"


@lru_cache(maxsize=1024)
def _read_glyph(icon: str) -> str:
    folder = Path(settings.BASE_DIR) / "static" / "catalog"
    path = folder / f"{icon}.svg"
    known = path if path.is_file() else folder / "default.svg"
    return known.read_text(encoding="utf-8").partition(">")[2].rpartition("</svg>")[0]


@lru_cache(maxsize=256)
def make_png(drawn: str, width: int) -> bytes:
    """Return an SVG of ours as PNG, `width` pixels wide."""
    png: bytes = resvg_py.svg_to_bytes(
        svg_string=drawn,
        width=width,
        font_files=[str(FONT)],
        sans_serif_family="Liberation Sans",
        # Reading all fonts of a server takes longer than drawing; only other scripts need them.
        skip_system_fonts=max(drawn) < FIRST_WIDE,
    )
    return png
