"""Each unit's frozen share: exact in every order of returning, down to each offer."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from orders.core.refunds import split_units, units_share


@given(
    st.integers(0, 5_000),
    st.integers(1, 30),
    st.lists(st.integers(0, 100), max_size=5),
    st.integers(0, 3_000),
    st.randoms(use_true_random=False),
)
def test_any_units_in_any_order_sum_to_what_was_paid(
    quoted: int, quantity: int, weights: list[int], tax: int, rng: random.Random
) -> None:
    whole = quoted * quantity
    reductions = [whole * weight // max(1, sum(weights)) for weight in weights]
    shares = split_units(
        quoted_minor=quoted,
        quantity=quantity,
        adjustments_minor=reductions,
        tax_added_minor=tax,
    )
    total = whole - sum(reductions) + tax
    assert sum(share.paid_minor for share in shares) == total
    for at, reduction in enumerate(reductions):
        assert sum(share.adjustments_minor[at] for share in shares) == reduction
    for share in shares:
        assert min(share.paid_minor, share.tax_added_minor, *share.adjustments_minor, 0) == 0
        off = sum(share.adjustments_minor)
        assert share.paid_minor == share.quoted_minor - off + share.tax_added_minor
    back = 0
    while back < quantity:
        more = rng.randint(1, quantity - back)
        given_back = units_share(total, quantity, refunded=back, more=more)
        assert given_back == sum(share.paid_minor for share in shares[back : back + more])
        back += more
