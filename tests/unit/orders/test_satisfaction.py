"""Mean and share of scores, with their intervals."""

from __future__ import annotations

import pytest

from orders.satisfaction.core import summarize_scores


def test_no_answers_have_no_figures() -> None:
    found = summarize_scores((0, 0, 0, 0, 0))
    assert (found.answers, found.mean, found.share_low) == (0, None, None)


def test_one_answer_says_almost_nothing() -> None:
    found = summarize_scores((0, 0, 0, 1, 0))
    assert (found.mean, found.mean_low, found.mean_high) == (4.0, 1.0, 5.0)
    assert found.share_low == pytest.approx(0.206549, abs=1e-6)
    assert found.share_high == 1.0


def test_intervals_match_the_textbook() -> None:
    """Wilson's interval of 81 of 263: Newcombe, Statistics in Medicine, 1998, table I."""
    found = summarize_scores((182, 0, 0, 81, 0))
    assert (found.share_low, found.share_high) == (
        pytest.approx(0.2553, abs=1e-4),
        pytest.approx(0.3662, abs=1e-4),
    )
    assert found.mean == pytest.approx(1 + 3 * 81 / 263)
    assert found.mean_high == pytest.approx(2.0917, abs=1e-4)
