"""Files as merchants have them: encodings, separators, spreadsheets, and what is refused."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from shop.doors.product_lists.apart import Kind, read_apart
from shop.doors.product_lists.core.kept import read_kept
from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.core.text import Sheet, decode_text, read_text
from shop.doors.product_lists.sentences import say_problem
from shop.doors.product_lists.workbooks import read_sheet, write_workbook

CHINESE = "货号,名称,价格\nT-1,西湖龙井（明前）,50.37\nT-2,普洱茶，七子饼,88\n"
WESTERN = "sku;title;price\nT-1;Grüner Tee “Jasmin” – weiß;50.37\nT-2;Thé glacé, pêche;8\n"


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (CHINESE, "utf-8", "UTF-8"),
        (CHINESE, "utf-8-sig", "UTF-8 with BOM"),
        (CHINESE, "utf-16", "UTF-16"),
        (CHINESE, "gbk", "GBK"),
        (WESTERN, "cp1252", "Windows-1252"),
        (WESTERN, "utf-8", "UTF-8"),
        ("título,año\nnúmero,ñandú\n", "cp1252", "Windows-1252"),
        ("smørrebrød på æble,ÅÄÖ\n", "cp1252", "Windows-1252"),
    ],
)
def test_the_encoding_is_recognized_and_said(text: str, encoding: str, said: str) -> None:
    assert decode_text(text.encode(encoding)) == (text, said)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(separator: str) -> None:
    text = separator.join(("sku", '"title, long; and\tmore"', "price")) + "\n"
    sheet = read_text("a.csv", (text + separator.join(("A", "b", "1.00"))).encode())
    assert (sheet.separator, len(sheet.header)) == (separator, 3)
    assert sheet.rows == [(2, ["A", "b", "1.00"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_row_is_known_by_the_line_it_begins_on(end: str) -> None:
    lines = ["sep=;", "sku;title", 'A;"one', "", 'three"', "", "B;two", ";", "C;x"]
    sheet = read_text("a.csv", end.join(lines).encode())
    assert [(line, cells[0]) for line, cells in sheet.rows] == [(3, "A"), (7, "B"), (9, "C")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "products.csv: the file is empty."),
        (
            b"\x89PNG\r\n\x1a\n\0\0",
            "products.csv: this is neither a CSV file nor an Excel file (.xlsx).",
        ),
        (
            b'sku,title\nA,fine\nB,"open\nC,x\n',
            (
                "products.csv line 3: the quotes are not closed; a quote inside quoted text"
                " is written twice."
            ),
        ),
        (
            b"sku,title\nA,\x81\x8d\n",
            "products.csv line 2: the encoding cannot be recognized; save the file as CSV UTF-8.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "products.csv: this is an Excel file of before 2007 (.xls); save it as .xlsx.",
        ),
        (b"sku,title\n\n", "products.csv: the file has a header and no rows."),
        (b"PK\x03\x04 broken", "products.csv: this is not a zip file."),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadList) as refusal:
        read_sheet("products.csv", content)
    assert say_problem(refusal.value.problem, "products.csv") == sentence


def make_wide(cell: bytes) -> bytes:
    """Return a workbook of 5,000 rows, each with a cell in the first and the last column."""
    with zipfile.ZipFile(io.BytesIO(make_workbook([["sku", "title"], ["A", "mug"]]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    at = "xl/worksheets/sheet1.xml"
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c>%s</row>' % (row, row, cell % row)
        for row in range(3, 5_003)
    )
    parts[at] = parts[at].replace(b"</sheetData>", rows + b"</sheetData>")
    return pack(parts)


WIDE = (b'<c r="XFD%d"><v>1</v></c>', b'<c r="XFD%d"/>', b'<c r="&#88;FD%d"><v>1</v></c>')


def test_a_cell_in_the_last_column_makes_no_row_wide() -> None:
    far, styled, hidden = (make_wide(cell) for cell in WIDE)
    assert len(far) < 60_000
    with pytest.raises(BadList) as refusal:
        read_sheet("a.xlsx", far)
    sentence = say_problem(refusal.value.problem, "a.xlsx")
    assert sentence == "a.xlsx: the file has more than 200 columns."
    for content in (styled, hidden):
        rows = read_sheet("a.xlsx", content).rows
        assert (len(rows), rows[-1]) == (5_001, (5_002, ["1"]))


def _read_apart(content: bytes, kind: Kind = "list") -> Sheet:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as kept:
        source.write(content)
        source.seek(0)
        read_apart(kind, source, kept)
        kept.seek(0)
        return read_kept("a", kept)


def test_a_list_is_read_by_a_process_with_limits() -> None:
    workbook = make_workbook([["sku", "price"], ["A", "=1+1"], ["B", 2]])
    for content in (workbook, WESTERN.encode("cp1252")):
        assert _read_apart(content) == read_sheet("a", content)
    with pytest.raises(BadList, match="columns"):
        _read_apart(make_wide(WIDE[0]))


def test_files_that_unpack_without_end_are_refused_apart() -> None:
    """One row of millions of cells; a zip file of nothing but names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), b"")
    with pytest.raises(BadList, match="members"):
        _read_apart(file.getvalue(), "pictures")
    with pytest.raises(BadList) as refusal:
        _read_apart(b"sku,title\nA,b" + b",x" * 10_000_000)
    sentence = say_problem(refusal.value.problem, "a.csv")
    assert sentence.startswith("a.csv: reading the file takes more memory or time than a list may")


