"""Base classes of the commands for product lists and customer lists."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from pricing.api import say_doubtful
from shop.doors.intake.progress import Show, open_show
from shop.doors.product_lists.api import (
    ImportView,
    ListRefused,
    ListWorker,
    choose_columns,
    find_import,
    list_sentences,
    pack_folder,
    receive_list,
    say_counts,
    start_applying,
    work_on_import,
    write_workbook,
)
from shop.ground.catalog.selectors import MarketNotFound, get_market
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.sheets import sheet_lines

MOST_SENTENCES = 1_000


class ListCommand(BaseCommand):
    """Takes a list in. Exit status 1 where the list, or a row of it, was refused."""

    market_help: str
    writes: str
    worker: ListWorker

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, help="the list, .csv or .xlsx")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument(
            "--keep-going", action="store_true", help="exit status 0 although rows were refused"
        )
        parser.add_argument("--market", default="", help=self.market_help)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run: the sentences go to standard error, the counts to standard output."""
        console = Console()
        try:
            if options["market"]:
                get_market(options["market"])
            view = self._check(options, console)
            if not options["dry_run"] and view.state == "checked":
                view = self._apply(view, options, console)
        except (ListRefused, MarketNotFound) as refusal:
            raise CommandError(str(refusal)) from refusal
        if view.problem:
            raise CommandError(view.problem)
        told = self.stdout if options["keep_going"] else self.stderr
        for sentence, _is_refused in list_sentences(view.id, limit=MOST_SENTENCES):
            told.write(sentence)
        for line in say_counts(view):
            self.stdout.write(line)
        if view.counts.get("refused") and not options["keep_going"]:
            raise SystemExit(1)

    def _apply(self, view: ImportView, options: dict[str, Any], console: Console) -> ImportView:
        """Take the list over; with doubtful prices only if they are said to be meant."""
        if view.doubtful and not options["accept_prices"]:
            for sentence, _is_refused in list_sentences(view.id, limit=MOST_SENTENCES):
                self.stderr.write(sentence)
            raise CommandError(f"{say_doubtful(view.doubtful)} --accept-prices")
        start_applying(
            import_id=view.id,
            meant=view.doubtful,
            reason="--accept-prices",
            is_operator=True,
            now=utc_now(),
            kind=self.worker.kind,
        )
        view = self._work(view.id, "applying", console)
        if view.stale_because:
            raise CommandError(view.stale_because)
        return view

    def _check(self, options: dict[str, Any], console: Console) -> ImportView:
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        with tempfile.TemporaryFile() as scratch:
            pictures = _open_pictures(options.get("pictures"), scratch)
            import_id = receive_list(
                file_name=path.name,
                content=content,
                pictures=pictures,
                pictures_name=options["pictures"].name if pictures else "",
                market=options["market"],
                kind=self.worker.kind,
                now=utc_now(),
            )
        view = self._require(import_id)
        choose_columns(import_id=import_id, fields=view.fields, kind=self.worker.kind)
        return self._work(import_id, "checking", console)

    def _work(self, import_id: int, state: str, console: Console) -> ImportView:
        with open_show(console, 1) as show:
            show.step("checking the list" if state == "checking" else self.writes)
            work_on_import(
                import_id, state=state, now=utc_now(), tell=_teller(show), worker=self.worker
            )
        return self._require(import_id)

    def _require(self, import_id: int) -> ImportView:
        view = find_import(import_id, kind=self.worker.kind)
        if view is None:
            raise CommandError("The import was deleted meanwhile.")
        return view


def _teller(show: Show) -> Callable[[int, int], None]:
    told = 0

    def tell(done: int, of: int) -> None:
        nonlocal told
        if told == 0:
            show.begin("rows", of)
        show.advance(done - told)
        told = done

    return tell


def _open_pictures(path: Path | None, scratch: IO[bytes]) -> IO[bytes] | None:
    if path is None:
        return None
    if path.is_dir():
        pack_folder(path, scratch)
        return scratch
    try:
        return path.open("rb")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


class ExportCommand(BaseCommand):
    """Writes rows as a list that the import takes."""

    def list_rows(self) -> Iterator[list[str]]:
        """Return header and rows."""
        raise NotImplementedError  # the command of each list has its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, nargs="?", help="default: CSV to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write row by row."""
        path: Path | None = options["file"]
        if path is None:
            sys.stdout.writelines(sheet_lines(self.list_rows()))
            return
        try:
            if path.suffix.lower() == ".xlsx":
                with path.open("wb") as file:
                    write_workbook(self.list_rows(), file)
            else:
                with path.open("w", encoding="utf-8", newline="") as text:
                    text.write("\ufeff")  # so that Excel reads UTF-8
                    text.writelines(sheet_lines(self.list_rows()))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
