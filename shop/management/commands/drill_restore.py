"""Prove that a backup brings the shop back, without touching the shop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from shop import drill
from shop.env import ROOT


class Command(BaseCommand):
    help = (
        "Dump the database, restore it into a scratch database, compare every table, check the"
        " ledgers, migrate the copy, and drop it. Ends with status 1 if anything differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take a backup of yours instead of a new one."""
        parser.add_argument(
            "--backup",
            type=Path,
            help="restore this file of pg_dump --format=custom; tables are counted, not compared",
        )

    def handle(self, *args: Any, backup: Path | None = None, **options: Any) -> None:
        """Run the drill; everything it makes is removed again."""
        if backup is not None and not backup.is_file():
            raise CommandError(f"{backup} is no file. Name a file of pg_dump --format=custom.")
        try:
            with TemporaryDirectory(prefix="fairtag-drill-") as folder:
                told = self._drill(Path(folder), backup)
        except (drill.DrillFailed, psycopg.Error) as error:
            raise CommandError(f"The drill could not be finished. {error}") from error
        if told:
            raise CommandError("The copy is not the shop:\n" + "\n".join(told))
        self.stdout.write(self.style.SUCCESS("The backup can be restored: the drill passed."))

    def _drill(self, folder: Path, backup: Path | None) -> list[str]:
        server, file, kept = drill.read_server(), backup or folder / "shop.dump", None
        if backup is None:
            started = time.monotonic()
            kept = drill.dump(server, file)
            self._say("dumped", started, f"{file.stat().st_size / 1e6:,.1f} MB")
        with drill.scratch_database(server) as scratch:
            started = time.monotonic()
            drill.restore(scratch, file)
            self._say("restored", started, f"into {scratch['dbname']}")
            started = time.monotonic()
            with psycopg.connect(**scratch) as copy:
                restored = drill.sum_tables(copy)
                told = drill.check_invariants(copy)
                told += drill.compare_tables(kept, restored) if kept is not None else []
            rows = sum(table.rows for table in restored.values())
            self._say("compared", started, f"{len(restored)} tables, {rows:,} rows")
            started = time.monotonic()
            told += _migrate(drill.url_of(scratch))
            self._say("migrated", started, "to the version of this code")
        return told

    def _say(self, step: str, started: float, what: str) -> None:
        self.stdout.write(f"{step:<9} {what} in {time.monotonic() - started:.1f} s")


def _migrate(url: str) -> list[str]:
    """Migrate the copy as a new release would; return what went wrong."""
    done = subprocess.run(  # noqa: S603  # our own manage.py, no shell
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "-v", "0"],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return [f"The copy could not be migrated: {lines[-1]}"] if done.returncode else []
