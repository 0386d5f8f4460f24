"""The pricing policy against known truth: shares, gain shares, and regret against baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence

from shop.lab.agents import AGENTS, SHIPPED
from shop.lab.baselines import BASELINES
from shop.lab.episode import Course
from shop.lab.grid import CourseRuns, run_grid
from shop.lab.report import group_runs
from shop.lab.summary import Estimate, compare_regret, compare_worlds, score_agent
from shop.lab.worlds import WORLDS
from tests.benchmarks.measure import Figures

TARGETS = {
    "warm_share_50k": (">=", 0.97),
    "warm_share_last20k": (">=", 0.985),
    "warm_gain_share_100k": (">=", 0.82),
    "cold_gain_share_100k": (">=", 0.72),
    "misspecified_share": (">=", 0.96),
    "misspecified_gain_share": (">=", 0.85),
    "recovery_after_shift": (">=", 0.96),
    "regret_ratio_best_baseline": ("<=", 0.9),
    "regret_ratio_worst": ("<=", 1.0),
    "simulated_visits_per_minute": (">=", 1_000_000.0),
}
REFERENCE, MISSPECIFIED, SHIFT = "logit", "constant_elasticity", "demand_shift"
# Markets where no target is set are looked at for half as long: `manage.py evaluate_pricing` takes
# the time for more, and for cold starts everywhere.
SEEDS = 4
VISITS, FEW_VISITS = 100_000, 50_000


def measure() -> Figures:
    """Return shares, gain shares and regret ratios over seeds, with 95 % intervals."""
    return measure_learning() | {"simulated_visits_per_minute": measure_speed()}


def measure_learning() -> Figures:
    """Return how the adaptive policy does. Some minutes on two cores."""
    long = {REFERENCE, MISSPECIFIED, SHIFT}
    courses = [
        Course(world, seed, VISITS if world in long else FEW_VISITS, warm=True)
        for world in WORLDS
        for seed in range(SEEDS)
    ]
    shipped = {SHIPPED: AGENTS[SHIPPED]}
    cold = [Course(REFERENCE, seed, VISITS, warm=False) for seed in range(SEEDS)]
    groups = group_runs(run_grid(courses, {**shipped, **BASELINES}))
    reference, misspecified, shifted = (
        score_agent(groups[world, True], SHIPPED) for world in (REFERENCE, MISSPECIFIED, SHIFT)
    )
    starting = score_agent(run_grid(cold, shipped), SHIPPED)
    figures: Figures = {}
    for name, estimate in (
        ("warm_share_50k", reference.share_50k),
        ("warm_share_last20k", reference.share_last),
        ("warm_gain_share_100k", reference.gain_share),
        ("cold_gain_share_100k", starting.gain_share),
        ("misspecified_share", misspecified.share),
        ("misspecified_gain_share", misspecified.gain_share),
        ("recovery_after_shift", shifted.recovery),
    ):
        figures |= note(name, estimate)
    return figures | compare_regrets(list(groups.values()))


def compare_regrets(worlds: Sequence[Sequence[CourseRuns]]) -> Figures:
    """Return the regret as a multiple of the best baseline's: mean and worst over worlds."""
    rivals = list(BASELINES)
    overall = compare_worlds(worlds, SHIPPED, rivals)
    figures: Figures = {
        "regret_ratio_best_baseline": round(overall.mean, 3),
        "regret_ratio_worst": round(overall.worst, 3),
        "regret_ratio_worst_world": f"{overall.worst_world}, against {overall.worst_rival}",
    }
    for runs in worlds:
        rival, ratio = compare_regret(runs, SHIPPED, rivals)
        world = runs[0].course.world
        figures |= note(f"regret_ratio_{world}", ratio) | {f"best_baseline_{world}": rival}
    return figures


def measure_speed() -> int:
    """Return visits a minute that two processes simulate over all worlds, starting them included:
    those of who shows public prices and of the three who know the truth and have to plan."""
    courses = [Course(world, 0, VISITS, warm=False) for world in WORLDS]
    started = time.perf_counter()
    runs = run_grid(courses, {"static": BASELINES["static"]})
    minutes = (time.perf_counter() - started) / 60
    visits = sum((len(run.insiders) + len(run.agents)) * run.course.visits for run in runs)
    return round(visits / minutes)


def note(name: str, estimate: Estimate) -> Figures:
    """Return a figure and its interval."""
    interval = [round(estimate.low, 4), round(estimate.high, 4)]
    return {name: round(estimate.value, 4), f"{name}_interval": interval}
