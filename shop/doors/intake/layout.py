"""The documented layout of a shop's files (docs/import.md): eight tables, CSV or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; the value is the DuckDB type it is read as."""

    KEY = "VARCHAR"
    TEXT = "VARCHAR "
    WHOLE = "BIGINT"
    AMOUNT = "DOUBLE"
    MOMENT = "TIMESTAMP"
    FLAG = "BOOLEAN"


MEANING = {
    Kind.KEY: "text",
    Kind.TEXT: "text",
    Kind.WHOLE: "a whole number",
    Kind.AMOUNT: "a number",
    Kind.MOMENT: "a date or moment such as 2026-11-25 or 2026-11-25 18:30:00",
    Kind.FLAG: "true or false",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `is_needed`: the file must have it. `is_filled`: rows without it are refused."""

    name: str
    kind: Kind
    is_needed: bool = True
    is_filled: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the layout. `key` columns together name a row: a second one is a duplicate."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_needed: bool = False

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)


def _key(name: str, note: str = "", *, is_filled: bool = True) -> Column:
    return Column(name, Kind.KEY, is_filled=is_filled, note=note)


def _extra(name: str, kind: Kind, note: str) -> Column:
    return Column(name, kind, is_needed=False, note=note)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "products",
            (
                _key("product_id", "names the product in all files"),
                _key("manufacturer_id", "who makes it", is_filled=False),
                Column("department", Kind.TEXT, note="first level of the tree"),
                Column("brand", Kind.TEXT, note='"National" or "Private" (the shop\'s own label)'),
                Column("product_category", Kind.TEXT, note="second level"),
                Column("product_type", Kind.TEXT, note="third level"),
                Column("package_size", Kind.TEXT, note='such as "16 OZ", "4/12 OZ", "500 ML"'),
                _extra("product_name", Kind.TEXT, "used as it is instead of a derived name"),
                _extra("brand_name", Kind.TEXT, "used as it is instead of an invented name"),
                _extra("gtin", Kind.TEXT, "the number below the bar code, 8, 12, 13 or 14 digits"),
                _extra("list_price", Kind.AMOUNT, "instead of the one seen in sales"),
                _extra("unit_cost", Kind.AMOUNT, "instead of the assumed one"),
                _extra("stock", Kind.WHOLE, "pieces on hand, instead of the assumed number"),
                _extra("next_delivery", Kind.MOMENT, "day on which pieces come again"),
                _extra("is_sold_online", Kind.FLAG, "instead of the department's rule"),
                _extra("is_sensitive", Kind.FLAG, "health, sexual life, belief: of its whole type"),
            ),
            key=("product_id",),
            is_needed=True,
        ),
        Table(
            "transactions",
            (
                _key("household_id", "the shopper"),
                _key("store_id"),
                _key("basket_id", "one visit to the till"),
                _key("product_id"),
                Column("quantity", Kind.WHOLE, is_filled=True, note="pieces"),
                Column("sales_value", Kind.AMOUNT, is_filled=True, note="what the shop received"),
                Column("retail_disc", Kind.AMOUNT, note="loyalty-card discount, not negative"),
                Column("coupon_disc", Kind.AMOUNT, note="paid for by the maker's coupon"),
                Column("coupon_match_disc", Kind.AMOUNT, note="added to the coupon by the shop"),
                Column("transaction_timestamp", Kind.MOMENT, is_filled=True, note="UTC"),
                _extra("week", Kind.WHOLE, "as in promotions; else counted from Mondays 00:00 UTC"),
            ),
            key=(),
            is_needed=True,
        ),
        Table(
            "promotions",
            (
                _key("product_id"),
                _key("store_id"),
                Column("display_location", Kind.TEXT, note='"0" means none'),
                Column("mailer_location", Kind.TEXT, note='"0" means none'),
                Column("week", Kind.WHOLE, is_filled=True, note="1 is the first sale's week"),
            ),
            key=(),
        ),
        Table(
            "campaign_descriptions",
            (
                _key("campaign_id"),
                Column("campaign_type", Kind.TEXT),
                Column("start_date", Kind.MOMENT, is_filled=True, note="first day"),
                Column("end_date", Kind.MOMENT, is_filled=True, note="last day"),
            ),
            key=("campaign_id",),
        ),
        Table(
            "campaigns",
            (_key("campaign_id"), _key("household_id")),
            key=("campaign_id", "household_id"),
        ),
        Table(
            "coupons",
            (_key("coupon_upc"), _key("product_id"), _key("campaign_id")),
            key=("coupon_upc", "product_id", "campaign_id"),
        ),
        Table(
            "coupon_redemptions",
            (
                _key("household_id"),
                _key("coupon_upc"),
                _key("campaign_id"),
                Column("redemption_date", Kind.MOMENT, is_filled=True),
            ),
            key=(),
        ),
        Table(
            "demographics",
            (
                _key("household_id"),
                *(
                    Column(name, Kind.TEXT, is_needed=False, note="audit only")
                    for name in (
                        "age",
                        "income",
                        "home_ownership",
                        "marital_status",
                        "household_size",
                        "household_comp",
                        "kids_count",
                    )
                ),
            ),
            key=("household_id",),
        ),
    )
}
