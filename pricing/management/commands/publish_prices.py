"""`manage.py publish_prices`: reprice what changed and publish a price book."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from pricing.ledger.selectors.references import SalesChannel, list_places, name_place
from pricing.publishing.services.books import publish_price_book
from pricing.quoting.services.drain import ensure_partitions
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Reprice what changed (or everything) and publish a price book if anything did."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--everything", action="store_true", help="reprice all variants")
        parser.add_argument("--market", help="only this one; without it every market with prices")
        parser.add_argument("--channel", default="online", help="of --market")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish in every place and print what changed there."""
        one = (options["market"], options["channel"])
        places = [one] if options["market"] else list_places()
        with record_run(name="publish_price_book", queue="bulk") as run:
            ensure_partitions(now=utc_now())
            for place in places:
                run.advance(self._publish(place, everything=options["everything"]))

    def _publish(self, place: SalesChannel, *, everything: bool) -> int:
        market, channel = place
        with Console().status(f"repricing variants and active shoppers of {name_place(place)}"):
            report = publish_price_book(
                now=utc_now(), market=market, channel=channel, everything=everything
            )
        state = "is new" if report.is_new else "still holds"
        self.stdout.write(
            f"{name_place(place)}: price book {report.version} {state}:"
            f" {report.variants:,} variants repriced,"
            f" {report.public_changes:,} public prices changed, {report.entries:,} personal prices"
            f" of {report.shoppers:,} shoppers, {report.seconds:.1f} s"
        )
        return report.variants
