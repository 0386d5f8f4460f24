"""Chinese names of product types nobody named by hand, put together from a list of words.

English labels are mostly compounds ("Pet Treats", "Frozen Vegetables"), whose order Chinese shares:
word for word is how a shop assistant would say it. A label with one unknown word gets no name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from shop.doors.intake.naming import read_words

LONGEST_PHRASE = 4
_TOKENS = re.compile(r"[\w'.%/+-]+|[,&]")
_BREAKS = {",", "&", "and"}


@dataclass(frozen=True, slots=True)
class _Word:
    chinese: str
    describes: bool


@dataclass(slots=True)
class _Part:
    """What stands between two breaks; one of describing words only belongs to another part."""

    follows_comma: bool
    describing: list[str] = field(default_factory=list)
    things: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words, describing ones first: "Roses Other" are 其他玫瑰."""
        return "".join(dict.fromkeys([*self.describing, *self.things]))


@lru_cache(maxsize=1)
def _words() -> dict[str, _Word]:
    return {
        row["english"]: _Word(row["chinese"], row["kind"] == "describes")
        for row in read_words("chinese")
    }


def compose_chinese(name: str, place: str) -> str:
    """Return the Chinese for a readable English label, "" if a word is unknown.

    `place` is the Chinese name of the category around it: what a label that only describes
    ("Premium") is about.

    >>> compose_chinese("Frozen Vegetables", "天然冷冻食品")
    '冷冻蔬菜'
    >>> compose_chinese("Cookies, Gourmet", "饼干"), compose_chinese("Premium", "意面酱")
    ('精品曲奇', '优质意面酱')
    >>> compose_chinese("Soup, Chili & Xylophones", "汤")
    ''
    """
    parts = _translate(_TOKENS.findall(name.lower()))
    if not parts:
        return ""
    texts: list[str] = []
    waiting: list[str] = []
    for part in parts:
        if not part.things and part.follows_comma and texts:
            texts[-1] = part.text + texts[-1]
        elif not part.things:
            waiting.append(part.text)
        else:
            texts.append("、".join([*waiting, part.text]))
            waiting = []
    if waiting:
        # "Chicken, Packed & Sliced": what they describe may have come before.
        about = texts.pop() if texts else place
        texts.append("、".join(waiting) + about)
    return _join(list(dict.fromkeys(texts)))


def _translate(tokens: list[str]) -> list[_Part] | None:
    """Return the parts of a label, None if a word is unknown. The longest phrase is taken first."""
    parts: list[_Part] = []
    mark, at, is_open = "", 0, False
    while at < len(tokens):
        word, length = _longest(tokens[at : at + LONGEST_PHRASE])
        if word is None and tokens[at] in _BREAKS:
            mark, is_open = tokens[at], False
            at += 1
            continue
        if word is None:
            return None
        if not is_open:
            parts.append(_Part(mark == ","))
            is_open = True
        (parts[-1].describing if word.describes else parts[-1].things).append(word.chinese)
        at += length
    return parts


def _longest(tokens: list[str]) -> tuple[_Word | None, int]:
    words = _words()
    for length in range(len(tokens), 0, -1):
        phrase = " ".join(tokens[:length]).replace(" ,", ",")
        found = words.get(phrase) or words.get(phrase.removesuffix("s")) or words.get(f"{phrase}s")
        if found:
            return found, length
    return None, 0


def _join(texts: list[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return "、".join(texts[:-1]) + "和" + texts[-1]
