"""Visits of the demo that nobody made: marked, bounded, from a demand whose truth is known."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from shop.ground.kernel.clock import utc_now
from shop.traffic.rollout import Staff
from shop.traffic.run import CannotSimulate, HasPrices, Options, simulate

USUAL = Options()


class Command(BaseCommand):
    """`manage.py simulate_traffic`."""

    help = "Simulate visits of the past weeks in a demo; a second run adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--days", type=int, default=USUAL.days)
        parser.add_argument("--visits-a-day", type=int, default=USUAL.visits_a_day)
        parser.add_argument("--seed", type=int, default=USUAL.seed)
        parser.add_argument(
            "--if-new", action="store_true", help="leave a shop that has prices as it is"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate, show progress, say what came of it."""
        if settings.IS_PRODUCTION or not settings.SANDBOX_PAYMENTS:
            raise CommandError(
                "Simulated visits are for demos: not behind HTTPS, and only where"
                " SANDBOX_PAYMENTS=1 lets orders be paid with no money."
            )
        wanted = Options(
            days=options["days"],
            visits_a_day=options["visits_a_day"],
            seed=options["seed"],
            market=settings.MARKET_CODE,
        )
        columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=Console()) as bar:
                task = bar.add_task("simulated visits", total=1)
                report = simulate(
                    wanted,
                    staff=find_staff(),
                    now=utc_now(),
                    tell=lambda what, done, of: bar.update(
                        task, description=what, completed=done, total=of
                    ),
                )
        except HasPrices as refusal:
            if not options["if_new"]:
                raise CommandError(str(refusal)) from refusal
            self.stdout.write("This shop has prices already: no visits are simulated.")
            return
        except CannotSimulate as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(say(report))


def find_staff() -> Staff:
    """Return the two accounts of staff who answer for the trial of a model."""
    accounts = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("pk")
    found = list(accounts.values_list("pk", flat=True)[:2])
    if len(found) < 2:
        raise CommandError("Two accounts of staff must be there first: seed_demo_accounts.")
    return Staff(asks=found[0], decides=found[1])


def say(report: dict[str, Any]) -> str:
    """Return what a simulation did, in a few lines."""
    counts = report["counts"]
    days = f"{report['begin'][:10]} to {report['end'][:10]}"
    return (
        f"{counts.get('visits', 0):,} simulated visits ({days}, seed {report['seed']}):"
        f" {counts.get('prices', 0):,} prices shown, {counts.get('orders', 0):,} orders of"
        f" {counts.get('lines', 0):,} lines; all are marked as simulated."
    )
