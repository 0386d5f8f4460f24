"""The crossing between floats and money, and the ladder prices stand on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.price_points import (
    MAX_PERSONAL_RUNGS,
    NOT_A_PRICE,
    neighbour_price_points,
    personal_price_points,
    price_ladder,
    share_down,
    share_up,
    to_minor,
)

LADDER = frozenset(price_ladder().tolist())
amounts = st.integers(1, 1_000_000)
anything = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(anything, min_size=1, max_size=20))
def test_whatever_goes_in_a_price_or_a_refusal_comes_out(values: list[float]) -> None:
    minor = to_minor(values)
    assert ((minor == NOT_A_PRICE) | (minor >= 1)).all()


@given(amounts)
def test_half_is_rounded_up(amount: int) -> None:
    assert to_minor([amount + 0.5, amount + 0.49]).tolist() == [amount + 1, amount]


@given(amounts, st.integers(0, 30))
def test_shares_never_pass_their_bound(amount: int, percent: int) -> None:
    low, high = int(share_up(amount, 1 - percent / 100)), int(share_down(amount, 1 + percent / 100))
    assert low * 100 >= amount * (100 - percent) > (low - 1) * 100
    assert high * 100 <= amount * (100 + percent) < (high + 1) * 100


@given(st.integers(5, 1_000_000))
def test_neighbours_are_the_next_rungs(amount: int) -> None:
    below, above = (int(side[0]) for side in neighbour_price_points(np.array([amount])))
    between = price_ladder()[(price_ladder() > below) & (price_ladder() < above)].tolist()
    assert below <= amount <= above
    assert between in ([], [amount])


@given(
    st.lists(amounts, min_size=1, max_size=8),
    st.floats(0, 0.3),
    st.floats(0.2, 1.2),
)
def test_personal_rungs_obey_cap_and_floor(
    public: list[int], cap: float, floor_share: float
) -> None:
    prices = np.array(public)
    floor = np.maximum((prices * floor_share).astype(np.int64), 1)
    price_points = personal_price_points(prices, floor, cap)
    assert price_points.shape[1] <= MAX_PERSONAL_RUNGS
    assert (price_points[:, 0] == prices).all()
    lowest = np.minimum(np.maximum(share_up(prices, 1 - cap), floor), prices)
    assert (price_points >= lowest[:, None]).all()
    assert (price_points <= prices[:, None]).all()


def test_a_ladder_has_the_steps_people_expect() -> None:
    cases = [
        (400, [399, 389, 379, 369]),
        (199, [195, 189, 185]),
        (1999, [1979, 1949, 1929, 1899, 1879, 1849, 1829]),
        (89, [85]),
    ]
    for price, expected in cases:
        price_points = personal_price_points(np.array([price]), np.array([1]), 0.10)[0]
        assert [r for r in price_points.tolist() if r < price] == expected


def test_yen_and_dinar_climb_in_their_own_units() -> None:
    assert neighbour_price_points(np.array([398]), exponent=0)[1].tolist() == [399]
    assert neighbour_price_points(np.array([3_980]), exponent=3)[1].tolist() == [3_990]
