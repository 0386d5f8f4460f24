"""`manage.py train_demand`: fit the demand model on the latest weeks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import fill
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pricing.core.demand.families import SERVABLE, WITH_OFFSET
from pricing.selectors.audits import find_audit
from pricing.selectors.verdicts import list_waits, say_verdict
from pricing.services import train_demand
from shop.catalog.selectors import home_market
from shop.jobs.services import record_run
from shop.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Fit a demand model on sales, prices and placements; use it if it is a calm refit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, default=53, help="how many weeks to learn from")
        parser.add_argument(
            "--market",
            default="",
            help="whose sales it learns from (default: the home market's); one prices every market",
        )
        parser.add_argument(
            "--family", choices=sorted(SERVABLE), help="which family; without it the one in use"
        )
        parser.add_argument(
            "--offset",
            action="store_true",
            help="the hierarchical logit beside trees that see the context, never the price",
        )
        parser.add_argument("--figures", action="store_true", help="print every figure, as JSON")
        parser.add_argument(
            "--epsilon",
            type=float,
            help="learn from noisy releases that keep this for a household and quarter; 0: do not",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Train, show progress, print the figures."""
        family = choose_family(options["family"], has_offset=options["offset"])
        columns = (TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn())
        with (
            record_run(name="train_demand", queue="training") as run,
            Progress(*columns, console=Console()) as bar,
        ):
            task = bar.add_task("starting", total=1)
            row = train_demand(
                as_of=utc_now(),
                weeks=options["weeks"],
                market=options["market"] or home_market(),
                epsilon=options["epsilon"],
                family=family,
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
        self.stdout.write(say_figures(row.metrics, is_whole=options["figures"]))


def choose_family(family: str | None, *, has_offset: bool) -> str | None:
    """Return which family is fitted; CommandError where an offset has nothing to stand beside."""
    if not has_offset:
        return family
    if family not in (None, "hierarchical_logit", WITH_OFFSET):
        raise CommandError("--offset stands beside the hierarchical logit only.")
    return WITH_OFFSET


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
