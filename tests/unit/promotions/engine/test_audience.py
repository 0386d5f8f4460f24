"""Counting shoppers: three-valued logic on columns equals asking each shopper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promotions.engine.core.carts import OrderHistory, ShopperFacts
from promotions.engine.core.conditions import tree as c
from promotions.engine.core.conditions.audience import (
    ShopperTable,
    asks_cart,
    match_shoppers,
    relax_shopper,
)
from tests.factories.promotions import make_cart

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SEGMENTS = ("loyal", "rare")
LEAVES: list[c.Condition] = [
    c.Member(),
    c.FirstOrder(),
    c.Newcomer(is_new=True),
    c.Newcomer(is_new=False),
    c.SegmentIn(frozenset({"loyal"})),
    c.HasTag(frozenset({"baker"})),
    c.LastOrder(10, None),
    c.LastOrder(None, 40),
    c.OrdersIn(90, 2, 5),
    c.SpentIn(30, None, 5_000),
]


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> c.Condition:
    """Draw a tree over the shopper."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    parts = tuple(draw(st.lists(trees(depth - 1), min_size=2, max_size=3, unique=True)))
    shape = draw(st.sampled_from(("all", "any", "one", "not")))
    if shape == "not":
        return c.Not(parts[0])
    if shape == "one":
        return c.ExactlyOne(parts)
    return c.All(parts) if shape == "all" else c.Any(parts)


def draw_shoppers(n: int, seed: int) -> tuple[ShopperTable, list[ShopperFacts]]:
    """Return n shoppers as columns and one by one."""
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 8, n)
    ago = rng.integers(1, 90, n)
    table = ShopperTable(
        is_member=rng.random(n) < 0.5,
        agrees=rng.random(n) < 0.7,
        has_ordered=count > 0,
        last_at=np.where(count > 0, NOW.timestamp() - ago * 86_400.0, np.nan),
        segment=rng.integers(-1, 2, n),
        segments=SEGMENTS,
        tags={"baker": rng.random(n) < 0.3},
        counts={90: count},
        spent={30: rng.integers(0, 10_000, n)},
    )
    return table, [_facts(table, i, int(ago[i])) for i in range(n)]


def _facts(table: ShopperTable, i: int, ago: int) -> ShopperFacts:
    has_ordered, code = bool(table.has_ordered[i]), int(table.segment[i])
    agrees = bool(table.agrees[i])
    history = OrderHistory(
        NOW - timedelta(days=ago) if has_ordered else None,
        {90: int(table.counts[90][i])},
        {30: int(table.spent[30][i])},
    )
    return ShopperFacts(
        shopper_id=i,
        is_member=bool(table.is_member[i]),
        is_first_order=not has_ordered,
        segment=SEGMENTS[code] if code >= 0 else None,
        tags=frozenset({"baker"}) if table.tags["baker"][i] else frozenset(),
        history=history if agrees else None,
        is_private=not agrees,
    )


@given(trees(), st.integers(0, 1_000))
def test_the_columns_say_of_every_shopper_what_the_condition_says(
    condition: c.Condition, seed: int
) -> None:
    table, shoppers = draw_shoppers(30, seed)
    asked = [
        not condition.failures(c.Circumstances(make_cart(), shopper, NOW)) for shopper in shoppers
    ]
    assert match_shoppers(condition, table, NOW.timestamp()).tolist() == asked


def test_what_the_cart_decides_counts_as_possible_either_way() -> None:
    table, _shoppers = draw_shoppers(200, 1)
    big = c.CartHas(min_value_minor=10**9)
    members = int(table.is_member.sum())
    for condition in (c.All((c.Member(), big)), c.All((c.Member(), c.Not(big)))):
        assert int(match_shoppers(condition, table, 0.0).sum()) == members
        assert asks_cart(condition)
    assert not asks_cart(c.Any((c.Member(), c.FirstOrder())))


def test_who_did_not_agree_is_counted_on_neither_side() -> None:
    table, _shoppers = draw_shoppers(500, 2)
    loyal = c.SegmentIn(frozenset({"loyal"}))
    either = match_shoppers(loyal, table, 0.0) | match_shoppers(c.Not(loyal), table, 0.0)
    assert either.tolist() == table.agrees.tolist()


def test_the_cart_part_keeps_what_is_not_about_the_shopper() -> None:
    big, late = c.CartHas(min_value_minor=5), c.ChannelIn(frozenset({"store"}))
    assert relax_shopper(c.All((c.Member(), big, late))) == c.All((big, late))
    assert relax_shopper(c.Any((c.Member(), big))) == c.ALWAYS


def test_a_million_shoppers_are_counted_in_well_under_two_seconds() -> None:
    n, rng = 1_000_000, np.random.default_rng(3)
    yes = rng.random(n) < 0.5
    table = ShopperTable(yes, ~yes, yes, np.zeros(n), rng.integers(0, 2, n), SEGMENTS)
    condition = c.All((c.Member(), c.Not(c.SegmentIn(frozenset({"loyal"})))))
    started = perf_counter()
    assert int(match_shoppers(condition, table, 0.0).sum()) == 0
    assert perf_counter() - started < 2.0
