"""`manage.py tune_demand`: search for better settings of the demand model within a time budget."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from pricing.demand.core.training import SettingResult
from pricing.demand.selectors.versions import TuningRow
from pricing.demand.services import MOST_TRIALS, SEED, TooLittleHistory, tune_demand
from shop.ground.catalog.selectors import home_market
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now

SHOWN = 8


class Command(BaseCommand):
    help = "Choose settings of the demand model by forecasts of later weeks; training uses them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=300.0, help="the time budget")
        parser.add_argument("--trials", type=int, default=MOST_TRIALS, help="trials at most")
        parser.add_argument("--seed", type=int, default=SEED, help="of the settings drawn")
        parser.add_argument("--weeks", type=int, default=53, help="how many weeks to learn from")
        parser.add_argument("--market", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Search, show progress, print the best trials. Run again to go on."""
        columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn())
        console = Console()
        with (
            record_run(name="tune_demand", queue="bulk") as run,
            Progress(*columns, TimeElapsedColumn(), console=console) as bar,
        ):
            task = bar.add_task("reading sales", total=options["trials"])

            def tell(trial: SettingResult, most: int) -> None:
                said = f"deviance {trial.deviance:.4f}, gain {trial.gain:+.4f}"
                bar.update(task, description=said, completed=trial.number + 1, total=most)
                run.advance(1)

            try:
                found = tune_demand(
                    as_of=utc_now(),
                    budget_seconds=options["seconds"],
                    seed=options["seed"],
                    most_trials=options["trials"],
                    weeks=options["weeks"],
                    market=options["market"] or home_market(),
                    tell=tell,
                )
            except TooLittleHistory as problem:
                raise CommandError(str(problem)) from problem
        with console.capture() as table:
            console.print(_tabulate(found))
        self.stdout.write(table.get())


def _tabulate(found: TuningRow) -> Table:
    title = f"search {found.id}: {len(found.trials)} trials in {found.seconds:.0f} s"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("trial", "deviance", "gain", "season", "half-life", "level"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    best = sorted(found.trials, key=lambda trial: trial.deviance)[:SHOWN]
    for trial in [*best, *(one for one in found.trials[:1] if one not in best)]:
        own = trial.settings
        notes = ["usual"] if trial.number == 0 else []
        notes += ["chosen"] if own == found.chosen else []
        table.add_row(
            str(trial.number),
            f"{trial.deviance:.4f}",
            f"{trial.gain:+.3f} ± {trial.gain_se:.3f}",
            f"{own.season_prior:g}",
            f"{own.level_half_life:g}",
            f"{own.level_prior:g}",
            ", ".join(notes),
        )
    return table
