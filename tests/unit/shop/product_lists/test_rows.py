"""Rows of a list: what cells say, which rows belong together, which contradict each other."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from shop.doors.product_lists.core.cells import read_cell, settle, write_cell
from shop.doors.product_lists.core.columns import BY_NAME, COLUMNS, Column, Kind, guess_fields
from shop.doors.product_lists.core.differences import (
    Known,
    Outcome,
    Snapshot,
    Verdict,
    judge_product,
)
from shop.doors.product_lists.core.problems import BadCell
from shop.doors.product_lists.core.rows import Currencies, ListRow, group_rows, read_rows
from shop.doors.product_lists.core.text import read_text
from shop.doors.product_lists.sentences import say_problem
from shop.ground.kernel.sheets import sheet_lines

CURRENCIES = Currencies("us", {"us": "USD", "eu": "EUR", "jp": "JPY"})
NOTHING = Snapshot({}, {})


def read(text: str) -> list[ListRow]:
    sheet = read_text("products.csv", text.encode())
    return read_rows(sheet, guess_fields(sheet.header), CURRENCIES)


def judge(text: str, shop: Snapshot = NOTHING) -> list[Verdict]:
    groups = group_rows(read(text))
    return [verdict for product in groups for verdict in judge_product(product, shop)]


def say(text: str, shop: Snapshot = NOTHING) -> list[str]:
    problems = [one for verdict in judge(text, shop) for one in verdict.row.problems]
    return [say_problem(one, "products.csv") for one in problems]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("price", "50,37", "'50,37' has a comma; write 50.37"),
        ("price", "1.234,50", "'1.234,50' has a comma; write 1234.50"),
        (
            "price",
            "1,234",
            "'1,234' has a comma; write the number with a point and no commas",
        ),
        ("price", "$5", "'$5' is not an amount; write only a number such as 12.50"),
        ("price", "5.123", "'5.123' has too many decimals; USD has 2"),
        ("price", "0.00", "'0.00' is not above zero"),
        ("price[jp]", "5.5", "'5.5' has too many decimals; JPY has 0"),
        ("price[uk]", "5.5", "there is no market 'uk'; the markets are eu, jp, us"),
        ("stock", "2.5", "'2.5' is not a whole number"),
        ("stock", "-1", "'-1' is below zero"),
        ("minimum_age", "100", "'100' is more than 99"),
        ("archived", "maybe", "'maybe' is neither yes nor no"),
        (
            "barcode",
            "4006381333932",
            "'4006381333932' has a wrong check digit; compare it with the package",
        ),
        (
            "barcode",
            "4.00638E+12",
            (
                "'4.00638E+12' was rounded by a spreadsheet; format the column as text and type the"
                " number again"
            ),
        ),
        ("size", "big", "'big' is not a size; write it as 500 g, 1.5 L or 6 ct"),
        (
            "attributes",
            "steel",
            "'steel' is not written as name: value; separate several with semicolons",
        ),
        ("sku", "x" * 41, "the text has 41 characters; at most 40 are possible"),
    ],
)
def test_a_wrong_cell_is_named_by_line_column_and_value(column: str, value: str, said: str) -> None:
    rows = [["sku", "title", "category", "price", column], ["A", "two\nlines", "Tea", "1", "1"]]
    rows[0][3], rows[1][3] = ("price", "1") if column != "price" else ("cost", "1")
    if column == "sku":
        rows[0][0] = "handle"
    rows[1][4] = ""
    bad = ["B", "b", "Tea", "1", value]
    text = "".join(sheet_lines([*rows, bad]))
    assert f"products.csv line 4: column '{column}': {said}." in say(text)


def test_the_same_sentence_in_chinese() -> None:
    with override("zh-hans"):
        assert say('sku,title,category,price\nA,a,Tea,"50,37"\n') == [
            "products.csv 第 2 行“price”列：“50,37”含有逗号，请写 50.37。"
        ]


def test_rows_of_one_product_share_what_the_first_one_says() -> None:
    text = (
        "Handle,Title,Body (HTML),Vendor,Product Category,Option1 Name,Option1 Value,Variant SKU,"
        "Variant Price,Image Src\n"
        "tea,Tea,Fine,Leaf,Food > Tea,Size,S,T-1,5.00,a.jpg\n"
        "tea,,,,,,M,T-2,6.00,\n"
        "tea,,,,,,,,,b.jpg\n"
    )
    (product,) = group_rows(read(text))
    assert product.values == {
        "title": "Tea",
        "description": "Fine",
        "brand": "Leaf",
        "category": ["Food", "Tea"],
        "option1_name": "Size",
    }
    assert [row.options for row in product.rows[:2]] == [{"Size": "S"}, {"Size": "M"}]
    verdicts = judge(text)
    assert Counter(str(one.outcome) for one in verdicts) == {"new": 2, "added": 1}


def test_rows_that_contradict_others_are_told_with_both_lines() -> None:
    text = (
        "handle,title,category,option1_name,option1_value,sku,barcode,price\n"
        "tea,Tea,Food,Size,S,T-1,4006381333931,5\n"
        "tea,Coffee,Food,Size,M,T-2,,5\n"
        "tea,Tea,Food,Size,S,T-3,,5\n"
        "cup,Cup,Home,,,T-1,,5\n"
        "mug,Mug,Home,,,M-1,4006381333931,5\n"
        "pot,Pot,Home,,,P-1,,5\n"
        "pot,,,,,P-2,,5\n"
    )
    assert say(text) == [
        (
            "products.csv line 3: column 'title': 'Coffee' contradicts line 2 of the same product,"
            " which says 'Tea'."
        ),
        "products.csv line 4: the options Size S are in line 2 too.",
        "products.csv line 5: column 'sku': 'T-1' is in line 2 too.",
        "products.csv line 6: column 'barcode': '4006381333931' is in line 2 too.",
        "products.csv line 7: 'pot' has several variants; this one does not say its options.",
        "products.csv line 8: 'pot' has several variants; this one does not say its options.",
    ]


def test_a_sku_that_stands_twice_makes_no_second_variant() -> None:
    assert say("sku,title,category,price\nA-1,Tea,Food,5\nA-1,,,6\n") == [
        "products.csv line 3: column 'sku': 'A-1' is in line 2 too."
    ]


def test_a_refused_row_stops_no_other_and_names_its_product() -> None:
    text = (
        "handle,title,category,option1_name,option1_value,sku,price\n"
        'tea,Tea,Food,Size,S,T-1,"50,37"\n'
        "tea,,,,M,T-2,6.00\n"
    )
    first, second = judge(text)
    assert (first.outcome, second.outcome) == (Outcome.REFUSED, Outcome.NEW)
    assert second.after["title"] == "Tea"


def test_what_is_new_needs_title_category_and_price() -> None:
    assert say("sku,title\nA,\n") == [
        "products.csv line 2: column 'title': the cell is empty; a new product needs it.",
        "products.csv line 2: column 'category': the cell is empty; a new product needs it.",
        "products.csv line 2: column 'price': the cell is empty; a new product needs it.",
    ]


def test_only_differences_change_and_empty_cells_change_nothing() -> None:
    known = Known("T-1", {"price": 500, "stock": 3, "archived": False}, prices={"eu": 450})
    shop = Snapshot({"T-1": known}, {"T-1": {"title": "Tea", "brand": "Leaf"}})
    text = "sku,title,brand,price,stock,price[eu]\nT-1,Tea,,5.00,{stock},4.50\n"
    (same,) = judge(text.format(stock=""), shop)
    assert same.outcome == Outcome.SAME
    (changed,) = judge(text.format(stock="4"), shop)
    assert (changed.outcome, changed.before, changed.after) == (
        Outcome.CHANGED,
        {"stock": 3},
        {"stock": 4},
    )


def test_rows_that_meet_other_variants_of_the_shop_are_refused() -> None:
    known = {
        "S-1": Known("tea", {}, {"Size": "S"}),
        "X-1": Known("cup", {"barcode": "4006381333931"}),
    }
    shop = Snapshot(known, {"tea": {}, "cup": {}}, {"04006381333931": "X-1"})
    text = (
        "handle,title,category,option1_name,option1_value,sku,price,barcode\n"
        "tea,,,Size,S,S-2,5,\n"
        "tea,,,Size,M,X-1,5,\n"
        "tea,,,Size,L,S-3,5,4006381333931\n"
    )
    assert say(text, shop) == [
        "products.csv line 2: the options Size S belong to the variant S-1.",
        "products.csv line 3: column 'sku': 'X-1' belongs to the product 'cup'.",
        "products.csv line 4: column 'barcode': '4006381333931' belongs to the variant X-1.",
    ]


def test_column_names_are_known_in_several_languages_and_programs() -> None:
    assert guess_fields(["货号", "名称", "价格", "库存", "price[EU]", "Notes"]) == [
        "sku",
        "title",
        "price",
        "stock",
        "price[eu]",
        "",
    ]
    woo = ["Type", "SKU", "Name", "Description", "Regular price", "Categories", "Images", "Parent"]
    assert guess_fields(woo) == [
        "",
        "sku",
        "title",
        "description",
        "price",
        "category",
        "pictures",
        "handle",
    ]
    # an exact name wins over a synonym that stands before it
    assert guess_fields(["name", "title"]) == ["", "title"]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
VALUES = {
    Kind.TEXT: TEXT,
    Kind.LINES: st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    Kind.PATH: st.lists(TEXT, min_size=1, max_size=3),
    Kind.PRICE: st.integers(1, 2**31 - 1),
    Kind.AMOUNT: st.integers(0, 2**31 - 1),
    Kind.WHOLE: st.integers(0, 99),
    Kind.FLAG: st.booleans(),
    Kind.BARCODE: st.sampled_from(["4006381333931", "96385074"]),
    Kind.SIZE: st.sampled_from(["500 g", "15000 g", "1892.706 ml", "6 ct", "0.001 g"]),
    Kind.NAMES: st.lists(TEXT, min_size=1, max_size=5, unique=True),
    Kind.PAIRS: st.dictionaries(TEXT, TEXT, min_size=1, max_size=4),
}


@given(st.data(), st.sampled_from(COLUMNS), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_written_cell_is_read_back_equally(
    data: st.DataObject, column: Column, currency: str
) -> None:
    value = settle(data.draw(VALUES[column.kind]), column, currency)
    try:
        (line,) = sheet_lines([[write_cell(value, column, currency), "end"]])
        sheet = read_text("a.csv", f"x,y\n{line}".encode())
        (row,) = sheet.rows
        assert read_cell(row[1][0], column, currency) == value
    except BadCell:
        # only what no cell can hold: a blank name, twice the same one
        assert settle(value, column, currency) == value


def test_a_title_like_a_formula_comes_back_unchanged() -> None:
    (line,) = sheet_lines([["=HYPERLINK(1)", "end"]])
    assert line == "'=HYPERLINK(1),end\r\n"
    sheet = read_text("a.csv", f"x,y\n{line}".encode())
    assert read_cell(sheet.rows[0][1][0], BY_NAME["title"], "USD") == "=HYPERLINK(1)"
