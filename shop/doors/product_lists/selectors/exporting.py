"""The whole catalogue as a list: what an import takes, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pricing.api import home_place
from shop.doors.product_lists.core.cells import Value, write_cell
from shop.doors.product_lists.core.columns import BY_NAME, COLUMNS, OPTIONS
from shop.doors.product_lists.selectors.snapshots import Shop, read_shop, say_shared, say_variant
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.selectors.stored import StoredProduct, list_product_refs

BATCH = 500


def export_rows() -> Iterator[list[str]]:
    """Yield the header and one row a variant, in the order products were made. Some hundred
    products are in memory at a time, with six queries each time."""
    home = home_place()[0]
    currencies = list_currencies()
    others = [market for market in currencies if market != home]
    names = [column.name for column in COLUMNS]
    yield [*names, *(f"price[{market}]" for market in others)]
    after = 0
    while refs := list_product_refs(after=after, limit=BATCH):
        after = refs[-1][0]
        shop = read_shop([ref for _id, ref in refs])
        for _id, ref in refs:
            product = shop.products.get(ref)
            if product is not None:
                yield from _write_product(shop, product, home, currencies)


def _write_product(
    shop: Shop, product: StoredProduct, home: str, currencies: Mapping[str, str]
) -> Iterator[list[str]]:
    currency = get_market(home).currency
    shared = say_shared(shop, product, currency=currency)
    for row in product.row.variants:
        values: dict[str, Value] = {
            **shared,
            **say_variant(shop, product, row, currency=currency),
        }
        for number, name in enumerate(product.row.option_names[:OPTIONS], start=1):
            values[f"option{number}_value"] = row.options.get(name)
        prices = product.prices.get(row.sku, {})
        yield [
            *(write_cell(values.get(column.name), column, currency) for column in COLUMNS),
            *(
                write_cell(prices.get(market), BY_NAME["price"], code)
                for market, code in currencies.items()
                if market != home
            ),
        ]
