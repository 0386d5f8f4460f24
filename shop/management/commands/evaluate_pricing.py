"""Judge the shipped pricing policy, and published ones, on markets whose truth is known."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shop.simulation.agents import AGENTS, SHIPPED
from shop.simulation.baselines import BASELINES
from shop.simulation.episode import Course
from shop.simulation.grid import CourseRuns, run_grid
from shop.simulation.picture import Curve, Panel, draw_panels
from shop.simulation.setting import Setting, calibrate, read_calibration
from shop.simulation.summary import (
    Estimate,
    Score,
    compare_regret,
    score_agent,
    trace_shares,
)
from shop.simulation.worlds import WORLDS

COLUMNS: tuple[tuple[str, Callable[[Score], Estimate]], ...] = (
    ("at 50k", lambda score: score.share_50k),
    ("at end", lambda score: score.share),
    ("last 20k", lambda score: score.share_last),
    ("gain share", lambda score: score.gain_share),
    ("over uniform", lambda score: score.gain_over_uniform),
    ("regret", lambda score: score.regret),
)
FILE_WIDTH = 150  # a table in a file or pipe is not folded to an assumed terminal
Group = tuple[str, bool]


class Command(BaseCommand):
    """`manage.py evaluate_pricing`."""

    help = "Measure regret and gain share on simulated markets (docs/evaluation.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
        parser.add_argument("--agents", nargs="+", default=list(AGENTS), choices=list(AGENTS))
        parser.add_argument("--seeds", type=int, default=4, help="number of markets per world")
        parser.add_argument("--first-seed", type=int, default=0)
        parser.add_argument("--visits", type=int, default=100_000)
        start = parser.add_mutually_exclusive_group()
        start.add_argument("--warm", action="store_true", help="only with 20,000 logged visits")
        start.add_argument("--cold", action="store_true", help="only without any history")
        parser.add_argument(
            "--calibrated", action="store_true", help="slopes as in a year of real sales"
        )
        parser.add_argument("--processes", type=int, default=2)
        parser.add_argument("--json", type=Path, help="write all figures here")
        parser.add_argument("--plot", type=Path, help="write the picture (SVG) here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print tables, write the files asked for."""
        if options["seeds"] < 1 or options["visits"] < 1_000 or options["processes"] < 1:
            raise CommandError("--seeds and --processes must be at least 1, --visits 1000.")
        console = Console()
        if not console.is_terminal:
            console = Console(width=FILE_WIDTH)
        courses = list_courses(options)
        agents = {name: AGENTS[name] for name in options["agents"]}
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
            bar = progress.add_task("pricing", total=len(courses) * (len(agents) + 3))
            runs = run_grid(
                courses,
                agents,
                processes=options["processes"],
                on_done=lambda: progress.advance(bar),
            )
        groups = group_runs(runs)
        for group, those in groups.items():
            console.print(make_table(group, those, list(agents)))
        plot = options["plot"] or Path(settings.STATE_FOLDER) / "reports" / "pricing.svg"
        _write(plot, draw_groups(groups, list(agents)))
        console.print(f"Gain share by visit: {plot}")
        if options["json"]:
            _write(options["json"], json.dumps(describe(groups, list(agents)), indent=2) + "\n")
            console.print(f"All figures: {options['json']}")


def list_courses(options: dict[str, Any]) -> list[Course]:
    """Return a course for each world, start and seed that was asked for."""
    setting = Setting()
    if options["calibrated"]:
        setting = calibrate(setting, read_calibration())
    starts = [True] if options["warm"] else [False] if options["cold"] else [True, False]
    seeds = range(options["first_seed"], options["first_seed"] + options["seeds"])
    return [
        Course(world, seed, options["visits"], warm, setting)
        for world, warm, seed in product(options["worlds"], starts, seeds)
    ]


def group_runs(runs: Sequence[CourseRuns]) -> dict[Group, list[CourseRuns]]:
    """Return runs by world and start, so that those of a group differ by seed only."""
    groups: dict[Group, list[CourseRuns]] = {}
    for run in runs:
        groups.setdefault((run.course.world, run.course.warm), []).append(run)
    return groups


def make_table(group: Group, runs: Sequence[CourseRuns], agents: Sequence[str]) -> Table:
    """Return the table of one world: a row for each agent, intervals over seeds."""
    world, warm = group
    title = f"{world}, {'warm' if warm else 'cold'}, {runs[0].course.visits:,} visits"
    table = Table(title=f"{title}, {len(runs)} seeds", title_justify="left")
    table.add_column("agent")
    for name in (*(name for name, _ in COLUMNS), "regret / best baseline", "seconds"):
        table.add_column(name, justify="right")
    rivals = [name for name in agents if name in BASELINES]
    for agent in agents:
        score = score_agent(runs, agent)
        versus = show(compare_regret(runs, agent, rivals)[1]) if rivals else "-"
        cells = (show(read(score)) for _, read in COLUMNS)
        table.add_row(agent, *cells, versus, f"{score.seconds:.1f}")
    return table


def show(estimate: Estimate) -> str:
    """Return a figure and half the width of its interval, as people write it."""
    if estimate.high != estimate.high:  # NaN: one seed has no interval
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ±{estimate.high - estimate.value:.3f}"


def draw_groups(groups: dict[Group, list[CourseRuns]], agents: Sequence[str]) -> str:
    """Return the picture of cumulative gain share over business as usual."""
    panels = []
    for (world, warm), runs in groups.items():
        curves = [Curve(agent, *trace_shares(runs, agent, "usual")) for agent in agents]
        name = f"{world.replace('_', ' ')}, {'warm' if warm else 'cold'}"
        panels.append(Panel(name, curves, runs[0].course.visits))
    note = "0 = public prices, 1 = clairvoyant; cumulative; lines below -1 are cut off; band = 95 %"
    return draw_panels("Gain share over business as usual, by visits", note, panels, low=-1.0)


def describe(groups: dict[Group, list[CourseRuns]], agents: Sequence[str]) -> dict[str, Any]:
    """Return every figure for JSON."""
    rivals = [name for name in agents if name in BASELINES]
    described: dict[str, Any] = {"shipped": SHIPPED, "worlds": {}}
    for (world, warm), runs in groups.items():
        scores = {agent: asdict(score_agent(runs, agent)) for agent in agents}
        entry: dict[str, Any] = {"seeds": len(runs), "visits": runs[0].course.visits}
        entry["agents"] = scores
        if rivals:
            for agent in agents:
                best, ratio = compare_regret(runs, agent, rivals)
                scores[agent]["regret_ratio"] = asdict(ratio)
                entry["best_baseline"] = best
        described["worlds"][f"{world}/{'warm' if warm else 'cold'}"] = entry
    return described


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
