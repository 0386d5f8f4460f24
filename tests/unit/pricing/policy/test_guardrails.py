"""The gate: whatever a model says, what comes out obeys every bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.price_points import share_up
from pricing.base.core.values import Policy
from pricing.policy.core import PublicBounds, apply_gate, apply_public_gate, name_actions
from tests.factories.pricing_fuzz import fuzz_gates

numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1e3, 1e5)
prices = st.integers(1, 100_000)


@given(
    st.lists(st.tuples(numbers, prices, prices), min_size=1, max_size=10),
    st.floats(0, 0.3),
    st.booleans(),
    st.booleans(),
)
def test_a_personal_price_never_escapes(
    cases: list[tuple[float, int, int]], cap: float, is_allowed: bool, is_stale: bool
) -> None:
    proposed, public, floor = (np.array(column) for column in zip(*cases, strict=True))
    gated = apply_gate(
        proposed,
        public,
        floor,
        Policy(personal_cap=cap),
        is_allowed=is_allowed,
        is_stale=is_stale,
    )
    assert (gated.minor <= public).all()
    assert (gated.minor >= np.minimum(share_up(public, 1 - cap), public)).all()
    assert (gated.minor >= np.minimum(floor, public)).all()
    if is_stale or not is_allowed:
        assert (gated.minor == public).all()


@pytest.mark.parametrize(
    ("proposed", "expected", "actions"),
    [
        (389.0, 389, ()),
        (float("nan"), 400, ("not_a_price",)),
        (float("inf"), 400, ("not_a_price",)),
        (-5.0, 400, ("not_a_price",)),
        (0.0, 400, ("not_a_price",)),
        (3_890.0, 400, ("absurd",)),
        (3.89, 400, ("absurd",)),
        (450.0, 400, ("above_public",)),
        (320.0, 360, ("below_cap",)),
    ],
)
def test_each_kind_of_nonsense_has_its_answer(
    proposed: float, expected: int, actions: tuple[str, ...]
) -> None:
    gated = apply_gate([proposed], np.array([400]), np.array([300]), Policy())
    assert gated.minor.tolist() == [expected]
    assert name_actions(int(gated.actions[0])) == actions


def bounds(**changes: int | bool) -> PublicBounds:
    known = {
        "current_minor": 400,
        "floor_minor": 300,
        "ceiling_minor": 500,
        "highest_24h": 400,
        "lowest_24h": 400,
        "changes_24h": 0,
        "is_held": False,
        "emergency_minor": 1_000_000,
    }
    return PublicBounds(**{name: np.array([v]) for name, v in (known | changes).items()})


@pytest.mark.parametrize(
    ("proposed", "changes", "expected", "actions"),
    [
        (409.0, {}, 409, ()),
        (470.0, {}, 440, ("step_cap",)),
        (330.0, {}, 360, ("step_cap",)),
        (409.0, {"is_held": True}, 400, ("hold",)),
        (409.0, {"changes_24h": 4}, 400, ("too_many_changes",)),
        (290.0, {"floor_minor": 380}, 380, ("below_floor",)),
        (430.0, {"ceiling_minor": 420}, 420, ("above_ceiling",)),
        (430.0, {"emergency_minor": 410}, 410, ("above_emergency_cap",)),
        (400.0, {"emergency_minor": 300, "is_held": True}, 300, ("above_emergency_cap",)),
        (430.0, {"lowest_24h": 380, "highest_24h": 400}, 418, ("step_cap",)),
        (float("nan"), {}, 400, ("not_a_price",)),
    ],
)
def test_the_public_gate_holds_each_bound(
    proposed: float, changes: dict[str, int], expected: int, actions: tuple[str, ...]
) -> None:
    gated = apply_public_gate([proposed], bounds(**changes), Policy())
    assert gated.minor.tolist() == [expected]
    assert name_actions(int(gated.actions[0])) == actions


def test_twenty_thousand_fuzzed_outputs_make_no_escape() -> None:
    assert fuzz_gates(cases=20_000, seed=11) == 0
