"""How near the allocator comes to the linear programme's bound, how fast, and pacing online."""

from __future__ import annotations

import time

import numpy as np

from promotions.targeting.core.allocation import Allocator, Problem
from tests.benchmarks.measure import Figures
from tests.factories.offer_worlds import make_offers, run_online, share_of_money

TARGETS = {
    "allocator_value_ratio": (">=", 0.9999),
    "allocator_spend_error": ("<=", 0.001),
    "allocator_seconds": ("<=", 2.0),
    "allocator_budgets20_seconds": ("<=", 16.0),
    "allocator_budgets20_value_ratio": (">=", 0.994),
    "allocator_budgets20_overspend": ("<=", 0.0),
    "pacing_value_ratio": (">=", 0.997),
    "pacing_overspend": ("<=", 0.0),
}
SHOPPERS, OFFERS, CAMPAIGNS = 1_000_000, 100, 20
BUDGET_SHARE = 0.1
ONLINE_SHOPPERS, ONLINE_BLOCK = 400_000, 200


def measure() -> Figures:
    """Return value against the bound, spend errors and seconds for 1 M shoppers x 100 offers."""
    value, cost = make_offers(SHOPPERS, OFFERS, seed=11)
    whole = share_of_money(cost, BUDGET_SHARE)
    model, seconds = fit(Problem.of(value, cost, [whole]))
    shares = np.random.default_rng(5).uniform(0.2, 3.0, CAMPAIGNS)
    charges = np.repeat(np.eye(CAMPAIGNS, dtype=bool), OFFERS // CAMPAIGNS, axis=1)
    several = Problem.of(value, cost, whole * shares / shares.sum(), charges)
    many, seconds_many = fit(several)
    over = float((many.spend_ / several.budgets - 1.0).max())
    return {
        "allocator_value_ratio": round(model.value_ / model.bound_, 7),
        "allocator_spend_error": float(f"{abs(model.spend_[0] / whole - 1.0):.2g}"),
        "allocator_seconds": round(seconds, 2),
        "allocator_budgets20_seconds": round(seconds_many, 2),
        "allocator_budgets20_value_ratio": round(many.value_ / many.bound_, 5),
        "allocator_budgets20_overspend": max(over, 0.0),
    } | measure_pacing()


def measure_pacing() -> Figures:
    """Return the value of serving shoppers one after another from a price of money that is wrong
    by two, the worse way, as a share of what could be had; and the largest overspending."""
    value, cost = make_offers(ONLINE_SHOPPERS, OFFERS, seed=12)
    budget = share_of_money(cost, BUDGET_SHARE)
    runs = {
        wrong_by: run_online(value, cost, budget=budget, wrong_by=wrong_by, block=ONLINE_BLOCK)
        for wrong_by in (1.0, 0.5, 2.0)
    }
    ratio = {wrong_by: run.value / run.optimum for wrong_by, run in runs.items()}
    return {
        "pacing_value_ratio": round(min(ratio[0.5], ratio[2.0]), 5),
        "pacing_value_ratio_warm": round(ratio[1.0], 5),
        "pacing_overspend": max(0.0, *(run.spend / budget - 1.0 for run in runs.values())),
    }


def fit(problem: Problem) -> tuple[Allocator, float]:
    """Return the fitted allocator and the seconds it took."""
    started = time.perf_counter()
    found = Allocator().fit(problem)
    return found, time.perf_counter() - started
