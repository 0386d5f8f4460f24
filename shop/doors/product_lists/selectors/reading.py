"""The rows of an import's file, as often as they are needed: the file is kept, not its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from pricing.api import home_place
from shop.doors.product_lists.core.kept import read_kept
from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.core.rows import (
    Currencies,
    ListedProduct,
    ListRow,
    group_rows,
    read_rows,
)
from shop.doors.product_lists.core.text import Sheet
from shop.doors.product_lists.models import ProductImport
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.selectors.stored import map_skus


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list read whole: its rows in the order of the file, and what they are about.

    A group is the rows of one product, or the one row of a customer. Rows of no group are loose:
    what is wrong with them leaves none to name.
    """

    rows: Sequence[ListRow]
    groups: Sequence[ListedProduct]
    loose: Sequence[ListRow] = ()
    home: str = ""
    currency: str = ""


def find_file(name: str) -> Path:
    """Return the path of a kept file. Nobody is ever served from this folder.

    It lies in the media folder, which web servers and workers share.
    """
    return Path(settings.MEDIA_ROOT) / "imports" / name


def open_pictures(item: ProductImport) -> IO[bytes] | None:
    """Open the zip of pictures that came with a list; None where none came."""
    return find_file(f"{item.upload}.zip").open("rb") if item.pictures_name else None


def open_sheet(item: ProductImport) -> Sheet:
    """Return the cells of an import's file. Raises BadList."""
    with find_file(item.upload).open("rb") as file:
        try:
            return read_kept(item.file_name, file)
        except ValueError as error:  # kept by an older release, as it was uploaded
            raise BadList("lost") from error


def read_list(item: ProductImport) -> ReadList:
    """Return the rows and products of an import's file. Two queries. Raises BadList.

    A price is the home market's where the import names no other. A row without a product's
    reference is of the product that has its SKU.
    """
    home = home_place()[0]
    sheet = open_sheet(item)
    fields = [_place_price(name, item.market_id, home) for name in item.fields]
    currencies = Currencies(home, list_currencies())
    rows = read_rows(sheet, fields, currencies)
    loose = [row for row in rows if row.sku and not row.values.get("handle")]
    known = map_skus([row.sku for row in loose])
    for row in loose:
        if row.sku in known:
            row.values["handle"] = known[row.sku]
    return ReadList(
        rows,
        group_rows(rows),
        [row for row in rows if not row.handle],
        home,
        get_market(home).currency,
    )


def _place_price(name: str, market: str, home: str) -> str:
    """Return the column with its market: one without is the import's, and home has none."""
    if market != home and name == "price":
        return f"price[{market}]"
    return "price" if name == f"price[{home}]" else name
