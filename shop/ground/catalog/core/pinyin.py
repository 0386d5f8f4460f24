"""Pinyin of Chinese words, to search by what is typed on a keyboard of Latin letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_SYLLABLES = re.compile(
    r"(?:(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?"
    r"(?:i?ang?|i?ao|ai|u?an|uai|uang|ei|eng?|er|e|in|ing|i?ong|iu|ian|ie|ia|i|ou|o|"
    r"ui|un|uo|ua|ue|u|ve|v|a))+"
)


def spell(words: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the pinyin and the initials of words, without tones; ü is written v.

    Words are read in whole: 调 is "tiao" in 调料. The readings of phrases take 55 MiB, so only the
    worker that spells new words loads them.

    >>> spell(["牛奶", "调料", "绿茶"])
    {'牛奶': ('niunai', 'nn'), '调料': ('tiaoliao', 'tl'), '绿茶': ('lvcha', 'lc')}
    """
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # large: only who spells new words loads it

    spelled = {word: lazy_pinyin(word) for word in words}
    return {
        word: ("".join(syllables), "".join(syllable[:1] for syllable in syllables))
        for word, syllables in spelled.items()
    }


def may_be_pinyin(letters: str) -> bool:
    """Return whether letters can be cut into syllables of pinyin.

    >>> may_be_pinyin("niunai"), may_be_pinyin("mlik"), may_be_pinyin("kleenex")
    (True, False, False)
    """
    return _SYLLABLES.fullmatch(letters) is not None


def read_pinyin(letters: str, words: Mapping[str, str]) -> str:
    """Return the Chinese that is typed as `letters`, "" if `words` (pinyin -> word) do not cover
    them. As few words as possible, one of them longer than a character.

    >>> words = {"bai": "白", "niunai": "牛奶", "niu": "牛", "nai": "奶"}
    >>> read_pinyin("bainiunai", words), read_pinyin("niu", words), read_pinyin("bainiu", words)
    ('白牛奶', '牛', '')
    """
    if letters in words:
        return words[letters]
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, len(letters) + 1):
        ways = (
            (*best[start], words[letters[start:end]])
            for start in range(end)
            if start in best and letters[start:end] in words
        )
        if way := min(ways, key=len, default=None):
            best[end] = way
    found = best.get(len(letters), ())
    return "".join(found) if any(len(word) > 1 for word in found) else ""
