"""Sets of units: the grouping that saves most, against trying all groupings of few units."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.benefits.apply import reduce_units
from promotions.engine.core.benefits.bundles import save_on_bundles
from promotions.engine.core.benefits.lines import OpenLine, Run, list_runs
from promotions.engine.core.benefits.sets import (
    save_on_groups,
    save_on_other_products,
    save_on_same_products,
)
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, Part
from promotions.engine.core.carts import EVERYTHING, Scope
from promotions.engine.core.values import Benefit, BenefitKind, Target

prices = st.lists(st.integers(0, 20), min_size=1, max_size=6)


def _runs(values: list[int]) -> list[Run]:
    return list_runs(
        [OpenLine(str(i), 1, value, 0) for i, value in enumerate(values)], range(len(values))
    )


def _free(value: int) -> int:
    return value


@settings(max_examples=150, deadline=None)
@given(prices, st.integers(2, 3), st.integers(1, 2))
def test_of_all_groupings_the_free_ones_are_worth_most(
    values: list[int], size: int, free: int
) -> None:
    free = min(free, size - 1)
    best = 0
    for order in permutations(values):
        blocks = [order[i : i + size] for i in range(0, len(order), size)]
        full = [sorted(block) for block in blocks if len(block) == size]
        best = max(best, sum(sum(block[:free]) for block in full))
    assert (
        save_on_same_products(_runs(values), GroupOf(size, free), _free, None).amount_minor == best
    )


@settings(max_examples=150, deadline=None)
@given(prices, st.integers(2, 3), st.integers(1, 40))
def test_of_all_groups_those_that_save_most_are_made(
    values: list[int], size: int, price: int
) -> None:
    best = 0
    for order in permutations(values):
        blocks = [order[i : i + size] for i in range(0, len(order), size)]
        best = max(best, sum(max(0, sum(b) - price) for b in blocks if len(b) == size))
    assert save_on_groups(_runs(values), size, price, None).amount_minor == best


@settings(max_examples=150, deadline=None)
@given(prices, st.lists(st.integers(0, 3), min_size=6, max_size=6), st.integers(1, 40))
def test_of_all_bundles_those_are_made_that_save_most(
    values: list[int], places: list[int], price: int
) -> None:
    """A unit's place says (as bits) which of the two parts it fits."""
    runs = _runs(values)
    pools = [[run for run in runs if places[run.at] >> part & 1] for part in (0, 1)]
    best = 0
    fits = range(len(values))
    for pairs in (1, 2, 3):
        for chosen in combinations(fits, 2 * pairs):
            is_possible = any(
                all(places[i] & 1 for i in first)
                and all(places[i] & 2 for i in chosen if i not in first)
                for first in combinations(chosen, pairs)
            )
            if is_possible:
                best = max(best, sum(values[i] for i in chosen) - pairs * price)
    bundle = Bundle((Part(EVERYTHING), Part(EVERYTHING)))
    saving = save_on_bundles(pools, bundle, lambda worth, count: worth - count * price, None)
    assert saving.amount_minor == best


def test_buy_some_get_others_takes_the_dearest_of_the_others() -> None:
    bought, got = [Run(900, 4, 0, 900)], [Run(500, 1, 1, 500), Run(200, 5, 2, 200)]
    saving = save_on_other_products(bought, got, BuyGet(2, 1), _free, None)
    assert saving.amount_minor == 700
    assert saving.used == (Run(900, 4, 0, 900), Run(500, 1, 1, 500), Run(200, 1, 2, 200))
    assert save_on_other_products(bought, got, BuyGet(2, 1), _free, 1).amount_minor == 500
    assert save_on_other_products([], got, BuyGet(2, 1), _free, None).amount_minor == 0


def test_two_bought_and_one_got_is_enough() -> None:
    assert save_on_same_products(_runs([9, 8, 7]), BuyGet(2, 2), _free, None).amount_minor == 7
    assert save_on_same_products(_runs([9, 8]), BuyGet(2, 2), _free, None).amount_minor == 0


def test_what_a_set_saves_is_spread_over_all_its_units() -> None:
    free = Benefit(
        BenefitKind.CHEAPEST_FREE, Target.CART, percent=Decimal(100), terms=GroupOf(2, 1)
    )
    lines = [OpenLine("wine", 1, 900, 0), OpenLine("bread", 1, 300, 0), OpenLine("milk", 1, 100, 0)]
    assert reduce_units(free, lines).parts == [225, 75, 0]
    at_floor = [OpenLine("wine", 1, 900, 800), OpenLine("bread", 1, 300, 250)]
    assert reduce_units(free, at_floor).parts == [100, 50]


def test_other_goods_and_parts_have_pools_of_their_own() -> None:
    half = Benefit(
        BenefitKind.BUY_GET,
        Target.CART,
        percent=Decimal(50),
        terms=BuyGet(1, 1, Scope(category_ids=frozenset({2}))),
    )
    lines = [OpenLine("wine", 2, 1_800, 0), OpenLine("bread", 1, 300, 0)]
    assert reduce_units(half, lines, [(0,), (1,)]).parts == [113, 37]
    together = Benefit(
        BenefitKind.BUNDLE,
        Target.CART,
        amount_minor=1_000,
        terms=Bundle((Part(EVERYTHING), Part(EVERYTHING))),
    )
    assert reduce_units(together, lines, [(0,), (1,)]).parts == [150, 50]
