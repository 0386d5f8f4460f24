"""Words to search by: Chinese is cut into words and character pairs, English is left to PostgreSQL.

A dictionary cuts "跑步鞋女" as 跑步/鞋女, so "跑步鞋" would be missed; pairs of neighboring
characters catch it.
"""

from __future__ import annotations

import re
from itertools import accumulate

import rjieba

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
