"""Take a merchant's list of products in, as the back office does."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from shop.doors.product_lists.api import PRODUCT_LISTS
from shop.management.lists import ListCommand


class Command(ListCommand):
    """`manage.py import_products`. Exit status 1 where the list, or a row of it, was refused."""

    help = "Take a list of products in, CSV or Excel (docs/import.md)."
    market_help = "whose currency prices are in"
    writes = "writing products"
    worker = PRODUCT_LISTS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        super().add_arguments(parser)
        parser.add_argument("--pictures", type=Path, help="a folder or a zip file of pictures")
        parser.add_argument(
            "--accept-prices",
            action="store_true",
            help="apply prices below cost or floor, or more than half away from the present ones",
        )