def make_workbook(rows: list[list[object]], *, hidden: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if hidden:
        book.create_sheet("notes", 0).sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_cells_of_a_spreadsheet_are_read_as_they_were_typed() -> None:
    rows = [
        ["sku", "price", "stock", "barcode", "archived", "title"],
        ["00123", 50.37, 12.0, 4006381333931, False, date(2026, 11, 29)],
        [None, None, None, None, None, None],
        ["B", 1e-2, 3, "096385074", True, "x\ny"],
    ]
    sheet = read_sheet("a.xlsx", make_workbook(rows, hidden=True))
    assert sheet.rows == [
        (2, ["00123", "50.37", "12", "4006381333931", "no", "2026-11-29"]),
        (4, ["B", "0.01", "3", "096385074", "yes", "x\ny"]),
    ]


def test_a_formula_without_a_saved_result_is_found() -> None:
    content = make_workbook([["sku", "price"], ["A", "=1+1"], ["B", 2]])
    sheet = read_sheet("a.xlsx", content)
    assert sheet.formulas == {(2, 1)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    at = "xl/worksheets/sheet1.xml"
    parts[at] = parts[at].replace(b"<v />", b"<v>2</v>").replace(b"<v></v>", b"<v>2</v>")
    again = read_sheet("a.xlsx", pack(parts))
    assert (again.formulas, again.rows) == (frozenset(), [(2, ["A", "2"]), (3, ["B", "2"])])


def pack(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/workbook.xml": b"<a>" + bytes(80 * 2**20)}, "unpacked"),
        ({"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'}, "entities"),
        ({"xl/workbook.xml": b"<workbook/>"}, "not_workbook"),
        ({"hello.txt": b"x"}, "zip_as_list"),
    ],
)
def test_a_spreadsheet_made_to_harm_is_refused(parts: dict[str, bytes], code: str) -> None:
    with pytest.raises(BadList) as refusal:
        read_sheet("a.xlsx", pack(parts))
    assert refusal.value.problem.code == code


def test_what_is_written_is_read_again_and_is_no_formula() -> None:
    rows = [["sku", "title"], ["=1+1", "@home"], ["-5+A1", "🍵 “茶”\nline"], ["0012", "'tis"]]
    file = io.BytesIO()
    write_workbook(rows, file)
    assert read_sheet("a.xlsx", file.getvalue()) == Sheet(
        "a.xlsx", rows[0], [(at, row) for at, row in enumerate(rows[1:], start=2)]
    )
    with zipfile.ZipFile(file) as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml")
