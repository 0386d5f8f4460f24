"""`manage.py train_demand`: fit the demand model on the latest weeks."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pricing.services import train_demand
from shop.jobs.services import record_run
from shop.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Fit the demand model on sales, prices and placements; use it if it is a refit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, default=53, help="how many weeks to learn from")
        parser.add_argument("--market", default="us")
        parser.add_argument(
            "--epsilon",
            type=float,
            help="learn from noisy releases that keep this for a household and quarter; 0: do not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, show progress, print the figures."""
        columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
        with (
            record_run(name="train_demand", queue="training") as run,
            Progress(*columns, console=Console()) as bar,
        ):
            task = bar.add_task("starting", total=1)
            row = train_demand(
                as_of=utc_now(),
                weeks=options["weeks"],
                market=options["market"],
                epsilon=options["epsilon"],
                progress=lambda what, step, steps: bar.update(
                    task, description=what, completed=step, total=steps
                ),
            )
            run.report["model"] = row.id
            run.report["status"] = row.status
            run.advance(row.rows)
        figures = json.dumps(dict(row.metrics), indent=2, default=str)
        self.stdout.write(f"model {row.id} is {row.status}: {row.rows:,} cells\n{figures}")
