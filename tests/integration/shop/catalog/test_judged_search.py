"""A judged set: 341 queries, each with the products that a shopper means by it.

The catalogue is 1,137 best sellers of the demo, under the name of their type without a variety; the
judgments name types and were made by hand from the list of types, not from what search returned.
Recall at 10 is the share of the meant products among the first ten, of ten where more are meant.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.doors.intake.naming import read_words
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.models import SearchSynonym, SearchWord, Variant
from shop.ground.catalog.selectors import forget_catalog, search_variants, suggest
from shop.ground.catalog.selectors.versions import refresh_catalog
from shop.ground.catalog.services import load_catalog, load_synonyms, spell_search_words
from tests.factories.pricing import NOON

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent / "search"
JUDGED = {"en": 114, "synonym": 43, "phrase": 26, "zh": 68, "pinyin": 34, "typo": 56}
LEAST = dict.fromkeys(JUDGED, 0.95) | {"typo": 0.90}
BRAND = BrandRow("house", "Fairtag", True)


def read(name: str) -> list[dict[str, str]]:
    with open(HERE / f"{name}.csv", encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="|"))


def category(path: str, name: str, name_zh: str) -> CategoryRow:
    parent = path.rpartition("/")[0]
    return CategoryRow(path, parent, name, name_zh, path.count("/"), "", 0, False, False)


def product(number: int, row: dict[str, str]) -> ProductRow:
    ref = f"p{number:04}"
    return ProductRow(
        ref=ref,
        name=row["name"],
        category_path=row["path"],
        brand_ref=BRAND.ref,
        variants=(VariantRow(ref=ref, sku=f"T{number:04}", list_minor=299),),
        slug=ref,
        name_zh=row["name_zh"],
        popularity=float(row["popularity"]),
    )


@pytest.fixture
def catalogue() -> dict[int, str]:
    """The paths of the products on sale, by variant."""
    rows = read("catalogue")
    paths = {row["path"]: category(row["path"], row["name"], row["name_zh"]) for row in rows}
    sold = [product(number, row) for number, row in enumerate(rows) if row["popularity"]]
    load_catalog(categories=list(paths.values()), brands=[BRAND], products=sold, now=NOON)
    load_synonyms(
        (row["language"], row["term"], list(filter(None, row["meanings"].split(","))))
        for row in read_words("synonyms")
    )
    spell_search_words()
    forget_catalog()
    return dict(Variant.objects.filter(is_active=True).values_list("pk", "product__category__path"))


def recall(query: dict[str, str], catalogue: dict[int, str]) -> float:
    wanted = [
        pk
        for pk, path in catalogue.items()
        if any(fnmatchcase(path, glob) for glob in query["relevant"].split())
    ]
    found = search_variants(query["query"], query["language"]).variant_ids[:10].tolist()
    return len(set(found) & set(wanted)) / min(10, len(wanted))


def test_judged_queries_find_what_is_meant(catalogue: dict[int, str]) -> None:
    found = defaultdict(list)
    for query in read("judged"):
        found[query["kind"]].append(recall(query, catalogue))
    recalls = {kind: round(sum(each) / len(each), 3) for kind, each in found.items()}
    assert {kind: len(each) for kind, each in found.items()} == JUDGED
    assert {kind: share for kind, share in recalls.items() if share < LEAST[kind]} == {}, recalls


def test_completions_are_what_the_search_finds(catalogue: dict[int, str]) -> None:
    differing = []
    for query in read("judged"):
        words, language = query["query"], query["language"]
        found = search_variants(words, language)
        offered = suggest(words, language, 10)
        products = [one.variant_id for one in offered if one.kind == "product"]
        both = min(len(products), len(found.variant_ids))
        read_as = [one.text for one in offered if one.kind == "query"]
        if (
            not both
            or products[:both] != found.variant_ids[:both].tolist()
            or read_as != ([found.corrected_query] if found.corrected_query else [])
        ):
            differing.append(words)
    assert differing == []


def test_words_of_a_known_term_are_looked_for_together(catalogue: dict[int, str]) -> None:
    names = [catalogue[pk] for pk in search_variants("mac and cheese", "en").variant_ids.tolist()]
    assert {path.rpartition("/")[2] for path in names} == {"macaroni-cheese"}
    nothing = search_variants("gluten free pasta", "en")
    assert nothing.corrected_query == "pasta"
    assert catalogue[int(nothing.variant_ids[0])].startswith("pantry/pasta")


def test_a_synonym_is_in_force_at_once(catalogue: dict[int, str]) -> None:
    assert search_variants("moo juice", "en").corrected_query is not None
    row = SearchSynonym.objects.create(language="en", term="moo juice", meanings=["white milk"])
    refresh_catalog()
    for words in ("moo juice", "Moo Juices"):
        found = search_variants(words, "en")
        assert found.corrected_query is None
        assert catalogue[int(found.variant_ids[0])] == "dairy-eggs/milk/white-milk"
    row.delete()
    refresh_catalog()
    assert search_variants("moo juice", "en").corrected_query is not None


def test_what_staff_deleted_stays_away() -> None:
    assert load_synonyms([("en", "tp", ["toilet paper"]), ("en", "oj", ["orange juice"])]) == 2
    SearchSynonym.objects.get(term="tp").delete()
    assert load_synonyms([("en", "tp", ["toilet paper"])]) == 0
    assert list(SearchSynonym.objects.values_list("term", flat=True)) == ["oj"]


def test_words_are_spelled_once(catalogue: dict[int, str]) -> None:
    assert SearchWord.objects.get(word="牛奶").pinyin == "niunai"
    assert spell_search_words() == 0
    SearchSynonym.objects.create(language="zh-hans", term="毛毛虫", meanings=["软糖"])
    assert spell_search_words() == 1
    assert SearchWord.objects.get(word="毛毛虫").initials == "mmc"


@pytest.mark.parametrize(
    ("words", "language", "queries"),
    [("milk", "en", 2), ("niunai", "en", 4), ("niunai", "zh-hans", 4), ("mlik", "en", 6)],
)
def test_a_search_costs_few_queries(
    catalogue: dict[int, str], words: str, language: str, queries: int
) -> None:
    search_variants("bread", "en")  # what search knows of words is read once for each version
    with CaptureQueriesContext(connection) as asked:
        search_variants(words, language)
    # Which version the catalogue has is asked once a second, whatever is searched.
    apart = re.compile("SAVEPOINT|shop_catalogversion")
    assert len([one for one in asked if not apart.search(one["sql"])]) == queries
