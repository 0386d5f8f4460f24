"""One benefit on open lines: rounding, caps, floors."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.engine.core.benefits.apply import reduce_units
from promotions.engine.core.benefits.lines import OpenLine, spread
from promotions.engine.core.values import Benefit, Target
from shop.ground.kernel.money import share_minor
from tests.factories.promotions import amount_off, benefits, percent_off

THREE_ALIKE = [(1, 100, 0), (1, 100, 0), (1, 100, 0)]
NEARLY_AT_FLOOR = [(1, 1_000, 900), (1, 1_000, 0)]

CASES = [
    # case, benefit, lines as (quantity, left, floor), expected reductions
    ("a tenth of 9.99 is 1.00, half up", percent_off("10"), [(1, 999, 0)], [100]),
    ("half a cent rounds up", percent_off("10"), [(1, 5, 0)], [1]),
    ("each line rounds for itself", percent_off("10"), [(1, 5, 0), (1, 5, 0)], [1, 1]),
    ("of the cart: once", percent_off("10", Target.CART), [(1, 5, 0), (1, 5, 0)], [1, 0]),
    ("the floor stops a percentage", percent_off("50"), [(1, 1_000, 800)], [200]),
    ("a price below its floor is left alone", percent_off("50"), [(1, 700, 800)], [0]),
    ("a cap is shared", percent_off("50", cap=100), [(1, 300, 0), (1, 100, 0)], [75, 25]),
    ("an amount on units counts pieces", amount_off(50, Target.UNIT), [(3, 600, 0)], [150]),
    ("an amount on lines does not", amount_off(50, Target.LINE), [(3, 600, 0)], [50]),
    ("never a negative line", amount_off(900, Target.LINE), [(1, 600, 0)], [600]),
    ("a cart amount is prorated to the cent", amount_off(100), THREE_ALIKE, [34, 33, 33]),
    ("what a floor refuses goes elsewhere", amount_off(500), NEARLY_AT_FLOOR, [100, 400]),
    ("no more than all floors allow", amount_off(5_000), [(1, 1_000, 900)], [100]),
    ("nothing in scope, nothing off", amount_off(500), [], []),
]


@pytest.mark.parametrize(("_case", "benefit", "lines", "expected"), CASES)
def test_benefit_takes_exactly_this_off(
    _case: str, benefit: Benefit, lines: list[tuple[int, int, int]], expected: list[int]
) -> None:
    open_lines = [OpenLine(str(i), *line) for i, line in enumerate(lines)]
    assert reduce_units(benefit, open_lines).parts == expected


@given(st.integers(0, 10_000_000), st.decimals("0.01", 100, places=2))
def test_integer_percentage_equals_the_kernel_s_decimal_one(amount: int, percent: Decimal) -> None:
    assert reduce_units(percent_off(str(percent)), [OpenLine("a", 1, amount, 0)]).parts == [
        share_minor(amount, percent)
    ]


open_lines_drawn = st.lists(
    st.builds(
        OpenLine,
        st.just("line"),
        st.integers(1, 5),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
    ),
    max_size=6,
)


@given(benefits(), open_lines_drawn)
def test_no_benefit_passes_a_floor_or_its_cap(benefit: Benefit, lines: list[OpenLine]) -> None:
    taken = reduce_units(benefit, lines).parts
    assert all(0 <= part <= line.room_minor for part, line in zip(taken, lines, strict=True))
    assert benefit.cap_minor is None or sum(taken) <= benefit.cap_minor


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=8), st.data()
)
def test_spread_loses_no_cent_and_overfills_no_line(
    pairs: list[tuple[int, int]], data: st.DataObject
) -> None:
    weights, rooms = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    total = data.draw(st.integers(0, sum(rooms)))
    parts = spread(total, weights, rooms)
    assert sum(parts) == total
    assert all(0 <= part <= room for part, room in zip(parts, rooms, strict=True))
