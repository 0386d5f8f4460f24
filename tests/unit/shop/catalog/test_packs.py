"""Drawn packs: one for each product, equal for equal facts, with text that fits."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from shop.ground.catalog.core.pack_shapes import SHAPES, choose_shape
from shop.ground.catalog.core.pack_text import fit_line, fit_lines, measure
from shop.ground.catalog.core.packs import Pack, draw_pack, pack_digest

MILK = Pack("FT-1", "Alder Way", "White Milk", "1 gal", "dairy-eggs/milk/white-milk")
ROOT = Path(__file__).parents[4]
NUMBER = r"\s*,?\s*[+-]?(?:\d+\.?\d*|\.\d+)"
# How many numbers each letter of an SVG path takes at a time.
TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}
ARC = re.compile(rf"(?:{NUMBER}{NUMBER}{NUMBER}\s*,?\s*[01]\s*,?\s*[01]{NUMBER}{NUMBER})+\s*")


def is_path(text: str) -> bool:
    """Whether each letter of an SVG path has all its numbers."""
    for letter, numbers in re.findall(r"([a-zA-Z])([^a-zA-Z]*)", text):
        takes, found = TAKES[letter.lower()], re.findall(NUMBER, numbers)
        if letter in "aA":
            if not ARC.fullmatch(numbers):
                return False
        elif bool(found) != bool(takes) or (takes and len(found) % takes):
            return False
    return True


GLYPH = "<path d='M0 0h32v32H0z'/>"


BELL = '<path fill="#44911b"/><path fill="#008463"/><path fill="#c3ef3c"/>'
SKIN = {
    ("Red Bell Peppers", "red-bell-peppers", "each"): ("#d8352b", "#b12b23"),
    ("Bell Peppers, No. 2", "red-bell-peppers", "3 ct"): ("#d8352b", "#b12b23"),
    ("Yellow & Orange Peppers", "peppers", "each"): ("#f4c01e", "#ee8222"),
    ("Green Bell Peppers", "green-bell-peppers", "each"): ("#44911b", "#008463"),
    ("Red Wine Vinegar", "vinegar", "each"): ("#44911b", "#008463"),
}


@pytest.mark.parametrize(("product", "skin"), SKIN.items())
def test_fruit_and_vegetables_have_the_colour_they_are_named_by(
    product: tuple[str, str, str], skin: tuple[str, str]
) -> None:
    name, leaf, size = product
    drawn = draw_pack(Pack("A", "Acme", name, size, f"produce/peppers/{leaf}"), BELL)
    [glyph] = re.findall(r'<g id="g">(.*?)</g>', drawn)
    assert tuple(re.findall(r'fill="(.*?)"', glyph)) == (*skin, "#c3ef3c")


def test_only_fresh_peppers_are_coloured() -> None:
    hummus = Pack("A", "Acme", "Hummus with Red Peppers", "10 oz", "deli/dips/hummus")
    assert f'<g id="g">{BELL}</g>' in draw_pack(hummus, BELL)


def test_equal_facts_draw_the_same_pack_and_others_another() -> None:
    others = [
        Pack("FT-2", "Alder Way", "White Milk", "1 gal", MILK.path),
        Pack("FT-1", "Alder Way", "White Milk", "1/2 gal", MILK.path),
        Pack("FT-1", "Alder Way", "Skim Milk", "1 gal", MILK.path),
        Pack("FT-1", "Briar Hill", "White Milk", "1 gal", MILK.path),
    ]
    assert draw_pack(MILK, GLYPH) == draw_pack(MILK, GLYPH)
    assert len({draw_pack(one, GLYPH) for one in (MILK, *others)}) == 5
    assert len({pack_digest(one) for one in (MILK, *others)}) == 5


def test_text_of_products_is_no_markup() -> None:
    drawn = draw_pack(Pack("A", "<b>", "A & <i>B</i>", '"1" lb', "pantry"), GLYPH)
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "A &amp; &lt;i&gt;B&lt;/i&gt;" in drawn


@pytest.mark.parametrize(
    "name", ["Eggs", "Refrigerated Traditional Cinnamon Rolls, Family Size", "有机全脂纯牛奶礼盒装"]
)
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_line_fits_its_label(name: str, shape: str) -> None:
    label = SHAPES[shape].label
    width = 90 if label is None else label[2] - 60
    lines = fit_lines(name, width, sizes=(24, 17), height=40)
    assert 1 <= len(lines) <= 2
    for line in (*lines, fit_line(name, width, size=18)):
        assert line.width <= width
        assert measure(line.text, line.size) == line.width


def test_long_names_end_with_a_whole_word() -> None:
    lines = fit_lines("Traditional Refrigerated Cinnamon Rolls", 150, sizes=(20,), height=50)
    assert [line.text for line in lines] == ["Traditional", "Refrigerated \u2026"]


@pytest.mark.parametrize(
    ("name", "path", "shape"),
    [
        ("White Milk", "dairy-eggs/milk/white-milk", "jug"),
        ("Shampoo", "health-beauty/hair-care/shampoo", "bottle"),
        ("Cheese Blocks", "dairy-eggs/cheese/cheese-blocks", "box"),
        ("Extra-Large Eggs", "dairy-eggs/eggs/eggs-extra-large", "eggbox"),
        ("Toilet Paper", "household/paper/toilet-paper", "roll"),
        ("Bananas", "produce/bananas-tropical-fruit/bananas", "loose"),
        ("Beer & Ale", "beer-wine/beer/beer-ale", "can"),
        ("Greeting Cards", "cards-media/cards/greeting-cards", "card"),
        ("Something New", "other/other", "box"),
    ],
)
def test_products_get_a_silhouette_that_fits(name: str, path: str, shape: str) -> None:
    assert choose_shape(name, path) == shape


@pytest.mark.parametrize(
    ("name", "path", "size", "shape"),
    [
        ("Green Peppers", "produce/peppers/green-peppers", "each", "loose"),
        ("Green Peppers", "produce/peppers/green-peppers", "3 ct", "bag"),
        ("Russet Potatoes", "produce/potatoes/russet-potatoes", "about 3 lb", "loose"),
        ("Russet Potatoes", "produce/potatoes/russet-potatoes", "5 lb", "bag"),
        ("Garden Salad", "produce/salad-mix/garden-salad", "12 oz", "bag"),
        ("Strawberries", "produce/berries/strawberries", "16 oz", "tray"),
        ("Fresh-Cut Fruit", "produce/cut-fruit/fresh-cut-fruit", "typical pack", "tray"),
        ("Ranch Dips", "produce/dips-dressings-juices/ranch-dips", "12 oz", "tub"),
        ("Stuffed Potatoes", "frozen/frozen-potatoes/stuffed-potatoes", "2 lb", "bag"),
        ("Mashed Potatoes", "pantry/side-dishes/mashed-potatoes", "8 oz", "box"),
        ("Chilies & Peppers", "pantry/mexican/chilies-peppers", "4 oz", "box"),
    ],
)
def test_only_fresh_produce_without_a_size_is_loose(
    name: str, path: str, size: str, shape: str
) -> None:
    assert choose_shape(name, path, size) == shape


def test_what_is_loose_is_drawn_without_a_pack_or_words() -> None:
    bananas = Pack("FT-3", "Alder Way", "Bananas", "about 1.75 lb", "produce/fruit/bananas")
    drawn = draw_pack(bananas, GLYPH)
    assert drawn.count('href="#g"') == 3
    assert re.findall(r">([^<>]+)</text>", drawn) == ["Illustration"]
    assert "rect" not in drawn


def test_every_glyph_is_whole() -> None:
    """A path that breaks off shows a leaf of a melon: browsers draw up to the first error."""
    broken = [
        one.name
        for one in (ROOT / "static" / "catalog").glob("*.svg")
        for path in re.findall(r' d="([^"]*)"', one.read_text())
        if not is_path(path)
    ]
    assert broken == []


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_silhouette_is_valid_markup(shape: str) -> None:
    body = SHAPES[shape].drawing.format(c="#111111", d="#222222", l="#333333")
    root = ET.fromstring(f"<svg>{body}</svg>")  # noqa: S314  # our own
    assert {one.tag for one in root} <= {"path", "rect", "ellipse"}


def test_a_drawing_has_no_style_and_no_link_outside() -> None:
    drawn = draw_pack(MILK, GLYPH)
    assert re.findall(r"style|script|url\(|https?://(?!www\.w3\.org/2000/svg)", drawn) == []
