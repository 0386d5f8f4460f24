"""Pinyin: what a Chinese name is typed as on a keyboard of Latin letters."""

from __future__ import annotations

import pytest

from shop.ground.catalog.core.pinyin import may_be_pinyin, read_pinyin, spell

WORDS = {"niunai": "牛奶", "bai": "白", "niu": "牛", "nai": "奶", "qiaokeli": "巧克力"}


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("牛奶", ("niunai", "nn")),
        ("调料", ("tiaoliao", "tl")),
        ("可乐", ("kele", "kl")),
        ("绿茶", ("lvcha", "lc")),
    ],
)
def test_a_word_is_spelled_in_whole(name: str, spelled: tuple[str, str]) -> None:
    assert spell([name]) == {name: spelled}


@pytest.mark.parametrize(
    ("letters", "chinese"),
    [
        ("niunai", "牛奶"),
        ("bainiunai", "白牛奶"),
        ("qiaokeliniunai", "巧克力牛奶"),
        ("bai", "白"),
        ("bainai", ""),
        ("niunaix", ""),
        ("", ""),
    ],
)
def test_letters_are_read_as_the_fewest_words(letters: str, chinese: str) -> None:
    assert read_pinyin(letters, WORDS) == chinese


@pytest.mark.parametrize("letters", ["niunai", "xihongshi", "lvcha", "huangyou", "er", "zhuang"])
def test_syllables_may_be_pinyin(letters: str) -> None:
    assert may_be_pinyin(letters)


@pytest.mark.parametrize("letters", ["mlik", "chedar", "strawbery", "kleenex", "pepsi", ""])
def test_other_letters_are_no_pinyin(letters: str) -> None:
    assert not may_be_pinyin(letters)
