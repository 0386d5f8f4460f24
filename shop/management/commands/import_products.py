"""Take a merchant's list of products in, as the back office does."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from shop.catalog.selectors import MarketNotFound, get_market
from shop.intake.progress import Show, open_show
from shop.kernel.clock import utc_now
from shop.product_lists.api import (
    ImportView,
    ListRefused,
    choose_columns,
    find_import,
    list_sentences,
    pack_folder,
    receive_list,
    say_counts,
    start_applying,
    work_on_import,
)

MOST_SENTENCES = 1_000


class Command(BaseCommand):
    """`manage.py import_products`. Exit status 1 where the list, or a row of it, was refused."""

    help = "Take a list of products in, CSV or Excel (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, help="the list, .csv or .xlsx")
        parser.add_argument("--pictures", type=Path, help="a folder or a zip file of pictures")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument(
            "--keep-going", action="store_true", help="exit status 0 although rows were refused"
        )
        parser.add_argument("--market", default="", help="whose currency prices are in")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run: the sentences go to standard error, the counts to standard output."""
        console = Console()
        try:
            if options["market"]:
                get_market(options["market"])
            view = self._check(options, console)
            if not options["dry_run"] and view.state == "checked":
                start_applying(import_id=view.id, now=utc_now())
                view = self._work(view.id, "applying", console)
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

    def _check(self, options: dict[str, Any], console: Console) -> ImportView:
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        with tempfile.TemporaryFile() as scratch:
            pictures = _open_pictures(options["pictures"], scratch)
            import_id = receive_list(
                file_name=path.name,
                content=content,
                pictures=pictures,
                pictures_name=options["pictures"].name if pictures else "",
                market=options["market"],
                now=utc_now(),
            )
        view = _require(import_id)
        choose_columns(import_id=import_id, fields=view.fields)
        return self._work(import_id, "checking", console)

    def _work(self, import_id: int, state: str, console: Console) -> ImportView:
        with open_show(console, 1) as show:
            show.step(STEPS[state])
            work_on_import(import_id, state=state, now=utc_now(), tell=_teller(show))
        return _require(import_id)


STEPS = {"checking": "checking the list", "applying": "writing products"}


def _teller(show: Show) -> Callable[[int, int], None]:
    told = 0

    def tell(done: int, of: int) -> None:
        nonlocal told
        if told == 0:
            show.begin("rows", of)
        show.advance(done - told)
        told = done

    return tell


def _require(import_id: int) -> ImportView:
    view = find_import(import_id)
    if view is None:
        raise CommandError("The import was deleted meanwhile.")
    return view


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
