"""Names people can read."""

from __future__ import annotations

import pytest

from shop.doors.intake.chinese import compose_chinese
from shop.doors.intake.naming import make_readable, name_brand, name_type, read_words


@pytest.mark.parametrize(
    ("shouted", "readable"),
    [
        ("FLOOR - CARPET & UPHOLSTERY", "Floor, Carpet & Upholstery"),
        ("FOOD-MAGAZINE", "Food Magazines"),
        ("BAGS/TAGS/TISSUE/BOXES", "Bags, Tags, Tissue & Boxes"),
        ("PREP FD: ENTREES (HOT)", "Prepared Entrees"),
        ("SOFT LENS - NON CHEMICAL", "Soft Lens, Non Chemical"),
        ("SEAFOOD-FRZ-BRD-OTHER", "Frozen Breaded Other"),
    ],
)
def test_label_is_spelled_out(shouted: str, readable: str) -> None:
    assert make_readable(shouted) == readable


def test_same_word_means_different_things_in_different_categories() -> None:
    assert name_type("BEEF", "PRIMAL").name == "Ground Beef"
    assert name_type("ICE CREAM/MILK/SHERBTS", "PREMIUM").name == "Premium Ice Cream"


def test_makers_known_by_number_get_different_names() -> None:
    names = {name_brand(str(number), is_private=False) for number in range(1, 6_500)}
    assert len(names) == 6_499


def test_every_chosen_name_is_filled() -> None:
    for row in read_words("types"):
        assert row["name"], row
        assert row["name_zh"], row
        assert row["emoji"], row


def test_no_word_is_chosen_twice() -> None:
    keys = [(row["category"], row["type"]) for row in read_words("types")]
    assert len(keys) == len(set(keys))
    shorts = [row["short"] for row in read_words("abbreviations")]
    assert len(shorts) == len(set(shorts))


@pytest.mark.parametrize(
    ("name", "chinese"),
    [
        ("Pet Treats", "宠物零食"),
        ("Soups & Chili", "汤和辣豆酱"),
        ("Wreaths, Tinsel & Garland", "花环、金丝彩条和彩带"),
        ("Roses Other", "其他玫瑰"),
        ("Nutrition Supplements, Children's", "儿童营养补充剂"),
        ("Dry & Refrigerated Pastas", "干、冷藏意面"),
        ("Deli Chicken Packed & Sliced", "切片包装熟食鸡肉"),
        ("Premium", "优质意面酱"),
        ("Kids'", "儿童意面酱"),
        ("Salsa Xylophones", ""),
        ("", ""),
    ],
)
def test_a_label_is_put_into_chinese_word_by_word(name: str, chinese: str) -> None:
    assert compose_chinese(name, "意面酱") == chinese


def test_every_word_has_chinese_and_a_known_kind() -> None:
    for row in read_words("chinese"):
        assert row["chinese"], row
        assert row["kind"] in ("", "describes"), row
        assert row["english"] == row["english"].lower(), row
