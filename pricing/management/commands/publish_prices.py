"""`manage.py publish_prices`: reprice what changed and publish a price book."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from pricing.services import ensure_partitions, publish_price_book
from shop.jobs.services import record_run
from shop.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Reprice what changed (or everything) and publish a price book if anything did."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--everything", action="store_true", help="reprice all variants")
        parser.add_argument("--market", default="us")
        parser.add_argument("--channel", default="online")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish and print what changed."""
        console = Console()
        with (
            record_run(name="publish_price_book", queue="recompute") as run,
            console.status("repricing variants and active shoppers"),
        ):
            ensure_partitions(now=utc_now())
            report = publish_price_book(
                now=utc_now(),
                market=options["market"],
                channel=options["channel"],
                everything=options["everything"],
            )
            run.advance(report.variants)
        state = "is new" if report.is_new else "still holds"
        self.stdout.write(
            f"price book {report.version} {state}: {report.variants:,} variants repriced,"
            f" {report.public_changes:,} public prices changed, {report.entries:,} personal prices"
            f" of {report.shoppers:,} shoppers, {report.seconds:.1f} s"
        )
