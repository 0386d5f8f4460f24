"""The columns of lists, and the names that other programs give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    LINES = "lines"  # text of several lines
    PATH = "path"  # "Clothing > Shirts"
    PRICE = "price"  # above zero
    AMOUNT = "amount"  # zero and above
    WHOLE = "whole"
    FLAG = "flag"
    BARCODE = "barcode"
    SIZE = "size"
    NAMES = "names"  # "front.jpg; back.jpg"
    PAIRS = "pairs"  # "Material: steel; Care: by hand"
    EMAIL = "email"
    DAY = "day"  # 2026-05-31
    CHOICE = "choice"  # one of the column's choices


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `is_shared` means that all variants of a product have the same value."""

    name: str
    kind: Kind
    is_shared: bool
    most: int
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListKind:
    """A kind of list: its columns, and the one that every file has. `code` marks its imports."""

    code: str
    columns: tuple[Column, ...]
    needed: str
    has_markets: bool = False  # whether it has columns such as price[eu]

    def find(self, name: str) -> Column | None:
        """Return the column of this name; None where the kind has none."""
        if self.has_markets and market_of(name):
            name = "price"
        return next((column for column in self.columns if column.name == name), None)


MOST_WHOLE = 2**31 - 1
OPTIONS = 3


def _shared(name: str, kind: Kind, most: int, *also: str) -> Column:
    return Column(name, kind, is_shared=True, most=most, also=also)


def _own(name: str, kind: Kind, most: int, *also: str) -> Column:
    return Column(name, kind, is_shared=False, most=most, also=also)


