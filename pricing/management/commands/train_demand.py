"""`manage.py train_demand`: fit the demand model on the latest weeks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pricing.demand.core.families import CHALLENGERS, SOLVERS_OF, UnknownSolver, check_solver
from pricing.fairness.selectors import find_audit
from pricing.rollout.selectors.verdicts import list_waits, say_verdict
from pricing.rollout.services.refits import train_demand
from shop.ground.catalog.selectors import home_market
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now


class Command(BaseCommand):
    help = (
        "Fit a demand model on sales, prices and placements. It comes into use by itself if it is"
        " of the family in use and prices much as the model in use does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, default=53, help="how many weeks to learn from")
        parser.add_argument(
            "--market",
            default="",
            help="whose sales it learns from (default: the home market's); one prices every market",
        )
        parser.add_argument(
            "--family", choices=sorted(CHALLENGERS), help="which family; without it the one in use"
        )
        parser.add_argument(
            "--solver",
            choices=sorted({one for several in SOLVERS_OF.values() for one in several}),
            default="",
            help="how the family is fitted; without it its usual way. Needs --family",
        )
        parser.add_argument("--figures", action="store_true", help="print every figure, as JSON")
        parser.add_argument(
            "--epsilon",
            type=float,
            help="learn from noisy releases that keep this for a household and quarter; 0: do not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, show progress, print the figures."""
        family = options["family"]
        refuse_solver(family, options["solver"])
        columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
        with (
            record_run(name="train_demand", queue="bulk") as run,
            Progress(*columns, console=Console()) as bar,
        ):
            task = bar.add_task("starting", total=1)
            row = train_demand(
                as_of=utc_now(),
                weeks=options["weeks"],
                market=options["market"] or home_market(),
                epsilon=options["epsilon"],
                family=family,
                solver=options["solver"],
                progress=lambda what, step, steps: bar.update(
                    task, description=what, completed=step, total=steps
                ),
            )
            run.report["model"] = row.id
            run.report["status"] = row.status
            run.advance(row.rows)
        self.stdout.write(f"model {row.id} ({row.kind}) is {row.status}: {row.rows:,} cells")
        for reason in list_reasons(row.metrics):
            self.stdout.write(f"  - {reason}")
        audit = find_audit(model_id=row.id, sha256=row.sha256)
        self.stdout.write(f"fairness audit: {audit.state}, {audit.people:,} people with traits")
        self.stdout.write(say_board(row.metrics.get("leaderboard") or []))
        self.stdout.write(say_figures(row.metrics, is_whole=options["figures"]))


def refuse_solver(family: str | None, solver: str) -> None:
    """Raise CommandError where a solver is named that the family has not."""
    if not solver:
        return
    if family is None:
        raise CommandError("--solver needs --family: say whose solver it is.")
    try:
        check_solver(family, solver)
    except UnknownSolver as error:
        raise CommandError(str(error)) from error


def say_board(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how the elasticities of each family stand beside randomised prices, one a line, or
    that no price was randomised; "" where no families were compared.

    >>> print(say_board([{"name": "trees"}]))
    no randomised prices to judge elasticities by
    >>> told = {"slope_factor": 1.25, "slope_sd": 0.1, "slope_p_value": 0.012, "slope_gain": 0.5}
    >>> print(say_board([{"name": "trees", "slope_low": 0.1, "slope_high": 0.9} | told]))
      family              factor    sd      p    gain a day, 95 %
      trees                 1.25  0.10  0.012   +0.50, +0.10 to +0.90
    """
    lines = [
        f"  {row['name']:20}{row['slope_factor']:6.2f}{row['slope_sd']:6.2f}"
        f"{row['slope_p_value']:7.3f}   {_say_gain(row)}"
        for row in rows
        if "slope_factor" in row
    ]
    if not lines:
        return "no randomised prices to judge elasticities by" if rows else ""
    return "\n".join(["  family              factor    sd      p    gain a day, 95 %", *lines])


def _say_gain(row: Mapping[str, Any]) -> str:
    if row["slope_low"] is None:
        return "one day only"
    return f"{row['slope_gain']:+.2f}, {row['slope_low']:+.2f} to {row['slope_high']:+.2f}"


def list_reasons(metrics: Mapping[str, Any]) -> list[str]:
    """Return why a model waits for people or was refused: its own figures, the gate, the refit."""
    refused = [say_verdict(metrics["refusal"])] if "refusal" in metrics else []
    return refused + list_waits(metrics)


def say_figures(metrics: Mapping[str, Any], *, is_whole: bool) -> str:
    """Return the single figures on a few lines, or all of them, lists included, as JSON."""
    if is_whole:
        return json.dumps(dict(metrics), indent=2, default=str)
    single = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in sorted(metrics.items())
        if isinstance(value, bool | int | float | str) and value != ""
    ]
    return fill(", ".join(single) + "; all the rest: --figures, or Models in the admin.", width=100)
