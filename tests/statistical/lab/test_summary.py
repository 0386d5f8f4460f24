"""Figures, intervals and the picture."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from shop.lab.baselines import BASELINES
from shop.lab.episode import INSIGHTS, Course, Run
from shop.lab.grid import CourseRuns, run_grid
from shop.lab.picture import Curve, Panel, draw_panels
from shop.lab.setting import Setting
from shop.lab.shop_figures import ShopRow, average_shop, find_worst
from shop.lab.summary import (
    UNIFORM,
    Estimate,
    compare_regret,
    compare_worlds,
    estimate_ratio,
    score_agent,
    trace_shares,
)


def made(course: Course, **profits: list[float]) -> CourseRuns:
    """Runs with given profits a day."""
    runs = {
        name: Run(np.array(values), np.full(len(values), 70.0), 1.0)
        for name, values in profits.items()
    }
    insiders = {name: runs.pop(name) for name in INSIGHTS}
    return CourseRuns(course, insiders, runs)


def two_markets() -> list[CourseRuns]:
    """A poor market and one ten times as rich; the agent takes 60 % and 80 % of the room."""
    day = {"usual": 8.0, "uniform": 9.0, "clairvoyant": 10.0, "ours": 9.2, "slow": 8.5}
    rich = {"usual": 80.0, "uniform": 95.0, "clairvoyant": 100.0, "ours": 96.0, "slow": 90.0}
    return [
        made(Course("logit", seed, 30_000), **{name: [x] * 30 for name, x in one.items()})
        for seed, one in enumerate((day, rich))
    ]


def test_markets_weigh_the_same_whatever_money_they_turn_over() -> None:
    score = score_agent(two_markets(), "ours")
    assert score.share.value == pytest.approx(0.94)
    assert score.regret.value == pytest.approx(0.06)
    assert score.gain_share.value == pytest.approx((0.12 + 0.16) / (0.2 + 0.2))
    assert score.gain_over_uniform.value == pytest.approx((0.02 + 0.01) / (0.1 + 0.05))
    assert score.conversion == pytest.approx(0.07)


def test_shares_are_cut_at_the_visits_they_name() -> None:
    best = [10.0] * 100
    own = [5.0] * 20 + [8.0] * 30 + [9.0] * 30 + [10.0] * 20
    runs = [made(Course("logit", 0), usual=best, uniform=best, clairvoyant=best, ours=own)]
    score = score_agent(runs, "ours")
    assert score.share_5k.value == pytest.approx(0.5)
    assert score.share_20k.value == pytest.approx(0.5)
    assert score.share_50k.value == pytest.approx(0.68)
    assert score.share.value == pytest.approx(0.81)
    assert score.share_last.value == pytest.approx(1.0)
    assert np.isnan(score.share.low)
    assert np.isnan(score.recovery.value)


def test_improvement_is_the_last_fifth_beside_the_second() -> None:
    best, own = [10.0] * 50, [1.0] * 10 + [6.0] * 10 + [0.0] * 20 + [9.0] * 10
    runs = [made(Course("logit", 0, 50_000), usual=best, uniform=best, clairvoyant=best, ours=own)]
    assert score_agent(runs, "ours").improvement.value == pytest.approx(0.3)
    few = [made(Course("logit", 0, 9_000), **dict.fromkeys((*INSIGHTS, "ours"), [10.0] * 9))]
    assert np.isnan(score_agent(few, "ours").improvement.value)


def test_the_worst_market_is_named_and_only_stationary_must_improve() -> None:
    nothing = Estimate(0.0, 0.0, 0.0)
    rows = [
        ShopRow("logit", warm=Estimate(0.2, 0.1, 0.3), warm_improvement=Estimate(0.1, 0.0, 0.2)),
        ShopRow("demand_shift", warm=Estimate(-0.1, -0.2, 0.0), warm_improvement=nothing),
    ]
    assert find_worst(rows, "warm") == ("demand_shift", rows[1].warm)
    assert find_worst(rows, "warm_improvement") == ("logit", rows[0].warm_improvement)
    assert average_shop(rows)["warm_improvement"] == 0.1
    assert find_worst(rows, "cold")[0] == "-"


def test_recovery_is_the_share_after_the_shift() -> None:
    best, own = [10.0] * 100, [10.0] * 50 + [0.0] * 5 + [9.0] * 15 + [0.0] * 30
    course = Course("demand_shift", 0)
    runs = [made(course, usual=best, uniform=best, clairvoyant=best, ours=own)]
    assert score_agent(runs, "ours").recovery.value == pytest.approx(0.9)


def test_regret_is_compared_with_the_rival_that_has_least() -> None:
    best, ratio = compare_regret(two_markets(), "ours", ["slow", "ours"])
    assert (best, ratio.value) == ("ours", 1.0)
    best, ratio = compare_regret(two_markets(), "ours", ["slow"])
    assert best == "slow"
    assert ratio.value == pytest.approx(0.06 / 0.125)


def test_worlds_weigh_the_same_and_the_worst_is_named() -> None:
    even, lost = two_markets(), two_markets()
    for runs in lost:
        runs.course = Course("probit", runs.course.seed, 30_000, warm=False)
        runs.agents["ours"] = runs.insiders["usual"]
    found = compare_worlds([even, lost], "ours", ["slow"])
    assert found.mean == pytest.approx((0.06 / 0.125 + 0.2 / 0.125) / 2)
    assert found.worst == pytest.approx(0.2 / 0.125)
    assert (found.worst_world, found.worst_rival) == ("probit/cold", "slow")


def test_the_best_price_for_all_is_scored_like_an_agent() -> None:
    score = score_agent(two_markets(), UNIFORM)
    assert score.share.value == pytest.approx(0.925)
    assert score.gain_over_uniform.value == 0.0


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng, hits = np.random.default_rng(1), 0
    for _ in range(1_000):
        below = rng.normal(1.0, 0.1, 8)
        estimate = estimate_ratio(0.8 * below + rng.normal(0.0, 0.05, 8), below)
        hits += estimate.low <= 0.8 <= estimate.high
    assert 930 <= hits <= 970


def test_a_curve_has_a_gap_where_nothing_can_be_gained() -> None:
    runs = [
        made(
            Course("logit", seed, 2_000),
            usual=[10.0, 5.0],
            uniform=[10.0, 9.0],
            clairvoyant=[10.0, 10.0],
            ours=[10.0, 7.5],
        )
        for seed in range(2)
    ]
    value, reach = trace_shares(runs, "ours", "usual")
    assert np.isnan(value[0])
    assert (value[1], reach[1]) == (pytest.approx(0.5), pytest.approx(0.0, abs=1e-9))
    assert trace_shares(runs, "ours", None)[0].tolist() == pytest.approx([1.0, 0.875])


def test_two_processes_do_what_one_does() -> None:
    setting = Setting(items=5, segments=2, batch=200)
    courses = [Course("logit", seed, 600, warm=False, setting=setting) for seed in range(2)]
    agents = {name: BASELINES[name] for name in ("beta_ts", "pooled_greedy")}
    done: list[int] = []
    here = run_grid(courses, agents, processes=1, on_done=lambda: done.append(1))
    there = run_grid(courses, agents, processes=2)
    assert len(done) == 2 * (2 + 3)
    for one, other in zip(here, there, strict=True):
        assert one.course == other.course
        for name in agents:
            assert one.agents[name].profit == pytest.approx(other.agents[name].profit, rel=1e-12)
        for insight in INSIGHTS:
            assert one.insiders[insight].profit.tolist() == other.insiders[insight].profit.tolist()


def test_the_picture_shows_every_agent_in_every_world() -> None:
    curve = np.array([np.nan, -5.0, 0.5, 0.9])
    curves = [Curve("ours", curve, np.full(4, 0.1)), Curve("a <b>", curve, np.full(4, 0.1))]
    panels = [Panel(f"world {number}", curves, 4_000) for number in range(5)]
    svg = draw_panels("Gain & share", "note", panels, low=-0.5)
    root = ET.fromstring(svg)  # noqa: S314 # our own text
    tags = [node.tag.rpartition("}")[2] for node in root.iter()]
    assert (tags.count("polyline"), tags.count("polygon")) == (10, 5)
    texts = {node.text for node in root.iter() if node.tag.endswith("}text")}
    assert {"Gain & share", "world 4", "a <b>", "4k", "-0.5", "0"} <= texts
    points = [
        float(pair.split(",")[1])
        for node in root.iter()
        if node.tag.endswith("}polyline")
        for pair in node.attrib["points"].split()
    ]
    assert all(34 <= y <= 180 for y in points)
