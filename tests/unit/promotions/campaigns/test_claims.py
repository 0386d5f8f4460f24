"""What a campaign claims of itself: read as written, or refused with its place."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.campaigns.core.claims import BadClaim, Claims, parse_claims


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {"moon": "full"},
        {"countdown": 1},
        {"was_minor": True},
        {"only_left": "few"},
        {"points_expire": "2026-12-01"},
        {"review": "good"},
    ],
)
def test_claims_that_cannot_be_read_are_refused_with_their_place(tree: Any) -> None:
    with pytest.raises(BadClaim, match=r"^claims") as refusal:
        parse_claims(tree)
    assert refusal.value.detail["place"]


def test_claims_are_read_as_they_are_written() -> None:
    tree = {"was_minor": 999, "only_left": "stock", "free": True, "label": False}
    assert parse_claims(tree) == Claims(999, only_left="stock", is_free=True, is_labelled=False)
