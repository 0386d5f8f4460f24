"""Feasible public prices: every rule is kept, and gives way in one order only when it must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import Objective, Policy
from pricing.optimum.core.choose import Choice, choose_public
from pricing.optimum.core.explain import say_rule, say_why
from pricing.optimum.core.feasible import (
    RELAXED_IN_ORDER,
    RULES,
    Limits,
    example_limits,
    find_feasible,
    name_rules,
)
from pricing.optimum.core.joint import DemandTerms
from pricing.publishing.core.quality import BADGES
from tests.factories.pricing_limits import draw_limits, fuzz_choices, fuzz_limits

Row = dict[str, int]
prices = st.integers(250, 600)


def limits_of(**changes: int | bool) -> Limits:
    """Return the limits of one variant at 400, wide where nothing else is said."""
    wide = example_limits(current=400, floor=1, ceiling=10**9, step=0.5)
    return replace(wide, **{name: np.array([value]) for name, value in changes.items()})


def list_slowly(limits: Limits) -> tuple[list[int], list[str]]:
    """Return the feasible prices and the rules that gave way, rule by rule in plain Python."""
    row = {name: int(getattr(limits, name)[0]) for name in Limits.__slots__}
    soft = {
        "step_cap": (row["step_low"], row["step_high"]),
        "target_margin": (row["target_minor"], 10**9),
        "competitor_band": (1, row["band_high"]),
    }
    hard = [(row["floor_minor"], row["ceiling_minor"]), (row["rung_low"], row["rung_high"])]
    tried = {*price_ladder().tolist(), row["current_minor"], row["anchor_minor"]}
    tried = {p for p in tried if all(low <= p <= high for low, high in hard)}
    if not tried:
        return [row["current_minor"]], ["no_feasible_price"]
    dropped = []
    for name in reversed(RELAXED_IN_ORDER):
        low, high = soft[name]
        kept = {p for p in tried if low <= p <= high}
        tried = kept or tried
        dropped += [] if kept else [name]
        if name == "target_margin":
            # Not even then does a price move away from the margin aimed at.
            near = min(row["target_minor"], row["current_minor"])
            tried = {p for p in tried if p >= near} or tried
    return sorted(tried), sorted(dropped, key=RULES.index)


@settings(deadline=None, max_examples=300)
@given(st.tuples(*(prices for _ in range(10))))
def test_the_set_is_the_one_found_rule_by_rule(drawn: tuple[int, ...]) -> None:
    names = [name for name in Limits.__slots__ if name != "is_cooling"]
    limits = limits_of(**dict(zip(names, drawn, strict=True)))
    expected, dropped = list_slowly(limits)
    found = find_feasible(limits)
    assert found.minor[0][found.is_open[0]].tolist() == expected
    assert list(name_rules(int(found.relaxed[0]))) == dropped


@pytest.mark.parametrize(
    ("changes", "relaxed"),
    [
        ({"floor_minor": 460, "step_high": 440}, ["step_cap"]),
        ({"band_high": 350, "step_low": 360}, ["step_cap"]),
        ({"band_high": 350, "floor_minor": 351}, ["competitor_band"]),
        ({"band_high": 350, "floor_minor": 351, "step_high": 350}, ["step_cap", "competitor_band"]),
        ({"target_minor": 420, "ceiling_minor": 410}, ["target_margin"]),
        # Not even for the margin aimed at does a price rise away from its competitors.
        ({"target_minor": 420, "band_high": 410}, ["target_margin"]),
        ({"target_minor": 420, "step_high": 410, "band_high": 430}, ["step_cap"]),
        ({"target_minor": 300, "band_high": 290, "floor_minor": 1}, ["target_margin"]),
        ({"floor_minor": 410, "ceiling_minor": 405}, ["no_feasible_price"]),
        ({"floor_minor": 300, "ceiling_minor": 500}, []),
    ],
)
def test_rules_give_way_in_one_order(changes: Row, relaxed: list[str]) -> None:
    found = find_feasible(limits_of(**changes))
    assert list(name_rules(int(found.relaxed[0]))) == relaxed


def test_floor_and_ceiling_never_give_way() -> None:
    found = find_feasible(limits_of(floor_minor=450, ceiling_minor=460, band_high=300))
    assert found.minor[0][found.is_open[0]].tolist() == [459]


def test_a_cooling_price_has_no_other_candidate() -> None:
    found = find_feasible(limits_of(is_cooling=True))
    assert found.minor[0].tolist() == [400]
    assert found.relaxed.tolist() == [0]


def test_forty_prices_at_most_with_both_ends_kept() -> None:
    found = find_feasible(limits_of(step_low=100, step_high=20_000))
    kept = found.minor[0][found.is_open[0]]
    ladder = price_ladder()
    inside = ladder[(ladder >= 100) & (ladder <= 20_000)]
    assert len(kept) in (38, 39, 40)
    assert (kept[0], kept[-1]) == (inside[0], inside[-1])


def test_a_hundred_thousand_random_cases_break_no_rule() -> None:
    assert fuzz_limits(cases=100_000, seed=3) == 0


def test_hostile_numbers_choose_no_price_outside_its_limits() -> None:
    assert fuzz_choices(cases=20_000, seed=4) == 0


def test_the_batch_finds_what_each_variant_finds_alone() -> None:
    limits = draw_limits(np.random.default_rng(8), 300)
    every = find_feasible(limits)
    for at in range(0, 300, 7):
        alone = find_feasible(limits.take(np.array([at])))
        assert every.minor[at][every.is_open[at]].tolist() == (
            alone.minor[0][alone.is_open[0]].tolist()
        )


def terms_of(elasticity: float, cost: float = 280.0, sd: float = 0.1) -> DemandTerms:
    one = np.ones(1)
    price = np.array([400])
    return DemandTerms(price, cost * one, np.array([1]), elasticity * one, sd * one)


def choose(
    limits: Limits,
    elasticity: float,
    objective: Objective = "profit",
    *,
    is_causal: bool = True,
    **terms: float,
) -> Choice:
    return choose_public(
        limits,
        terms_of(elasticity, **terms),
        Policy(objective=objective),
        is_causal=is_causal,
    )


@pytest.mark.parametrize(
    ("changes", "elasticity", "price", "bound"),
    [
        ({"ceiling_minor": 420}, 1.4, 419, "ceiling"),
        ({"step_high": 440}, 1.4, 439, "step_cap"),
        ({"step_low": 360, "floor_minor": 300}, 6.0, 369, "step_cap"),
        ({"floor_minor": 385}, 6.0, 389, "floor"),
        ({"target_minor": 372}, 6.0, 379, "target_margin"),
        ({"band_high": 411}, 1.4, 409, "competitor_band"),
        ({"rung_low": 399}, 6.0, 399, "observational"),
        ({"is_cooling": True}, 6.0, 400, "cooldown"),
    ],
)
def test_the_rule_that_bound_is_named(
    changes: Row, elasticity: float, price: int, bound: str
) -> None:
    choice = choose(limits_of(**changes), elasticity)
    assert choice.minor.tolist() == [price]
    assert name_rules(int(choice.bound[0])) == (bound,)


def test_an_optimum_inside_is_bound_by_nothing() -> None:
    choice = choose(limits_of(), 3.0)
    assert choice.minor.tolist() == [419]
    assert name_rules(int(choice.bound[0])) == ()


def test_a_likely_but_uncertain_gain_is_not_taken() -> None:
    choice = choose(limits_of(step_low=300, step_high=440), 2.6, sd=1.5, is_causal=False)
    assert choice.minor.tolist() == [400]
    assert "not_credible" in name_rules(int(choice.bound[0]))


def test_what_chance_backs_needs_an_even_chance_only() -> None:
    choice = choose(limits_of(step_low=300, step_high=440), 2.6, sd=1.5)
    at = choice.candidates.minor[0].tolist().index(439)
    assert (choice.minor.tolist(), 0.5 <= choice.chance[0, at] < 0.8) == ([439], True)
    # A policy that asks for less than that is not asked for more.
    lenient = choose_public(
        limits_of(step_low=300, step_high=440),
        terms_of(2.6, sd=1.5),
        Policy(min_confidence=0.4),
        is_causal=True,
    )
    assert lenient.minor.tolist() == [439]


@pytest.mark.parametrize(
    ("objective", "elasticity", "price"),
    [("profit", 1.5, 599), ("revenue", 1.5, 209), ("revenue", 0.5, 599), ("units", 0.5, 209)],
)
def test_each_objective_goes_its_own_way(
    objective: Objective, elasticity: float, price: int
) -> None:
    limits = limits_of(step_low=205, step_high=600)
    assert choose(limits, elasticity, objective).minor.tolist() == [price]


@pytest.mark.parametrize("name", ["cost", "elasticity", "elasticity_sd"])
@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_no_numbers_move_nothing(name: str, wild: float) -> None:
    terms = replace(terms_of(3.0), **{name: np.array([wild])})
    with np.errstate(all="ignore"):
        choice = choose_public(limits_of(), terms, Policy(), is_causal=True)
    assert choice.minor.tolist() == [400]


def test_every_rule_and_badge_has_its_sentence_in_both_languages() -> None:
    rules = [*name_rules(-1), *(f"relaxed:{one}" for one in RELAXED_IN_ORDER)]
    rules += ["scarce_stock", "clearing"]
    codes = [*rules, "relaxed:no_feasible_price", *(f"badge:{one}" for one in BADGES)]
    for code in codes:
        assert say_rule(code, "en") not in (code, say_rule(code, "zh-hans"))
        assert say_rule(code, "zh-hans") != code
    assert say_why(["floor"], ["step_cap"], ["no_sales"], "en") == [
        say_rule("floor", "en"),
        say_rule("relaxed:step_cap", "en"),
        say_rule("badge:no_sales", "en"),
    ]
