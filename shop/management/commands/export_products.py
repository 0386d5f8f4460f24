"""Write the whole catalogue as a list that `import_products` takes."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop.kernel.sheets import sheet_lines
from shop.product_lists.api import export_rows, write_workbook


class Command(BaseCommand):
    """`manage.py export_products`."""

    help = "Write all products as CSV or, by the file's ending, as an Excel file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, nargs="?", help="default: CSV to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write row by row."""
        path: Path | None = options["file"]
        if path is None:
            sys.stdout.writelines(sheet_lines(export_rows()))
            return
        try:
            if path.suffix.lower() == ".xlsx":
                with path.open("wb") as file:
                    write_workbook(export_rows(), file)
            else:
                with path.open("w", encoding="utf-8", newline="") as text:
                    text.write("\ufeff")  # so that Excel reads UTF-8
                    text.writelines(sheet_lines(export_rows()))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
