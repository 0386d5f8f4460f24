"""Codes that machines make: uniform, of the pattern, and only where nobody can guess one."""

from __future__ import annotations

import random
from collections import Counter
from itertools import cycle, islice

import pytest

from promotions.coupons.core import (
    ALPHABET,
    MIN_TRIES,
    WeakPattern,
    check_pattern,
    draw_codes,
)

PATTERN = "A-####-#"


def _draw(seed: int = 1) -> object:
    return random.Random(seed).randbytes


def test_codes_have_the_pattern_and_letters_nobody_confuses() -> None:
    codes = draw_codes(PATTERN, 1_000, _draw())
    assert {(code[:2], code[6], len(code)) for code in codes} == {("A-", "-", 8)}
    drawn = {sign for code in codes for sign in code[2:6] + code[7]}
    assert drawn == set(ALPHABET)
    assert not drawn & set("0O1IL")


def test_every_letter_is_as_likely_as_every_other() -> None:
    """Chi square on 30 degrees of freedom: below 60 in all but one of a thousand draws."""
    counts = Counter("".join(draw_codes("#" * 10, 31_000, _draw())))
    assert sum((counts[sign] - 10_000) ** 2 / 10_000 for sign in ALPHABET) < 60


def test_bytes_that_would_favor_the_first_letters_are_thrown_away() -> None:
    asked: list[int] = []
    # 255 and 248 are unfair, 247 is the last letter and 0 the first
    given = cycle(b"\xff\xf8\xf7\x00")

    def draw(count: int) -> bytes:
        asked.append(count)
        return bytes(islice(given, count))

    assert draw_codes("##", 2, draw) == ["Z2", "Z2"]
    assert len(asked) > 1


@pytest.mark.parametrize(
    ("pattern", "amount"),
    [
        ("######", 1_000),
        ("SPRING-########", 1_000_000),
        ("SPRING", 1),
        ("spring-#########", 1),
        ("#" * 41, 1),
        ("SPRING #########", 1),
        ("#########", 0),
        ("#" * 20, 5_000_001),
    ],
)
def test_a_pattern_whose_codes_could_be_guessed_is_refused(pattern: str, amount: int) -> None:
    with pytest.raises(WeakPattern):
        check_pattern(pattern, amount)


@pytest.mark.parametrize(("places", "amount"), [(5, 28), (6, 887), (9, 26_439_622 // 10)])
def test_the_space_is_a_million_times_the_amount(places: int, amount: int) -> None:
    check_pattern("#" * places, amount)
    assert len(ALPHABET) ** places >= amount * MIN_TRIES
    if places < 9:
        with pytest.raises(WeakPattern):
            check_pattern("#" * places, amount + 1)
