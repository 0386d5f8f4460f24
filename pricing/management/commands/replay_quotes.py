"""`manage.py replay_quotes`: make stored decisions again and compare them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pricing.rollout.services.replay import replay_quotes
from shop.ground.kernel.clock import utc_now

SHOWN = 20


class Command(BaseCommand):
    help = "Decide the newest stored quotes again; fail if one comes out differently."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=10_000, help="how many decisions")
        parser.add_argument("--days", type=int, default=400, help="how far to look back")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and print; exit with an error if a decision differs or cannot be made again."""
        now, begun = utc_now(), time.perf_counter()
        report = replay_quotes(
            since=now - timedelta(days=options["days"]), until=now, most=options["count"]
        )
        seconds = time.perf_counter() - begun
        same = report.checked - len(report.differing)
        self.stdout.write(
            f"{report.checked:,} decisions made again in {seconds:.1f} s: {same:,} identical,"
            f" {len(report.differing):,} differ, {len(report.lost):,} name a version that is gone"
        )
        for one in report.differing[:SHOWN]:
            self.stdout.write(
                f"{one.quote_id}: {one.stored_minor} again {one.replayed_minor},"
                f" {', '.join(one.differences)}"
            )
        if report.differing or report.lost:
            raise CommandError("Not every decision could be repeated with the same result.")
