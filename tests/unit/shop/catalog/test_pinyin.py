"""Pinyin: what a Chinese name is typed as on a keyboard of Latin letters."""

from __future__ import annotations

import pytest

from shop.ground.catalog.core.pinyin import SYLLABLES, spell


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("牛奶", ("niunai", "nn")), ("A级鸡蛋", ("ajijidan", "ajjd")), ("绿茶", ("lvcha", "lc"))],
)
def test_a_name_is_spelled_by_syllables_and_initials(name: str, spelled: tuple[str, str]) -> None:
    assert spell(name) == spelled


def test_each_character_is_read_one_way() -> None:
    characters = "".join(line.partition(" ")[2] for line in SYLLABLES.strip().splitlines())
    assert len(characters) == len(set(characters)) == 3_755
