"""Write the whole catalogue as a list that `import_products` takes."""

from __future__ import annotations

from collections.abc import Iterator

from shop.doors.product_lists.api import export_rows
from shop.management.lists import ExportCommand


class Command(ExportCommand):
    """`manage.py export_products`."""

    help = "Write all products as CSV or, by the file's ending, as an Excel file."

    def list_rows(self) -> Iterator[list[str]]:
        """Return header and rows."""
        return export_rows()
