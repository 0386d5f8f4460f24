"""Judge our agent, published ones and the shop's own path on markets whose truth is known."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shop.lab.agents import AGENTS, SHIPPED, OutsideAgent
from shop.lab.baselines import BASELINES
from shop.lab.episode import INSIGHTS, Course
from shop.lab.grid import CourseRuns, MakeAgent, run_grid
from shop.lab.report import Group, describe, draw_groups, group_runs, name_group
from shop.lab.setting import Setting, calibrate, read_calibration
from shop.lab.shop_figures import (
    FIGURES,
    ShopRow,
    average_shop,
    describe_shop,
    find_worst,
    score_shop,
)
from shop.lab.shop_path import POLICIES
from shop.lab.summary import (
    UNIFORM,
    Estimate,
    Score,
    compare_regret,
    compare_worlds,
    score_agent,
)
from shop.lab.worlds import WORLDS
from shop.lab.worlds.shelves import SHELF_WORLDS

COLUMNS: tuple[tuple[str, Callable[[Score], Estimate]], ...] = (
    ("at 50k", lambda score: score.share_50k),
    ("at end", lambda score: score.share),
    ("last 20k", lambda score: score.share_last),
    ("gain share", lambda score: score.gain_share),
    ("over uniform", lambda score: score.gain_over_uniform),
    ("regret", lambda score: score.regret),
)
FILE_WIDTH = 150  # a table in a file or pipe is not folded to an assumed terminal


class Command(BaseCommand):
    """`manage.py evaluate_pricing`."""

    help = "Measure regret and gain share on simulated markets (docs/evaluation.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        every = [*WORLDS, *SHELF_WORLDS]
        parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=every)
        parser.add_argument("--agents", nargs="*", default=list(AGENTS), choices=list(AGENTS))
        parser.add_argument(
            "--policy",
            nargs="+",
            default=[],
            metavar="MODULE:CLASS",
            help="agents from outside, judged beside the others",
        )
        parser.add_argument("--seeds", type=int, default=4, help="number of markets per world")
        parser.add_argument("--first-seed", type=int, default=0)
        parser.add_argument(
            "--seed-numbers",
            nargs="+",
            type=int,
            metavar="SEED",
            help="these very markets, in place of --seeds and --first-seed",
        )
        parser.add_argument(
            "--bounds",
            action="store_true",
            help="also what the bounds of the shop's prices allow who knows the truth",
        )
        parser.add_argument("--visits", type=int, default=100_000)
        start = parser.add_mutually_exclusive_group()
        start.add_argument("--warm", action="store_true", help="only with 20,000 logged visits")
        start.add_argument("--cold", action="store_true", help="only without any history")
        parser.add_argument(
            "--calibrated", action="store_true", help="slopes as in a year of real sales"
        )
        parser.add_argument("--processes", type=int, default=2)
        parser.add_argument(
            "--out", type=Path, help="folder for pricing.json and pricing.svg (default: reports)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print tables, write figures and picture."""
        if min(options["seed_numbers"] or [0]) < 0:
            raise CommandError("--seed-numbers are 0 or more.")
        if options["seeds"] < 1 or options["visits"] < 1_000 or options["processes"] < 1:
            raise CommandError("--seeds and --processes must be at least 1, --visits 1000.")
        console = Console()
        if not console.is_terminal:
            console = Console(width=FILE_WIDTH)
        agents = list_agents(options)
        runs = run_shown(list_courses(options), agents, options, console)
        groups, names = group_runs(runs), list(agents)
        rivals = [name for name in names if name in BASELINES]
        for group, those in groups.items():
            console.print(make_table(group, those, names, rivals))
        if rivals and len(groups) > 1:
            console.print(make_summary(groups, names, rivals))
        for warm in sorted({warm for world, warm in groups if world in SHELF_WORLDS}):
            console.print(make_shelf_table(groups, warm, names))
        paths = {name: score_shop(groups, name) for name in POLICIES if name in names}
        for name, rows in paths.items():
            console.print(make_shop_table(rows, name))
        folder = options["out"] or Path(settings.STATE_FOLDER) / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        figures = {"shipped": SHIPPED} | describe(groups, names, rivals)
        figures |= {name: describe_shop(rows) for name, rows in paths.items()}
        (folder / "pricing.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
        (folder / "pricing.svg").write_text(draw_groups(groups, names), "utf-8")
        console.print(f"All figures and the picture: {folder}/pricing.json, {folder}/pricing.svg")


def list_agents(options: dict[str, Any]) -> dict[str, MakeAgent]:
    """Return what makes each agent asked for; each is made once, so that mistakes show early."""
    agents = {name: AGENTS[name] for name in options["agents"]}
    for path in options["policy"]:
        outside = OutsideAgent(path)
        try:
            outside(0)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if outside.name in agents:
            raise CommandError(f"Two agents are called {outside.name}.")
        agents[outside.name] = outside
    if not agents:
        raise CommandError("There is nobody to judge: name --agents or a --policy.")
    return agents


def run_shown(
    courses: Sequence[Course],
    agents: dict[str, MakeAgent],
    options: dict[str, Any],
    console: Console,
) -> list[CourseRuns]:
    """Return all runs, with a bar that shows how many are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        knowers = len(INSIGHTS) + int(options["bounds"])
        bar = progress.add_task("pricing", total=len(courses) * (len(agents) + knowers))
        try:
            return run_grid(
                courses,
                agents,
                processes=options["processes"],
                has_bounds=options["bounds"],
                on_done=lambda: progress.advance(bar),
            )
        except ValueError as error:
            raise CommandError(f"An agent broke the rules of the game: {error}.") from error


def list_courses(options: dict[str, Any]) -> list[Course]:
    """Return a course for each world, start and seed that was asked for."""
    setting = Setting()
    if options["calibrated"]:
        setting = calibrate(setting, read_calibration())
    starts = [True] if options["warm"] else [False] if options["cold"] else [True, False]
    first = options["first_seed"]
    seeds = options["seed_numbers"] or range(first, first + options["seeds"])
    return [
        Course(world, seed, options["visits"], warm, setting)
        for world, warm, seed in product(options["worlds"], starts, seeds)
    ]


def make_table(
    group: Group, runs: Sequence[CourseRuns], agents: Sequence[str], rivals: Sequence[str]
) -> Table:
    """Return the table of one world: a row for each agent, intervals over seeds."""
    course = runs[0].course
    title = f"{name_group(group)}, {course.visits:,} visits, seeds: {len(runs)}"
    if course.setting != Setting():
        title += ", calibrated"
    table = Table(title=title, title_justify="left")
    table.add_column("agent")
    for name in (*(name for name, _ in COLUMNS), "regret / best baseline", "seconds"):
        table.add_column(name, justify="right")
    for agent in [*agents, UNIFORM]:
        score = score_agent(runs, agent)
        cells = (show(read(score)) for _, read in COLUMNS)
        versus = show(compare_regret(runs, agent, rivals)[1]) if rivals else "-"
        label = "best uniform, known" if agent == UNIFORM else agent
        table.add_row(label, *cells, versus, f"{score.seconds:.1f}")
    return table


def make_summary(
    groups: dict[Group, list[CourseRuns]], agents: Sequence[str], rivals: Sequence[str]
) -> Table:
    """Return the table over all worlds: regret as a multiple of the best baseline's there."""
    table = Table(title="Regret / best baseline of each world", title_justify="left")
    for name in ("agent", "mean", "worst", "where", "against"):
        table.add_column(name, justify="right" if name in ("mean", "worst") else "left")
    for agent in agents:
        found = compare_worlds(list(groups.values()), agent, rivals)
        cells = (f"{found.mean:.3f}", f"{found.worst:.3f}", found.worst_world, found.worst_rival)
        table.add_row(agent, *cells)
    return table


def make_shelf_table(
    groups: dict[Group, list[CourseRuns]], warm: bool, agents: Sequence[str]
) -> Table:
    """Return shares of the clairvoyant on shelves of substitutes: a row for each market."""
    start = "warm" if warm else "cold"
    table = Table(title=f"Shelves of substitutes, {start}: share", title_justify="left")
    table.add_column("market")
    for agent in agents:
        for name in (f"{agent}, at 20k", "at end", "last fifth - second"):
            table.add_column(name, justify="right")
    scores = {
        world: [score_agent(runs, agent) for agent in agents]
        for (world, is_warm), runs in groups.items()
        if world in SHELF_WORLDS and is_warm == warm
    }
    for world, row in scores.items():
        found = [(one.share_20k, one.share, one.improvement) for one in row]
        table.add_row(world, *(show_known(one) for those in found for one in those))
    return table


def make_shop_table(rows: Sequence[ShopRow], path: str) -> Table:
    """Return what the shop's own path earns: a row for each market, the mean over them and the
    worst; of improvements over stationary markets only."""
    title = f"What the shop's own path earns ({path}): gain share"
    table = Table(title=title, title_justify="left")
    table.add_column("market")
    titles = [
        *("share", "warm", "last 40k", "cold", "last 40k", "bounds allow"),
        *("last fifth - second, warm", "cold"),
    ]
    for name in titles:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.world, *(show_known(getattr(row, name)) for name in FIGURES))
    mean = average_shop(rows)
    means = (Estimate(mean[name], float("nan"), float("nan")) for name in FIGURES)
    table.add_row("mean", *map(show_known, means))
    worst = (find_worst(rows, name)[1] for name in FIGURES)
    table.add_row("worst", *map(show_known, worst))
    return table


def show_known(estimate: Estimate) -> str:
    """Return a figure as `show` does, a dash where nothing was run."""
    return "-" if estimate.value != estimate.value else show(estimate)


def show(estimate: Estimate) -> str:
    """Return a figure and half the width of its interval, as people write it."""
    if estimate.high != estimate.high:  # NaN: one seed has no interval
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ±{estimate.high - estimate.value:.3f}"
