"""What a page in Chinese says in English that is no data of the shop and no word of the trade."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

WORD = re.compile("[A-Za-z]{3,}")
CHINESE = re.compile("[\u4e00-\u9fff]")
HALF_WIDTH = re.compile("[\u4e00-\u9fff][,;:!?](?:\\s|$)")
# Ids, moments with their zone, addresses, and names of jobs and columns.
NO_SENTENCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]\w+/[A-Z]\w+|https?:\S+|\S+@\S+|US\$|\w+_\w+"
)
UNTRANSLATED = {
    "Ctrl K",
    "Ctrl",
    "CSV",
    "JSON",
    "Excel",
    "SKU",
    "English",
    "Fairtag",
    "zh-hans",
    "demo",
    "Redis",
}
SPOKEN = ("placeholder", "aria-label", "title", "alt")
SILENT = {"script", "style", "code", "pre", "textarea", "option", "datalist"}
ICONS = "material-symbols-outlined"
EMPTY_TAGS = {"input", "br", "img", "meta", "link", "hr", "rect", "path", "line", "circle", "use"}


class Reader(HTMLParser):
    """Gathers what a page says: its texts, and attributes that are spoken or shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent: list[bool] = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the spoken attributes, and whether what is inside is shown in Chinese."""
        given = dict(attrs)
        self.said += [given[name] or "" for name in SPOKEN if name in given]
        if tag not in EMPTY_TAGS:
            is_other = "lang" in given and tag != "html"
            is_icon = ICONS in (given.get("class") or "")
            self._silent.append(self._silent[-1] or tag in SILENT or is_other or is_icon)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag not in EMPTY_TAGS and len(self._silent) > 1:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if not self._silent[-1]:
            self.said.append(data)


def list_english(page: Any, known: str) -> list[str]:
    """Return the English of a page, and Chinese with a half-width sign, without repeats.

    `known` are all rows of the shop: what stands there is data.
    """
    is_html = page.headers.get("Content-Type", "").startswith("text/html")
    if page.status_code != 200 or not is_html:
        return []
    reader = Reader()
    reader.feed(page.content.decode())
    texts = dict.fromkeys(" ".join(one.split()) for one in reader.said)
    return [text for text in texts if _is_english(text, known) or HALF_WIDTH.search(text)]


def _is_english(text: str, known: str) -> bool:
    if CHINESE.search(text) or text in UNTRANSLATED:
        return False
    said = NO_SENTENCE.sub("", text)
    return any(word not in known for word in WORD.findall(said))
