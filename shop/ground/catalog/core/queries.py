"""A search query as units, and units as PostgreSQL's tsquery. Pure: texts in, texts out.

A unit is a term of the synonyms with all its meanings, or a word of its own. Latin words are known
by their stem, so that a term is found in the singular and the plural; Chinese has no spaces, so a
term is looked for inside a run of characters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import rjieba

# Words to search by: Chinese is cut into words and character pairs, English is left to
# PostgreSQL.

_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z0-9]+")


def has_chinese(text: str) -> bool:
    """Return whether any character is Chinese.

    >>> has_chinese("奶酪丝"), has_chinese("cheese")
    (True, False)
    """
    return _CHINESE.search(text) is not None


def cut_chinese(text: str) -> tuple[str, ...]:
    """Return the distinct words and neighboring pairs of the Chinese runs of `text`, in order.

    >>> cut_chinese("白牛奶")
    ('白', '牛奶', '白牛')
    """
    words: dict[str, None] = {}
    for run in _CHINESE.findall(text):
        words.update(dict.fromkeys(rjieba.cut_for_search(run)))
        words.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
    return tuple(words)


def find_breaks(run: str) -> set[int]:
    """Return where words of a Chinese run begin and end.

    >>> sorted(find_breaks("有机食盐"))
    [0, 2, 4]
    """
    return {0, *accumulate(len(word) for word in rjieba.cut(run))}


def list_latin(text: str) -> list[str]:
    """Return the Latin words and numbers of a text, small.

    >>> list_latin("Q-Tips 500 棉签")
    ['q', 'tips', '500']
    """
    return _LATIN.findall(text.lower())


_TOKENS = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_LONGEST = 8

Stems = tuple[str, ...]
Terms = Mapping[Stems, tuple[Stems, ...]]
"""What the terms mean, by the stems of a Latin term or by (term,) of a Chinese one."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is looked for together: `stems`, or all of one of the `meanings`.

    `text` is how it was asked for. The stems of a term of several words are a phrase.
    """

    text: str
    stems: Stems
    meanings: tuple[Stems, ...] = ()
    is_chinese: bool = False

    @property
    def readings(self) -> tuple[Stems, ...]:
        """The unit's own words, then what else it means."""
        return (self.stems, *self.meanings)


def cut_units(text: str, stems: Mapping[str, str], terms: Terms) -> list[Unit]:
    """Return the units of a query, the longest terms first. `stems` knows each Latin word; a word
    without a stem, like "and", counts for nothing.

    >>> stems = {"mac": "mac", "and": "", "cheese": "chees", "organic": "organ"}
    >>> units = cut_units("organic mac and cheese", stems, {("mac", "chees"): (("macaroni",),)})
    >>> [(unit.text, unit.stems) for unit in units]
    [('organic', ('organ',)), ('mac cheese', ('mac', 'chees'))]
    """
    units: list[Unit] = []
    latin: list[str] = []
    for token in (*_TOKENS.findall(text), ""):
        if token.isascii() and token:
            if stems.get(token):
                latin.append(token)
            continue
        units += _cut_latin(latin, stems, terms)
        latin = []
        units += _cut_run(token, terms)
    return units


def _cut_latin(words: Sequence[str], stems: Mapping[str, str], terms: Terms) -> Iterator[Unit]:
    at = 0
    while at < len(words):
        sizes = range(min(_LONGEST, len(words) - at), 0, -1)
        known = (tuple(stems[word] for word in words[at : at + size]) for size in sizes)
        key = next((key for key in known if key in terms), (stems[words[at]],))
        yield Unit(" ".join(words[at : at + len(key)]), key, terms.get(key, ()))
        at += len(key)


def _cut_run(run: str, terms: Terms) -> Iterator[Unit]:
    """Yield the terms of a Chinese run and what is between; 盐 is no term inside of 食盐."""
    breaks, plain, at = find_breaks(run), "", 0
    while at < len(run):
        ends = (end for end in sorted(breaks, reverse=True) if end > at and at in breaks)
        term = next((run[at:end] for end in ends if (run[at:end],) in terms), "")
        if term:
            yield from _plain(plain)
            plain = ""
            yield Unit(term, cut_words(term), terms[term,], is_chinese=True)
        else:
            plain += run[at]
        at += len(term) or 1
    yield from _plain(plain)


