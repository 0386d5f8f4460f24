"""What is asked of the past, and what came of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from profiles.features.core.accumulate import WeighedEvents
from profiles.features.core.registry import (
    KIND_CODES,
    NO_ID,
    NO_SENSITIVE_GOODS,
    EventColumns,
    SensitiveProducts,
)
from profiles.segments.core.prediction_history import Answers, ask_past

DAY = 86_400.0
NOW = 20_600 * DAY
BREAD, CHEESE, WINE = 1, 2, 3
NOTHING = np.zeros(0, np.int64)
# Shopper, days ago, category, on offer: three shoppers who bought bread twice before.
OLD = [(who, ago, BREAD, False) for who in range(3) for ago in (120, 110, 60)]


def ask(
    lines: list[tuple[int, int, int, bool]], sensitive: SensitiveProducts = NO_SENSITIVE_GOODS
) -> Answers:
    """Return the answers of shoppers 70, 71 and 72, each of whose lines is an order of its own."""
    twice = [(line, is_order) for line in lines for is_order in (True, False)]
    who = np.array([line[0] for line, _ in twice])
    is_order = np.array([order for _, order in twice])
    count = len(twice)
    events = EventColumns(
        kind=np.where(is_order, KIND_CODES["order"], KIND_CODES["purchase"]).astype(np.int16),
        at=np.array([NOW - line[1] * DAY for line, _ in twice]),
        variant_id=np.where(is_order, NO_ID, 5),
        category_id=np.where(is_order, NO_ID, [line[2] for line, _ in twice]),
        brand_id=np.full(count, NO_ID),
        quantity=np.where(is_order, 0, 1),
        paid_minor=np.full(count, 100),
        list_minor=np.full(count, 100),
        is_discounted=~is_order & np.array([line[3] for line, _ in twice]),
        price_rank=np.full(count, np.nan),
    )
    ids = np.array([70, 71, 72])
    weighed = WeighedEvents.of(events, who, len(ids), ZoneInfo("UTC"), sensitive)
    return ask_past(events, weighed, ids, NOW)


def told(answers: Answers, code: str) -> dict[int, bool]:
    """Return what was so of each shopper after the first moment that judges a question."""
    asked = answers[code, "held"]
    first = slice(0, next(iter(np.flatnonzero(np.diff(asked.shopper) <= 0) + 1), None))
    return dict(zip(asked.shopper[first].tolist(), asked.is_so[first].tolist(), strict=True))


@pytest.mark.parametrize(("offers", "is_so"), [((True, True, False), True), ((True, False), False)])
def test_only_who_buys_something_buys_mostly_on_offer(
    offers: tuple[bool, ...], is_so: bool
) -> None:
    lines = [(0, 27 - at, BREAD, offer) for at, offer in enumerate(offers)]
    answers = ask([*OLD, *lines, (1, 20, BREAD, False)])
    assert told(answers, "on_offer") == {70: is_so, 71: False}  # 72 buys nothing then


def test_a_category_is_new_once() -> None:
    lines = [(0, 13, CHEESE, False), (1, 13, BREAD, False), (2, 15, CHEESE, False)]
    again = [(2, 12, CHEESE, False)]
    assert told(ask(OLD + lines + again), "new_category") == {70: True, 71: False, 72: False}


def test_what_is_sensitive_makes_no_category_new() -> None:
    lines, hidden = [*OLD, (0, 13, WINE, False)], SensitiveProducts(np.array([WINE]), NOTHING)
    assert told(ask(lines), "new_category")[70]
    assert not told(ask(lines, hidden), "new_category")[70]
