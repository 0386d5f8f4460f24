"""`manage.py import_competitors`: take in a price list, or fetch those that are due."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pricing.competitors.services.competitors import FeedRefused, fetch_due_sources, import_feed
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Take in a CSV file of a registered source, or fetch every source whose turn it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", help="code of a registered source")
        parser.add_argument("file", nargs="?", type=Path, help="its price list, CSV in UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print what was stored and what was not believed."""
        code, path = options["source"], options["file"]
        if (code is None) != (path is None):
            raise CommandError("Name a source and its file, or neither to fetch what is due.")
        with record_run(name="import_competitors", queue="bulk") as run:
            if code is None:
                stored = fetch_due_sources(now=utc_now())
                run.advance(stored)
                self.stdout.write(f"{stored:,} prices stored")
                return
            try:
                text = path.read_text(encoding="utf-8-sig")
                report = import_feed(code=code, text=text, now=utc_now())
            except (FeedRefused, OSError, UnicodeDecodeError) as error:
                raise CommandError(str(error)) from error
            run.report = {"refused": report.refused}
            run.advance(report.stored)
        self.stdout.write(
            f"{report.read:,} rows read, {report.stored:,} prices stored,"
            f" {report.known:,} known before"
        )
        for reason, count in report.refused.items():
            self.stdout.write(f"  refused, {reason}: {count:,}")