COLUMNS: tuple[Column, ...] = (
    _shared("handle", Kind.TEXT, 64, "product", "product reference", "product id", "商品编号"),
    _shared("title", Kind.TEXT, 200, "name", "product name", "item", "标题", "名称", "商品名称"),
    _shared("title_zh", Kind.TEXT, 200, "chinese title", "中文标题", "中文名称"),
    _shared("description", Kind.LINES, 20_000, "text", "details", "描述", "说明", "商品描述"),
    _shared("description_zh", Kind.LINES, 20_000, "chinese description", "中文描述", "中文说明"),
    _shared("category", Kind.PATH, 120, "categories", "product category", "分类", "类目", "类别"),
    _shared("category_zh", Kind.PATH, 120, "chinese category", "中文分类", "中文类目"),
    _shared("brand", Kind.TEXT, 120, "maker", "manufacturer", "vendor", "品牌", "厂家"),
    _shared("tax_class", Kind.TEXT, 40, "tax", "vat class", "税类", "税率类别"),
    _shared("sensitive", Kind.FLAG, 0, "is sensitive", "敏感"),
    _shared("child_directed", Kind.FLAG, 0, "is child directed", "for children", "儿童商品"),
    _shared("minimum_age", Kind.WHOLE, 99, "age limit", "age", "最低年龄", "年龄限制"),
    _shared("attributes", Kind.PAIRS, 40, "properties", "属性", "规格参数"),
    *(
        column
        for number in range(1, OPTIONS + 1)
        for column in (
            _shared(
                f"option{number}_name", Kind.TEXT, 40, f"规格{number}名称", f"选项{number}名称"
            ),
            _own(f"option{number}_value", Kind.TEXT, 80, f"规格{number}", f"选项{number}"),
        )
    ),
    _own("sku", Kind.TEXT, 40, "article number", "item number", "商品编码", "编码", "货号"),
    _own("barcode", Kind.BARCODE, 14, "gtin", "ean", "upc", "isbn", "条码", "条形码"),
    _own("price", Kind.PRICE, MOST_WHOLE, "list price", "retail price", "价格", "售价", "零售价"),
    _own("cost", Kind.AMOUNT, MOST_WHOLE, "unit cost", "purchase price", "成本", "成本价", "进价"),
    _own(
        "stock", Kind.WHOLE, MOST_WHOLE, "quantity", "qty", "on hand", "inventory", "库存", "数量"
    ),
    _own("size", Kind.SIZE, 0, "package size", "net content", "weight", "净含量", "包装"),
    _own("pictures", Kind.NAMES, 120, "picture", "images", "image", "photos", "图片", "主图"),
    _own("archived", Kind.FLAG, 0, "is archived", "下架", "已下架"),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
PRODUCTS = ListKind("products", COLUMNS, needed="sku", has_markets=True)
FIRST_NEEDED = ("title", "category", "price")

# As both programs name them in their own exports; "kind" and "parent" are theirs alone.
SHOPIFY = {
    "handle": "handle",
    "url handle": "handle",
    "title": "title",
    "body (html)": "description",
    "description": "description",
    "vendor": "brand",
    "product category": "category",
    "option1 name": "option1_name",
    "option1 value": "option1_value",
    "option2 name": "option2_name",
    "option2 value": "option2_value",
    "option3 name": "option3_name",
    "option3 value": "option3_value",
    "variant sku": "sku",
    "sku": "sku",
    "variant barcode": "barcode",
    "barcode": "barcode",
    "variant price": "price",
    "price": "price",
    "cost per item": "cost",
    "variant inventory qty": "stock",
    "inventory quantity": "stock",
    "image src": "pictures",
    "product image url": "pictures",
}
WOOCOMMERCE = {
    "parent": "handle",
    "name": "title",
    "description": "description",
    "brands": "brand",
    "categories": "category",
    "tax class": "tax_class",
    "attribute 1 name": "option1_name",
    "attribute 1 value(s)": "option1_value",
    "attribute 2 name": "option2_name",
    "attribute 2 value(s)": "option2_value",
    "attribute 3 name": "option3_name",
    "attribute 3 value(s)": "option3_value",
    "sku": "sku",
    "gtin, upc, ean, or isbn": "barcode",
    "regular price": "price",
    "cost of goods": "cost",
    "stock": "stock",
    "images": "pictures",
}
_MARKET = re.compile(r"price ?\[([a-z0-9-]{1,16})\]")


def plain(header: str) -> str:
    """Return a column's name without what people write differently.

    >>> plain(" Option1_Name "), plain("ＳＫＵ")
    ('option1 name', 'sku')
    """
    text = unicodedata.normalize("NFKC", header).casefold().replace("_", " ")
    return " ".join(text.split())


def market_of(field: str) -> str:
    """Return the market that a column's price is for; "" where it is no such column.

    >>> market_of("price[eu]"), market_of("price")
    ('eu', '')
    """
    found = _MARKET.fullmatch(plain(field))
    return found[1] if found else ""


def is_price(field: str) -> bool:
    """Whether a column holds list prices, of the home market or of another."""
    return field == "price" or bool(market_of(field))


def guess_fields(header: list[str], kind: ListKind = PRODUCTS) -> list[str]:
    """Return which of our columns each column of a file is, "" where nobody can tell.

    Exact names win over names of known programs, those over synonyms. A column of ours is
    taken once, by the first that claims it best.

    >>> guess_fields(["Handle", "Variant Price", "价格", "Colour"])
    ['handle', 'price', '', '']
    """
    names = [plain(one) for one in header]
    exact = {plain(column.name): column.name for column in kind.columns}
    synonyms = {plain(name): column.name for column in kind.columns for name in column.also}
    fields = [""] * len(names)
    for known in (exact, _program(names) if kind is PRODUCTS else {}, synonyms):
        for at, name in enumerate(names):
            market = market_of(name) if kind.has_markets else ""
            field = f"price[{market}]" if market else known.get(name, "")
            if field and not fields[at] and field not in fields:
                fields[at] = field
    return fields


def _program(names: list[str]) -> Mapping[str, str]:
    if {"regular price", "categories"} <= set(names):
        return WOOCOMMERCE
    if {"variant price", "url handle", "image src"} & set(names):
        return SHOPIFY
    return {}