def _plain(run: str) -> Iterator[Unit]:
    if run:
        yield Unit(run, cut_words(run), is_chinese=True)


def cut_words(run: str) -> Stems:
    """Return the words of a Chinese run; single characters only where nothing longer is there."""
    cut = cut_chinese(run)
    return tuple(word for word in cut if len(word) > 1) or cut


def write_query(units: Sequence[Unit], *, is_beginning: bool = False, mark: str = " & ") -> str:
    """Return the tsquery of a query; with `is_beginning` its last word may go on.

    Stems hold letters and digits only, so nothing can break out of the quotes.

    >>> write_query([Unit("oj", ("oj",), (("orang", "juic"),))])
    "('oj' | 'orang' & 'juic')"
    >>> write_query([Unit("mac cheese", ("mac", "chees"))], is_beginning=True)
    "('mac' <-> 'chees':* | 'mac' <2> 'chees':*)"
    """
    last = len(units) - 1
    return mark.join(
        _write_unit(unit, ":*" if is_beginning and at == last and not unit.is_chinese else "")
        for at, unit in enumerate(units)
    )


def _write_unit(unit: Unit, ending: str) -> str:
    own = [f"'{stem}'" for stem in unit.stems]
    own[-1] += ending
    # "Macaroni & Cheese" has its words side by side, "Macaroni and Cheese" one further apart.
    marks = (" & ",) if unit.is_chinese or len(own) == 1 else (" <-> ", " <2> ")
    choices = [mark.join(own) for mark in marks]
    choices += [" & ".join(f"'{stem}'" for stem in meaning) for meaning in unit.meanings]
    return f"({' | '.join(choices)})"


def write_pairs(units: Sequence[Unit]) -> str:
    """Return the tsquery of words side by side as they were asked for, "" for a single word.

    >>> write_pairs([Unit("cream", ("cream",)), Unit("cheese", ("chees",))])
    "'cream' <-> 'chees' | 'cream' <2> 'chees'"
    """
    words = [unit.stems for unit in units if not unit.is_chinese]
    pairs = [(one[-1], other[0]) for one, other in pairwise(words)]
    return " | ".join(f"'{a}' <-> '{b}' | '{a}' <2> '{b}'" for a, b in pairs)


class CategoryNames:
    """The words of categories' names, to find the categories that a query says.

    >>> names = CategoryNames([(1, ("milk",)), (2, ("ice", "cream")), (3, ("sour", "cream"))])
    >>> names.weigh([Unit("chocolate", ("chocol",)), Unit("milk", ("milk",))])
    {1: 1}
    >>> names.weigh([Unit("ice", ("ice",)), Unit("cream", ("cream",))])
    {2: 2}
    """

    def __init__(self, names: Iterable[tuple[int, Stems]]) -> None:
        self._names = [(category, frozenset(words)) for category, words in names]
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for at, (_, words) in enumerate(self._names):
            for word in words:
                self._by_word[word].add(at)

    def weigh(self, units: Sequence[Unit]) -> dict[int, int]:
        """Return how much categories say a query: 2 where the name says nothing else, 1 where it
        says the whole query or, if none does, its last unit: chocolate milk is milk."""
        said = [self._find(unit.readings) for unit in units]
        whole = set.intersection(*said)
        asked = {word for unit in units for word in unit.stems}
        exact = {frozenset(asked), *(map(frozenset, units[0].meanings) if len(units) == 1 else ())}
        weights: dict[int, int] = {}
        for at in whole or said[-1]:
            category, words = self._names[at]
            says_all = bool(whole) and words in exact
            weights[category] = max(weights.get(category, 1), 2 if says_all else 1)
        return weights

    def _find(self, readings: Iterable[Stems]) -> set[int]:
        found: set[int] = set()
        for reading in readings:
            found |= set.intersection(*(self._by_word.get(word, set()) for word in reading))
        return found
