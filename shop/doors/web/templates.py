"""Templates are written one element a line; pages are sent without that white space."""

from __future__ import annotations

import re

from django.template import Origin
from django.template.loaders import filesystem

# White space beside these tags is never shown, as browsers lay them out as blocks of their own.
_BLOCKS = (
    "address|article|aside|blockquote|body|caption|dd|details|dialog|div|dl|dt|fieldset|figcaption"
    "|figure|footer|form|h[1-6]|head|header|hr|html|legend|li|link|main|meta|nav|ol|optgroup|option"
    "|p|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_BREAK = r"\s*\n\s*"
_BEFORE_END = re.compile(rf"{_BREAK}(?=/?>)")  # within a tag
# No space is written before a mark, also where a template tag opens in between.
_BEFORE_MARK = re.compile(rf"{_BREAK}(?=(?:{{%[^%]*%}})+(?:[,.;:](?=\s)|[，。；：、]))")
_UNSEEN = re.compile(
    rf"{_BREAK}(?=</?(?:{_BLOCKS})\b|</button>)"
    rf"|(?P<tag></?(?:{_BLOCKS})\b[^<>]*>|<button\b[^<>]*>){_BREAK}"
)


class Loader(filesystem.Loader):
    """Reads this project's HTML templates without their line breaks and indentation.

    A page costs no more bytes for being written legibly. `<pre>` and `<textarea>` hold values here,
    never text of their own that spans lines.
    """

    def get_contents(self, origin: Origin) -> str:
        """Return the template's text."""
        text = super().get_contents(origin)
        return shorten(text) if str(origin.name).endswith(".html") else text


def shorten(text: str) -> str:
    """Return the template without white space that has a line break: nothing where a browser would
    show nothing, else one space.

    >>> shorten('<p>\\n  <a\\n    href="/"\\n  >Home</a>\\n  <b>you</b>\\n</p>')
    '<p><a href="/">Home</a> <b>you</b></p>'
    >>> shorten('{% endif %}\\n  {% if old %}, then {{ old }}{% endif %}')
    '{% endif %}{% if old %}, then {{ old }}{% endif %}'
    """
    whole_tags = _BEFORE_END.sub("", text)
    without = _UNSEEN.sub(lambda found: found["tag"] or "", _BEFORE_MARK.sub("", whole_tags))
    return re.sub(_BREAK, " ", without).strip()
