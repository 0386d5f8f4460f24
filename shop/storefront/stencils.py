"""Templates that a page draws again and again: each shape of one is rendered once.

A template whose only inputs are flat fields gives the same text around its holes whenever the same
fields are empty. So it is rendered with marks in the holes, cut at the marks, and from then on
drawn by joining: a tenth of what the template engine needs for a card. Such a template prints its
fields as they are or asks for them with `{% if %}`; filters and comparisons would see the marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape

from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override

# Characters that no escaping changes and no text of ours holds.
_MARK = re.compile("\x02(\\w+)\x03")
REMEMBERED = 64
Fields = Mapping[str, str | bool]
Frame = Callable[[str], Mapping[str, object]]


def draw_stencil(name: str, fields: Fields, *, language: str, frame: Frame) -> SafeString:
    """Return the template `name` drawn with `fields`, escaped unless they are HTML already.

    True and False are for `{% if %}`: printed, they would be marks or nothing.
    `frame` gives what holds for a language, such as words, when a shape is rendered.
    """
    pieces, holes = _cut(name, language, frame, tuple(fields), tuple(map(bool, fields.values())))
    drawn = pieces.copy()
    drawn[1::2] = [_text(fields[hole]) for hole in holes]
    return mark_safe("".join(drawn))  # noqa: S308  # the engine or `_text` escaped every field


def _text(value: str | bool) -> str:
    if isinstance(value, SafeString):
        return value
    text = str(value)
    return _escape(text) if len(text) <= REMEMBERED else escape(text)


@lru_cache(maxsize=16_384)
def _escape(text: str) -> str:
    """Escape names, words and amounts, which come again; long texts hold tokens and do not."""
    return escape(text)


@lru_cache(maxsize=1024)
def _cut(
    name: str, language: str, frame: Frame, names: tuple[str, ...], is_full: tuple[bool, ...]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the pieces of a shape, with a place for each hole, and the fields of the holes."""
    shape = zip(names, is_full, strict=True)
    marks = {field: f"\x02{field}\x03" if full else "" for field, full in shape}
    with override(language):
        context = Context({**frame(language), **marks})
        html = Engine.get_default().get_template(name).render(context)
    pieces = _MARK.split(html)
    return pieces, tuple(pieces[1::2])
