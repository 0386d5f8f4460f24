"""Reference prices against an oracle that looks at every day of every product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from pricing.base.core.reference import (
    DAY,
    MIN_LIST_SHARE,
    REASONS,
    STRATEGIES,
    PaidRows,
    PriceSeries,
    find_references,
    list_share,
    lowest_between,
)

SKUS, DAYS, FIRST_JUDGED = 1_000, 400, 40


@dataclass(frozen=True, slots=True)
class World:
    """Public prices and sales of every product on every day, (SKUS, DAYS); units 0: no sale."""

    price: np.ndarray
    listed: np.ndarray
    paid: np.ndarray
    units: np.ndarray


@pytest.fixture(scope="module")
def world() -> World:
    """Prices that fall, climb and stay; a tenth of the products are new in the middle."""
    rng = np.random.default_rng(21)
    listed = rng.integers(200, 900, SKUS)
    price = np.empty((SKUS, DAYS), dtype=np.int64)
    now = listed.copy()
    for day in range(DAYS):
        moves = rng.random(SKUS) < 0.06
        target = (listed * rng.choice([1.0, 1.0, 0.9, 0.8, 0.7, 0.6], SKUS)).astype(np.int64)
        now = np.where(moves, target, now)
        price[:, day] = now
    born = np.where(rng.random(SKUS) < 0.1, rng.integers(30, 300, SKUS), 0)
    price[np.arange(DAYS)[None, :] < born[:, None]] = 0
    units = np.where(rng.random((SKUS, DAYS)) < 0.15, rng.integers(1, 4, (SKUS, DAYS)), 0)
    units[price == 0] = 0
    paid = np.maximum(price - rng.choice([0, 0, 0, 10, 30], (SKUS, DAYS)), 1)
    return World(price, listed, paid, units)


def series_of(world: World) -> PriceSeries:
    before = np.concatenate([np.zeros((SKUS, 1), dtype=np.int64), world.price[:, :-1]], axis=1)
    changed = (world.price != before) & (world.price > 0)
    sku, day = np.nonzero(changed)
    counts = np.bincount(sku, minlength=SKUS)
    return PriceSeries(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        start=day * DAY,
        amount=world.price[sku, day],
    )


def paid_of(world: World) -> PaidRows:
    sku, day = np.nonzero(world.units)
    return PaidRows(sku, day * DAY, world.paid[sku, day], world.units[sku, day])


def sales(world: World, sku: int, since: int, until: int) -> list[int]:
    """Return the price of every unit sold on days [since, until), ascending."""
    days = range(max(0, since), until)
    units = [world.paid[sku, d] for d in days for _ in range(world.units[sku, d])]
    return sorted(int(price) for price in units)


def judge(world: World, sku: int, today: int) -> dict[str, tuple[int, str]]:
    """Look at every day: what may stand beside the price of `sku` at the end of `today`?"""
    price = world.price[sku]
    start = None
    for day in range(1, today + 1):
        if price[day] < price[day - 1]:
            start = day if start is None else start
        elif price[day] > price[day - 1]:
            start = None
    if start is None or price[start - 1] == 0:
        return dict.fromkeys(STRATEGIES, (0, "no_reduction"))
    window = price[max(0, start - 30) : start]
    low30 = int(window.min()) if start >= 30 and (window > 0).all() else 0
    week, last = sales(world, sku, start - 7, start), last_sale(world, sku, start)
    quarter = sales(world, sku, start - 90, start)
    share = sum(p >= low30 for p in quarter) / len(quarter) if quarter else 0.0
    amounts = (
        low30,
        week[0] if week else last,
        quarter[(len(quarter) - 1) // 2] if quarter else 0,
        low30 if share >= MIN_LIST_SHARE else 0,
    )
    recent = sales(world, sku, today + 1 - 90, today + 1)
    at_list = sum(p >= world.listed[sku] for p in recent)
    is_genuine = bool(recent) and at_list / len(recent) >= MIN_LIST_SHARE
    return {
        name: rule(amount, int(price[today]), is_genuine)
        for name, amount in zip(STRATEGIES, amounts, strict=True)
    }


def last_sale(world: World, sku: int, start: int) -> int:
    days = np.flatnonzero(world.units[sku, :start])
    return int(world.paid[sku, days[-1]]) if len(days) else 0


def rule(amount: int, now: int, is_genuine: bool) -> tuple[int, str]:
    if amount <= 0:
        return 0, "no_history"
    if amount <= now:
        return 0, "not_below"
    return (amount, "") if is_genuine else (0, "list_not_genuine")


def judged_days() -> Iterator[int]:
    yield from range(FIRST_JUDGED, DAYS, 9)


def test_every_answer_is_the_oracles(world: World) -> None:
    series, paid = series_of(world), paid_of(world)
    rng = np.random.default_rng(3)
    compared = 0
    for today in judged_days():
        found = find_references(series, paid, world.listed, (today + 1) * DAY - 1)
        for sku in rng.choice(SKUS, 200, replace=False).tolist():
            expected = judge(world, sku, today)
            answer = {
                name: (int(found[name].amount[sku]), REASONS[int(found[name].reason[sku])])
                for name in STRATEGIES
            }
            assert answer == expected, (sku, today)
            compared += 1
    assert compared == 8_000


def test_every_kind_of_answer_occurs(world: World) -> None:
    series, paid = series_of(world), paid_of(world)
    reasons = {
        REASONS[int(code)]
        for today in judged_days()
        for code in find_references(series, paid, world.listed, today * DAY)[STRATEGIES[0]].reason
    }
    assert reasons == set(REASONS)


def test_the_window_ends_where_the_reduction_begins_not_today() -> None:
    series = PriceSeries(np.array([0, 2]), np.array([0, 100 * DAY]), np.array([500, 400]))
    paid = PaidRows(*(np.array([v]) for v in (0, 139 * DAY, 500, 1)))
    for day in (101, 129, 140):
        found = find_references(series, paid, np.array([500]), day * DAY)
        expected = 500 if day == 140 else 0
        assert found[STRATEGIES[0]].amount.tolist() == [expected]


def test_progressive_reductions_keep_their_first_basis() -> None:
    starts = np.array([0, 50 * DAY, 60 * DAY, 70 * DAY])
    series = PriceSeries(np.array([0, 4]), starts, np.array([500, 450, 400, 350]))
    paid = PaidRows(*(np.array([v]) for v in (0, 49 * DAY, 500, 1)))
    found = find_references(series, paid, np.array([500]), 71 * DAY)
    assert [int(found[name].amount[0]) for name in STRATEGIES] == [500] * 4


def test_nothing_sold_is_no_genuine_list_price() -> None:
    none = PaidRows(*(np.zeros(0, dtype=np.int64) for _ in range(4)))
    assert np.isnan(list_share(none, np.array([500]), DAY)).tolist() == [True]


def test_the_lowest_price_counts_the_one_held_before() -> None:
    series = PriceSeries(np.array([0, 3, 3]), np.array([0, 10, 20]), np.array([5, 3, 4]))
    cases = [(2, 9, 5), (2, 10, 3), (12, 30, 3), (21, 30, 4), (-5, -1, 0)]
    for since, until, expected in cases:
        low = lowest_between(series, np.array([since, since]), np.array([until, until]))
        assert low.tolist() == [expected, 0]
