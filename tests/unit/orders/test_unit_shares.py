"""Each unit's frozen share: exact in every order of returning."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from orders.order.core import units_share


@given(st.integers(0, 150_000), st.integers(1, 30), st.randoms(use_true_random=False))
def test_any_units_in_any_order_sum_to_what_was_paid(
    total: int, quantity: int, rng: random.Random
) -> None:
    ones = [units_share(total, quantity, refunded=unit, more=1) for unit in range(quantity)]
    assert sum(ones) == total
    assert max(ones) - min(ones) <= 1
    back = 0
    while back < quantity:
        more = rng.randint(1, quantity - back)
        given_back = units_share(total, quantity, refunded=back, more=more)
        assert given_back == sum(ones[back : back + more])
        back += more
