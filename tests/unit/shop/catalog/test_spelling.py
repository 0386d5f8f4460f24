"""What a typing error stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.ground.catalog.core.spelling import list_slips, measure_slips, most_slips, rank_spellings

WORDS = st.text("abcdeist", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("asked", "known", "slips"),
    [
        ("milk", "milk", 0.0),
        ("mlik", "milk", 0.7),
        ("buter", "butter", 0.5),
        ("buttter", "butter", 0.5),
        ("bannana", "banana", 0.5),
        ("tomatos", "tomatoes", 1.0),
        ("detergant", "detergent", 0.7),
        ("garlik", "garlic", 1.0),
        ("ilk", "milk", 1.4),
    ],
)
def test_slips_cost_what_fingers_make_likely(asked: str, known: str, slips: float) -> None:
    assert measure_slips(asked, known) == slips


@given(asked=WORDS, known=WORDS)
def test_distance_is_symmetric_and_zero_only_for_equal_words(asked: str, known: str) -> None:
    assert measure_slips(asked, known) == measure_slips(known, asked)
    assert (measure_slips(asked, known) == 0.0) == (asked == known)


@given(word=WORDS)
def test_every_listed_slip_is_one_slip_away(word: str) -> None:
    assert all(measure_slips(slip, word) <= 1.4 for slip in list_slips(word))


@given(asked=WORDS, known=WORDS)
def test_no_near_word_is_passed_over(asked: str, known: str) -> None:
    is_near = measure_slips(asked, known) <= most_slips(asked)
    assert not is_near or rank_spellings(asked, {known: 1}) == [known]


def test_of_words_as_near_the_popular_one_wins() -> None:
    assert rank_spellings("bred", {"bread": 998, "bed": 20, "brad": 1})[0] == "bread"
    assert rank_spellings("bred", {"bread": 1, "bed": 5_000, "brad": 1})[0] == "bed"


def test_a_near_word_wins_over_a_popular_one() -> None:
    assert rank_spellings("chedar", {"cheddar": 10, "cedar": 205, "classic": 8_533}) == [
        "cheddar",
        "cedar",
    ]


def test_a_plural_is_near_when_its_singular_is() -> None:
    assert rank_spellings("strawbery", {"strawberries": 21, "straws": 300}) == ["strawberries"]
