"""Readable names from POS abbreviations, and names for brands known by number only."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from shop.ground.catalog.core.values import FIRST_WIDE
from shop.ground.kernel.hashing import stable_draw
from shop.ground.kernel.measures import GRAMS, SOLID, Size

WORDS = Path(__file__).parent / "words"
SMALL_WORDS = {"and", "of", "the", "with", "for", "to", "in", "on", "or", "no", "lb", "than"}

# Prefixes that say where a thing stands in the shop, not what it is.
PREFIXES = (
    (r"^(SW GDS|CAKES|BK SPECLTY|DL SPEC|SAL|QSR FD|MISC|SALAD|AIR CARE|JHOOK)\s*[:-]\s*", ""),
    (r"^SEAFOOD-FRZ-", "FROZEN "),
    (r"^SEAFOOD-FRE-", "FRESH "),
    (r"^SEAFOOD-MISC-", "SEAFOOD "),
    (r"^MEAT-MISC-", "MEAT "),
    (r"^(PREP FD|PREP FOODS):\s*", "PREPARED "),
    (r"^CHIX:\s*", "CHICKEN "),
    (r"^MEAT:\s*", "DELI "),
    (r"^SV BEV:\s*", "COUNTER "),
    (r"^COFF(EE)? SHOP:\s*", "COFFEE SHOP "),
    (r"^NUT SUPP-\s*", "NUTRITION SUPPLEMENTS, "),
    (r"^FITNESS ?& ?DIET\s*-\s*", "FITNESS "),
    (r"^VITAMIN - ", "VITAMINS, "),
    (r"^(.+)-MAGAZINE$", r"\1 MAGAZINES"),
    (r"\bCHILDREN S\b", "CHILDRENS"),
    (r"\bWOMEN S\b", "WOMENS"),
    (r"\bH & B\b", "HEALTH AND BEAUTY"),
    (r"\bW/", "WITH "),
    (r"-(BULK|PREPACK|PRPCK)\b", ""),
    (r"\bN/A\b|\bN/MEAT DE$", ""),
)


@dataclass(frozen=True, slots=True)
class TypeName:
    """A product type as shoppers read it; `name_zh` and `emoji` are "" where nobody chose one."""

    name: str
    name_zh: str
    emoji: str


def read_words(name: str) -> list[dict[str, str]]:
    """Return the rows of one of our own word lists (columns separated by "|")."""
    with open(WORDS / f"{name}.csv", encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="|"))


@lru_cache(maxsize=1)
def _abbreviations() -> dict[str, str]:
    return {row["short"]: row["long"] for row in read_words("abbreviations")}


@lru_cache(maxsize=1)
def _chosen_types() -> dict[tuple[str, str], TypeName]:
    return {
        (row["category"], row["type"]): TypeName(row["name"], row["name_zh"], row["emoji"])
        for row in read_words("types")
    }


def name_type(category: str, product_type: str) -> TypeName:
    """Return the readable name of a product type of a source category.

    >>> name_type("FRZN VEGETABLE/VEG DSH", "FRZN BAGGED VEGETABLES - PLAIN").name
    'Frozen Bagged Vegetables, Plain'
    """
    chosen = _chosen_types()
    found = chosen.get((category, product_type)) or chosen.get(("*", product_type))
    return found or TypeName(make_readable(product_type), "", "")


@lru_cache(maxsize=1)
def _weights() -> dict[str, str]:
    return {row["name"]: row["pounds"] for row in read_words("weights")}


def weigh_pack(type_name: str) -> Size:
    """Return about what a piece of products sold by weight weighs: the source counts bags alone.

    >>> weigh_pack("Bananas").label, weigh_pack("Garlic").label
    ('about 1.75 lb', 'typical pack')
    """
    pounds = _weights().get(type_name)
    if pounds is None:
        return Size(None, "", "typical pack")
    grams = (Decimal(pounds) * GRAMS["lb"]).quantize(Decimal("0.001"))
    return Size(grams, SOLID, f"about {pounds} lb")


def make_readable(text: str) -> str:
    """Return a shouted, abbreviated label as title-cased words.

    >>> make_readable("BAGS/TAGS/TISSUE/BOXES"), make_readable("TURKEY BREAST BONE-IN (FRZ")
    ('Bags, Tags, Tissue & Boxes', 'Turkey Breast Bone-In')
    >>> make_readable("FLOOR - CARPET & UPHOLSTERY"), make_readable("FOOD-MAGAZINE")
    ('Floor, Carpet & Upholstery', 'Food Magazines')
    """
    cleaned = text.upper().strip()
    for pattern, replacement in PREFIXES:
        cleaned = re.sub(pattern, replacement, cleaned)
    cleaned = re.sub(r"\([^)]*\)?|<=?\S*", " ", cleaned)
    cleaned = re.sub(r"\s-\s?|(?<=[A-Z])- |:\s*", ", ", cleaned)
    cleaned = re.sub(r"\s*[/&]\s*", " & ", cleaned)
    words = [_spell(word) for word in cleaned.split()]
    return _tidy(" ".join(word for word in words if word)) or text.strip().title()


def _spell(word: str) -> str:
    comma = "," if word.endswith(",") else ""
    bare = word.rstrip(".,")
    known = _abbreviations().get(bare)
    if known is not None:
        return known + comma if known else comma
    if "-" in bare:
        parts = bare.split("-")
        if any(part in _abbreviations() for part in parts):
            return " ".join(filter(None, map(_spell, parts))) + comma
        return "-".join(part.capitalize() for part in parts) + comma
    return _title(bare) + comma


def _title(word: str) -> str:
    return word.lower() if word.lower() in SMALL_WORDS else word.capitalize()


def _tidy(text: str) -> str:
    tidy = re.sub(r"\s+,", ",", text)
    tidy = re.sub(r"(,\s*)+", ", ", tidy)
    tidy = re.sub(r"(&\s*)+", "& ", tidy)
    tidy = re.sub(r",\s*&|&\s*,", " &", tidy)
    tidy = re.sub(r"\b(\w+) \1\b", r"\1", tidy)
    # A list of three and more takes commas: only the last "&" stays.
    head, mark, last = tidy.rpartition(" & ")
    tidy = head.replace(" & ", ", ") + mark + last
    tidy = re.sub(r"\s+", " ", tidy).strip(" ,&-")
    return tidy[:1].upper() + tidy[1:]


# --- brands -------------------------------------------------------------------------------------
@lru_cache(maxsize=1)
def _brand_words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = read_words("brands")
    return (
        tuple(row["word"] for row in rows if row["place"] == "first"),
        tuple(row["word"] for row in rows if row["place"] == "second"),
    )


def name_brand(manufacturer: str, *, is_private: bool, is_main: bool = False) -> str:
    """Return a pleasant fictional name for a maker known by number only; equal for equal numbers.

    Numbers below the count of combinations get different names: the number is multiplied by a
    constant that shares no factor with the count, which only shuffles them. The shop's own labels
    carry the shop's name; `is_main` is its largest.

    >>> name_brand("69", is_private=True, is_main=True)
    'Fairtag'
    >>> name_brand("1208", is_private=False) == name_brand("1208", is_private=False)
    True
    """
    first, second = _brand_words()
    count = len(first) * len(second)
    if manufacturer.isdigit():
        index = int(manufacturer) * 7_919 % count
    else:
        index = int(stable_draw("brand", manufacturer) * count)
    if is_private:
        return "Fairtag" if is_main else f"Fairtag {first[index % len(first)]}"
    return f"{first[index % len(first)]} {second[index // len(first)]}"


def number_name(name: str, rank: int) -> str:
    """Return what the product of this rank among those of its brand and type is called.

    The source does not say what their difference is, and nobody makes one up: a number tells them
    apart. Good in both languages, "" stays "".

    >>> number_name("Yogurt Cups", 0), number_name("Yogurt Cups", 1), number_name("杯装酸奶", 1)
    ('Yogurt Cups', 'Yogurt Cups, No. 2', '杯装酸奶·2号')
    """
    if not rank or not name:
        return name
    return f"{name}·{rank + 1}号" if name[-1] >= FIRST_WIDE else f"{name}, No. {rank + 1}"
