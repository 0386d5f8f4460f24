"""What the shop's own prices earn where the truth is known: gain shares, the worst market, and
shares of the clairvoyant on shelves of substitutes."""

from __future__ import annotations

from shop.lab.agents import AGENTS, REFITTED, SHIPPED
from shop.lab.episode import Course
from shop.lab.grid import run_grid
from shop.lab.report import group_runs
from shop.lab.shop_figures import average_shop, find_worst, score_shop
from shop.lab.shop_path import POLICIES, SHOP
from shop.lab.summary import Estimate, score_agent
from shop.lab.worlds import WORLDS
from shop.lab.worlds.shelves import SHELF_WORLDS
from tests.benchmarks.measure import Figures

TARGETS = {
    "shop_warm": (">=", 0.60),
    "shop_cold": (">=", 0.45),
    "shop_warm_late": (">=", 0.70),
    "shop_cold_late": (">=", 0.60),
    "shop_warm_worst": (">=", -0.01),
    "shop_cold_worst": (">=", -0.01),
    "shop_warm_improvement_worst": (">=", 0.0),
    "shop_cold_improvement_worst": (">=", 0.0),
    f"shelves_{SHIPPED}_20k": (">=", 0.95),
}
# Nothing may be chosen on these markets: they are for the record.
SEEDS = range(8, 16)
VISITS = 100_000
MEANS = ("warm", "warm_late", "cold", "cold_late", "bounds")
WORST = ("warm", "cold", "warm_improvement", "cold_improvement")


# Who learns from twelve products a visit takes long: `manage.py evaluate_pricing` has 100,000
# visits.
SHELF_SEEDS, SHELF_VISITS = range(8, 10), 20_000


def measure() -> Figures:
    """Return the figures of the twelve markets and of the dozen shelves."""
    return measure_markets() | measure_shelves()


def measure_shelves() -> Figures:
    """Return the mean share of the clairvoyant over shelves after 20,000 visits, warm, of our
    agent, of the shop and of the yardstick, and the least, with its market."""
    courses = [Course(world, seed, SHELF_VISITS) for world in SHELF_WORLDS for seed in SHELF_SEEDS]
    names = (SHIPPED, SHOP, REFITTED)
    groups = group_runs(run_grid(courses, {name: AGENTS[name] for name in names}))
    figures: Figures = {}
    for name in names:
        found = [
            (score_agent(runs, name).share.value, world) for (world, _), runs in groups.items()
        ]
        figures[f"shelves_{name}_20k"] = round(sum(one for one, _ in found) / len(found), 3)
        figures[f"shelves_{name}_20k_worst"] = round(min(found)[0], 3)
        figures[f"shelves_{name}_20k_worst_market"] = min(found)[1]
    return figures


def measure_markets() -> Figures:
    """Return the figures of the served path with a ceiling 10 % above list and at list.

    Twelve markets, warm and cold: some 400 runs, most of an hour on two cores.
    """
    courses = [
        Course(world, seed, VISITS, warm=warm)
        for world in WORLDS
        for warm in (True, False)
        for seed in SEEDS
    ]
    groups = group_runs(
        run_grid(courses, {path: AGENTS[path] for path in POLICIES}, has_bounds=True)
    )
    figures: Figures = {}
    for path in POLICIES:
        rows = score_shop(groups, path)
        means = average_shop(rows)
        figures |= {f"{path}_{name}": round(means[name], 3) for name in MEANS}
        for name in WORST:
            world, least = find_worst(rows, name)
            figures |= note(f"{path}_{name}_worst", least)
            figures[f"{path}_{name}_worst_market"] = world
        if path == SHOP:
            for row in rows:
                for name in ("warm", "cold"):
                    figures |= note(f"{path}_{name}_{row.world}", getattr(row, name))
    return figures


def note(name: str, estimate: Estimate) -> Figures:
    """Return a figure and its 95 % interval over seeds."""
    interval = [round(estimate.low, 3), round(estimate.high, 3)]
    return {name: round(estimate.value, 3), f"{name}_interval": interval}
