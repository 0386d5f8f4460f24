"""Picks are spread over categories, and a ranking without consent knows nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.values import Consents, FeatureRow, OnlineProfile, Recommendation
from shop.doors.pages.home import PER_CATEGORY, PICKS, spread_picks
from shop.doors.pages.members import find_ranking_row

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def ranked(count: int) -> list[Recommendation]:
    return [Recommendation(number, 1.0 / number, "popular") for number in range(1, count + 1)]


@given(categories=st.lists(st.integers(1, 6), min_size=1, max_size=60))
def test_picks_are_the_best_with_few_of_one_kind(categories: list[int]) -> None:
    spread = spread_picks(ranked(len(categories)), dict(enumerate(categories, start=1)))
    picks = [pick.variant_id for pick in spread]
    assert len(picks) == len(set(picks)) == min(PICKS, len(categories))
    assert picks[0] == 1
    room = sum(min(PER_CATEGORY, count) for count in Counter(categories).values())
    counts = Counter(categories[number - 1] for number in picks)
    if room >= PICKS:
        assert max(counts.values()) <= PER_CATEGORY


def profile(consents: Consents | None, *, row: FeatureRow | None) -> OnlineProfile:
    return OnlineProfile(
        pseudonym="alice", shopper_id=1, consents=consents, is_warm=True, feature_row=row
    )


ROW = FeatureRow(shopper="alice", as_of=NOW, values={}, category_affinity={7: 1.0})
EMPTY = FeatureRow(shopper="alice", as_of=NOW, values={})


@pytest.mark.parametrize(
    ("_case", "known", "expected"),
    [
        ("a stranger", None, None),
        ("nothing agreed to", profile(None, row=ROW), None),
        ("prices only", profile(Consents(price=True), row=ROW), None),
        ("nothing seen yet", profile(Consents(recommendations=True), row=EMPTY), None),
        ("no features", profile(Consents(recommendations=True), row=None), None),
        ("agreed and seen", profile(Consents(recommendations=True), row=ROW), ROW),
    ],
)
def test_a_ranking_reads_features_only_with_consent(
    _case: str, known: OnlineProfile | None, expected: FeatureRow | None
) -> None:
    assert find_ranking_row(known) is expected
