"""Who gets which arm: sticky, exclusive within a namespace, independent between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.experiments.core.assignment import (
    SLOTS,
    ArmPlan,
    BadDesign,
    ExperimentPlan,
    Targeting,
    UnitFacts,
    assign,
    cap_price,
    check_arms,
    find_slots,
)

HALF = (ArmPlan("plain", 0.5, is_control=True), ArmPlan("new", 0.5))
PLAN = ExperimentPlan("picks", "s1", HALF, "home", "layer")
UNITS = [UnitFacts(f"shopper-{one}", market_code="us") for one in range(10_000)]


def count(plan: ExperimentPlan, code: str) -> int:
    found = [assign(plan, unit) for unit in UNITS]
    return sum(one.is_measured and one.arm.code == code for one in found)


def test_arms_get_their_shares() -> None:
    # Four standard deviations of a fair coin thrown ten thousand times are 200.
    assert abs(count(PLAN, "new") - 5_000) < 200
    uneven = replace(PLAN, arms=(replace(HALF[0], share=0.9), replace(HALF[1], share=0.1)))
    assert abs(count(uneven, "new") - 1_000) < 120


@given(st.text(max_size=40), st.floats(0.01, 0.99))
def test_the_answer_never_changes_by_itself(unit: str, share: float) -> None:
    arms = (ArmPlan("plain", 1.0 - share, is_control=True), ArmPlan("new", share))
    plan = replace(PLAN, arms=arms)
    assert assign(plan, UnitFacts(unit)) == assign(plan, UnitFacts(unit))


@given(st.text(max_size=40), st.floats(0.01, 0.99), st.sampled_from(["plain", "new"]))
def test_who_saw_an_arm_keeps_it_when_shares_move(unit: str, share: float, kept: str) -> None:
    arms = (ArmPlan("plain", 1.0 - share, is_control=True), ArmPlan("new", share))
    moved = replace(PLAN, arms=arms, revision=2, first_slot=0, end_slot=1)
    found = assign(moved, UnitFacts(unit), kept=kept)
    assert (found.arm.code, found.why, found.is_measured) == (kept, "kept", True)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_experiments_of_a_namespace_never_meet(wanted: list[int]) -> None:
    taken: list[tuple[int, int]] = []
    for one in wanted:
        if sum(wanted[: len(taken) + 1]) > SLOTS:
            with pytest.raises(BadDesign):
                find_slots(taken, one)
            return
        taken.append(find_slots(taken, one))
    owned = [slot for first, end in taken for slot in range(first, end)]
    assert len(owned) == len(set(owned)) == sum(wanted)


def test_experiments_of_one_namespace_share_nobody_but_others_do() -> None:
    left = replace(PLAN, end_slot=500)
    right = replace(PLAN, code="other", salt="s3", first_slot=500)
    elsewhere = replace(right, namespace_salt="another layer")
    both = [[assign(plan, unit).is_measured for unit in UNITS] for plan in (left, right, elsewhere)]
    inside = np.array(both)
    assert not (inside[0] & inside[1]).any()
    assert (inside[0] | inside[1]).all()
    # Independent: a quarter of all are in both halves of different namespaces.
    assert abs((inside[0] & inside[2]).sum() - 2_500) < 180


def test_arms_of_two_experiments_are_independent() -> None:
    other = replace(PLAN, code="other", salt="s9")
    pairs = [(assign(PLAN, u).arm.code, assign(other, u).arm.code) for u in UNITS]
    assert abs(pairs.count(("new", "new")) - 2_500) < 180


def test_holdouts_get_the_plain_arm_and_are_not_measured() -> None:
    held = replace(PLAN, holdout_share=0.1, global_holdout_share=0.05)
    found = [assign(held, unit) for unit in UNITS]
    whys = [one.why for one in found]
    assert abs(whys.count("global_holdout") - 500) < 90
    assert abs(whys.count("holdout") - 950) < 120
    assert {one.arm.code for one in found if "holdout" in one.why} == {"plain"}
    assert not any(one.is_measured for one in found if "holdout" in one.why)


def test_the_global_holdout_is_the_same_in_every_namespace() -> None:
    held = replace(PLAN, global_holdout_share=0.05)
    elsewhere = replace(held, namespace_salt="another layer", salt="s4")

    def out(plan: ExperimentPlan) -> set[str]:
        return {unit.unit for unit in UNITS if assign(plan, unit).why == "global_holdout"}

    assert out(held) == out(elsewhere) != set()


def test_a_no_is_effective_at_once_whatever_was_kept() -> None:
    found = assign(PLAN, UnitFacts("alice", is_willing=False), kept="new")
    assert (found.arm.code, found.is_measured, found.why) == ("plain", False, "no_consent")


@pytest.mark.parametrize(
    ("targeting", "fits"),
    [
        (Targeting(), True),
        (Targeting(markets=frozenset({"cn"})), False),
        (Targeting(channels=frozenset({"online"})), True),
        (Targeting(segments=frozenset({"bakers"})), False),
        (Targeting(tags=frozenset({"new", "fresh"})), True),
        (Targeting(members=True), False),
        (Targeting(members=False), True),
    ],
)
def test_targeting(targeting: Targeting, fits: bool) -> None:
    unit = UnitFacts("alice", market_code="us", tags=frozenset({"new"}))
    found = assign(replace(PLAN, targeting=targeting), unit)
    assert (found.is_measured, found.why == "not_targeted") == (fits, not fits)


@pytest.mark.parametrize(
    ("arms", "told"),
    [
        (HALF[:1], "at least two"),
        ((HALF[0], replace(HALF[1], code="plain")), "same code"),
        ((replace(HALF[0], is_control=False), HALF[1]), "Exactly one"),
        ((HALF[0], replace(HALF[1], is_control=True)), "Exactly one"),
        ((HALF[0], replace(HALF[1], share=0.4)), "add up"),
        ((replace(HALF[0], share=1.0), replace(HALF[1], share=0.0)), "above zero"),
        ((HALF[0], replace(HALF[1], price_factor=1.01)), "above the public price"),
        ((HALF[0], replace(HALF[1], price_factor=float("nan"))), "above the public price"),
        ((replace(HALF[0], price_factor=0.9), HALF[1]), "shows the public price"),
    ],
)
def test_designs_that_cannot_be_run_are_refused(arms: tuple[ArmPlan, ...], told: str) -> None:
    with pytest.raises(BadDesign, match=told):
        check_arms(arms)


@given(st.integers(1, 10**9), st.floats(0.01, 5.0))
def test_no_arm_ever_shows_more_than_the_public_price(public: int, factor: float) -> None:
    price = cap_price(public, ArmPlan("new", 0.5, price_factor=factor))
    assert 0 <= price <= public
    assert price >= int(public * min(1.0, factor)) - 1
