"""Templates are written one element a line; pages are sent without that white space.

`{% url %}` remembers the addresses it wrote: a page of cards writes the same few again and again,
and Django finds each anew by regular expressions.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.template import Library, Origin
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parse_url
from django.template.loaders import filesystem
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape
from django.utils.translation import get_language

register = Library()
MOST_KEPT = 8_192

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


class KeptURLNode(URLNode):
    """An address by name. One that is kept in a variable, or may be missing, is Django's own."""

    def render(self, context: Context) -> str:
        """Return the address, escaped where the template escapes."""
        request = getattr(context, "request", None)
        match = getattr(request, "resolver_match", None)
        if self.asvar or hasattr(request, "current_app"):
            return super().render(context)
        address = find_address(
            self.view_name.resolve(context),
            tuple(str(each.resolve(context)) for each in self.args),
            tuple((name, str(value.resolve(context))) for name, value in self.kwargs.items()),
            (getattr(match, "namespace", None), get_urlconf(), get_script_prefix(), get_language()),
        )
        return conditional_escape(address) if context.autoescape else address


@lru_cache(maxsize=MOST_KEPT)
def find_address(
    name: str,
    args: tuple[str, ...],
    kwargs: tuple[tuple[str, str], ...],
    here: tuple[str | None, str | None, str, str | None],
) -> str:
    """Return an address. It follows `here` too: namespace, addresses, prefix and language."""
    return reverse(name, args=args, kwargs=dict(kwargs), current_app=here[0])


@register.tag("url")
def url(parser: Parser, token: Token) -> KeptURLNode:
    """Read the tag as Django does."""
    node = parse_url(parser, token)
    return KeptURLNode(node.view_name, node.args, node.kwargs, node.asvar)
