"""Spelling correction of search words. Pure: words in, words out.

The distance counts what fingers do: Damerau's four slips (a letter too much, missing, wrong, or two
neighbors exchanged; F. J. Damerau, "A technique for computer detection and correction of spelling
errors", CACM 1964, in its restricted form), with the frequent ones cheaper. How often a word is in
the catalogue then decides between words about as near.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from string import ascii_lowercase

# A doubled letter written once or the other way round, neighbors exchanged, vowel for vowel.
DOUBLED, EXCHANGED, VOWEL = 0.5, 0.7, 0.7
WRONG_BEGINNING = 0.4
OTHER_FORM = 0.1
# Worth of a word's frequency: one that a thousand products carry may be 0.7 further off.
FREQUENCY = 0.12
_VOWELS = frozenset("aeiouy")


def list_slips(word: str) -> set[str]:
    """Return every word that is one slip away from `word`, of letters only.

    >>> {"milk", "silk", "milky"} <= list_slips("mlik") | list_slips("milk")
    True
    """
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    missing = (a + b[1:] for a, b in parts if b)
    exchanged = (a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1)
    wrong = (a + letter + b[1:] for a, b in parts if b for letter in ascii_lowercase)
    added = (a + letter + b for a, b in parts for letter in ascii_lowercase)
    return {*missing, *exchanged, *wrong, *added}


def pair_letters(word: str) -> frozenset[str]:
    """Return the pairs of neighboring letters: of two words that are alike a third is common.

    >>> sorted(pair_letters("milk"))
    ['il', 'lk', 'mi']
    """
    return frozenset(map("".join, pairwise(word)))


def measure_slips(asked: str, known: str) -> float:
    """Return the weighted number of slips that turn `known` into `asked`.

    >>> measure_slips("mlik", "milk"), measure_slips("chedar", "cheddar")
    (0.7, 0.5)
    >>> measure_slips("chedar", "cedar"), measure_slips("tomatos", "tomatoes")
    (1.0, 1.0)
    """
    before_last: list[float] = []
    last = _first_row(known)
    for i, letter in enumerate(asked, start=1):
        row = [last[0] + _price_of_one(asked, i - 1)]
        for j, other in enumerate(known, start=1):
            cost = min(
                last[j] + _price_of_one(asked, i - 1),
                row[j - 1] + _price_of_one(known, j - 1),
                last[j - 1] + _price_of_other(letter, other),
            )
            if i > 1 and j > 1 and letter == known[j - 2] and asked[i - 2] == other != letter:
                cost = min(cost, before_last[j - 2] + EXCHANGED)
            row.append(cost)
        before_last, last = last, row
    wrong_beginning = WRONG_BEGINNING if asked[:1] != known[:1] else 0.0
    return round(last[-1] + wrong_beginning, 6)


def _first_row(known: str) -> list[float]:
    row = [0.0]
    for at in range(len(known)):
        row.append(row[-1] + _price_of_one(known, at))
    return row


def _price_of_one(word: str, at: int) -> float:
    """Return what it costs to add or to leave out the letter of `word` at a place."""
    return DOUBLED if at and word[at] == word[at - 1] else 1.0


def _price_of_other(letter: str, other: str) -> float:
    if letter == other:
        return 0.0
    return VOWEL if letter in _VOWELS and other in _VOWELS else 1.0


def most_slips(word: str) -> float:
    """Return up to what distance another word is a typing error: short words bear few.

    >>> most_slips("mlik"), most_slips("brocoli"), most_slips("vegtabels")
    (1.0, 1.7, 2.5)
    """
    return 1.0 if len(word) <= 4 else 1.7 if len(word) <= 7 else 2.5


def rank_spellings(asked: str, known: Mapping[str, int], *, limit: int = 3) -> list[str]:
    """Return the words of `known` (word -> products that carry it) meant by `asked`, likely first.

    >>> rank_spellings("chedar", {"cedar": 205, "cheddar": 100, "chadar": 1})
    ['cheddar', 'cedar', 'chadar']
    """
    most = most_slips(asked)
    scored = []
    for word, products in known.items():
        slips = min(
            (
                measure_slips(asked, form) + (OTHER_FORM if form != word else 0.0)
                for form in _forms(word)
                if _may_be_near(asked, form, most)
            ),
            default=math.inf,
        )
        if slips <= most:
            scored.append((slips - FREQUENCY * math.log(2 + products), word))
    return [word for _, word in sorted(scored)[:limit]]


def _may_be_near(asked: str, known: str, most: float) -> bool:
    """Return False where the distance must exceed `most`: cheap, and true of most words.

    A wrong letter changes two of the letters used, any other slip at most one; each letter too much
    or missing is a slip.
    """
    if abs(len(asked) - len(known)) * DOUBLED > most:
        return False
    return len(set(asked) ^ set(known)) * VOWEL / 2 <= most


def _forms(word: str) -> Iterator[str]:
    """Yield the word and what it may be the plural of: "strawbery" is not far from strawberries."""
    yield word
    for ending, singular in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            yield word.removesuffix(ending) + singular
