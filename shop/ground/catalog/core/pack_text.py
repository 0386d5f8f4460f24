"""Text on drawn packs: measured, cut between words, and made to fit. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Widths of Helvetica Bold in thousandths of the size, for letters in no other group 611.
_WIDTHS = {
    278: " ,./Iijl",
    238: "'",
    333: "!()-:;ft",
    389: "*r",
    500: "z",
    556: "$#0123456789Jaceksvxy",
    584: "+<=>",
    667: "EPSVXY",
    722: "&ABCDHKNRU",
    778: "GOQw",
    833: "M",
    889: "%m",
    944: "W",
}
_WIDTH_OF = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_USUAL, _WIDE = 611, 1000
# How high a line is, in sizes of its letters.
LINE = 1.04


@dataclass(frozen=True, slots=True)
class Fitted:
    """A line of text with its size in pixels and the width that it takes."""

    text: str
    size: float
    width: float


@lru_cache(maxsize=8192)
def measure(text: str, size: float) -> float:
    """Return the width of bold text in pixels.

    >>> measure("Milk", 20), measure("牛奶", 20)
    (38.9, 40.0)
    """
    units = sum(_WIDTH_OF.get(letter) or _other(letter) for letter in text)
    return round(units * size / 1000, 1)


def _other(letter: str) -> int:
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _USUAL


def fit_line(text: str, width: float, *, size: float, least: float = 0.78) -> Fitted:
    """Return one line: smaller down to `least` of `size` where it is too long, then cut."""
    text = text.strip()
    needed = measure(text, size)
    if needed <= width:
        return Fitted(text, size, needed)
    smaller = max(size * least, size * width / needed) - 0.05
    smaller = round(smaller, 1)
    shown = _cut(text, width, smaller)
    return Fitted(shown, smaller, measure(shown, smaller))


def fit_lines(text: str, width: float, *, sizes: tuple[float, ...], height: float) -> list[Fitted]:
    """Return `text` in one line or two, in the largest of `sizes` in which it fits; in the
    smallest it is cut after a word.

    >>> [one.text for one in fit_lines("Shredded Cheese", 110, sizes=(20, 17), height=50)]
    ['Shredded', 'Cheese']
    """
    words = _split(text)
    for size in sizes:
        found = _wrap(words, width, size)
        is_low = len(found) <= 2 and len(found) * size * LINE <= height
        if is_low and all(measure(line, size) <= width for line in found):
            return [Fitted(line, size, measure(line, size)) for line in found]
    size = sizes[-1]
    found, most = _wrap(words, width, size), 2 if 2 * size * LINE <= height else 1
    kept = found[:most]
    if len(found) > most:
        kept[-1] = f"{kept[-1]} \u2026"
    shown = [_cut(line, width, size) for line in kept]
    return [Fitted(line, size, measure(line, size)) for line in shown]


def _split(text: str) -> list[str]:
    """Return the words; Chinese may be broken anywhere."""
    words: list[str] = []
    for word in text.split():
        if any(_other(letter) == _WIDE for letter in word if letter not in _WIDTH_OF):
            words.extend(word)
        else:
            words.append(word)
    return words


def _wrap(words: list[str], width: float, size: float) -> list[str]:
    found: list[str] = []
    for word in words:
        joined = _join(found[-1], word) if found else ""
        if found and measure(joined, size) <= width:
            found[-1] = joined
        else:
            found.append(word)
    return found


def _join(line: str, word: str) -> str:
    is_tight = len(word) == 1 and _other(word) == _WIDE
    return f"{line}{word}" if is_tight else f"{line} {word}"


def _cut(text: str, width: float, size: float) -> str:
    """Return as many whole words as fit, else as many letters."""
    if measure(text, size) <= width:
        return text
    words = text.removesuffix(" \u2026").split()
    while len(words) > 1:
        words.pop()
        shown = f"{' '.join(words).rstrip(' ,&-')} \u2026"
        if measure(shown, size) <= width:
            return shown
    letters = words[0] if words else text
    while letters and measure(f"{letters}\u2026", size) > width:
        letters = letters[:-1]
    return f"{letters}\u2026"
