"""Search in a slice of real data: words, typing errors, completions."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import (
    forget_catalog,
    get_category,
    list_cards,
    list_category_variants,
    list_search_facets,
    search_variants,
    suggest,
)
from shop.ground.catalog.services import (
    index_changed_products,
    rebuild_search_words,
    spell_search_words,
)

pytestmark = pytest.mark.usefixtures("journey")


def best_seller(path: str) -> int:
    """Return the variant id that sells best in a category."""
    return int(list_category_variants(get_category(path, "en").category_id).variant_ids[0])


def names(variant_ids: np.ndarray) -> list[str]:
    return [card.name for card in list_cards(variant_ids.tolist(), "en")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bananas", "Bananas"),
        ("banana", "Bananas"),
        ("BANANAS ", "Bananas"),
        ("white milk", "White Milk"),
        ("香蕉", "Bananas"),
        ("白牛奶", "White Milk"),
        ("西红柿", "Tomato"),
        ("tp", "Toilet Paper"),
    ],
)
def test_words_find_goods(query: str, expected: str) -> None:
    found = search_variants(query, "en")
    assert expected in names(found.variant_ids[:1])[0]


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("bananna", "bananas"),
        ("strawbery", "strawberries"),
        ("whole chiken", "whole chicken"),
        ("chedar", "cheddar"),
        ("mozarella", "mozzarella"),
        ("mlik", "milk"),
        ("whtie mlik", "white milk"),
        ("chese", "cheese"),
        ("cheeze", "cheese"),
        ("brocolli", "broccoli"),
        ("yogrut", "yogurt"),
        ("cofee", "coffee"),
        ("choclate", "chocolate"),
        ("letuce", "lettuce"),
        ("avacado", "avocados"),
        ("stawberry", "strawberries"),
        ("cerael", "cereal"),
        ("mayonaise", "mayonnaise"),
        ("spagetti", "spaghetti"),
        ("saussage", "sausage"),
        ("tolet paper", "toilet paper"),
        ("orgnaic", "organic"),
        ("musrooms", "mushrooms"),
        ("garlik", "garlic"),
        ("bred", "bread"),
        ("pasat", "pasta"),
        ("aple", "apples"),
        ("oragne juice", "orange juice"),
        ("dipers", "diapers"),
    ],
)
def test_typing_errors_are_corrected_and_said(query: str, corrected: str) -> None:
    found = search_variants(query, "en")
    assert found.corrected_query == corrected
    assert found.variant_ids.size > 0


@pytest.mark.parametrize("query", ["xyzzy", "qwertz", "mlk" * 5, " ".join(["zzyzx"] * 15)])
def test_what_is_like_nothing_is_not_corrected(query: str) -> None:
    found = search_variants(query, "en")
    assert found.corrected_query is None
    assert found.variant_ids.size == 0


def test_correcting_costs_few_queries() -> None:
    search_variants("milk", "en")
    with CaptureQueriesContext(connection) as queries:
        assert search_variants("mlik", "en").corrected_query == "milk"
    statements = [query for query in queries if "SAVEPOINT" not in query["sql"]]
    # Stems, match; candidates with their threshold; stems, match.
    assert len(statements) == 6


def test_sku_finds_exactly_its_variant() -> None:
    banana = best_seller("produce/bananas-tropical-fruit/bananas")
    sku = Variant.objects.get(pk=banana).sku
    assert search_variants(sku.lower(), "en").variant_ids.tolist() == [banana]


@pytest.mark.parametrize("query", ["", "   ", "'", "a & | ! :* <->", "the", "%", "\\", "白'); --"])
def test_odd_queries_are_harmless(query: str) -> None:
    assert isinstance(search_variants(query, "en").variant_ids, np.ndarray)
    assert isinstance(suggest(query, "en"), list)


def test_search_is_free_once_cached(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    search_variants("milk", "en")
    with django_assert_num_queries(0):
        search_variants("milk", "en")


def test_search_results_have_facets_and_keep_their_order() -> None:
    found = search_variants("milk", "en").variant_ids
    listing = list_search_facets(found)
    assert listing.variant_ids.tolist() == found.tolist()
    assert sum(option.count for option in listing.facets[0].options) <= len(found)


def test_completions_offer_categories_then_products() -> None:
    offered = suggest("chee", "en")
    assert (offered[0].kind, offered[0].text, offered[0].path) == (
        "category",
        "Cheese",
        "dairy-eggs/cheese",
    )
    assert {suggestion.kind for suggestion in offered} == {"category", "product"}


def test_completions_survive_typing_errors_and_read_pinyin() -> None:
    slipped = suggest("chese", "en")
    assert (slipped[0].kind, slipped[0].text) == ("query", "cheese")
    assert slipped[1].path == "dairy-eggs/cheese"
    spell_search_words()
    forget_catalog()
    for letters in ("nailao", "nl"):
        spelled = suggest(letters, "zh-hans")
        assert (spelled[0].kind, spelled[0].text) == ("query", "奶酪")
        assert spelled[1].path == "dairy-eggs/cheese"


def test_renamed_product_is_found_by_its_new_name() -> None:
    banana = Product.objects.get(variants__pk=best_seller("produce/bananas-tropical-fruit/bananas"))
    banana.name = "Plantain Zanzibar"
    banana.save()
    assert index_changed_products() == 1
    rebuild_search_words()
    forget_catalog()
    assert names(search_variants("zanzibar", "en").variant_ids) == ["Plantain Zanzibar"]
    assert index_changed_products() == 0


def test_words_that_the_stemmer_leaves_out_are_found_in_names() -> None:
    assert search_variants("down", "en").variant_ids.size == 0
    banana = Product.objects.get(variants__pk=best_seller("produce/bananas-tropical-fruit/bananas"))
    banana.name = "Down sleeping bag"
    banana.save()
    index_changed_products()
    rebuild_search_words()
    forget_catalog()
    for query in ("down", "Down", "down bag"):
        assert names(search_variants(query, "en").variant_ids[:1]) == ["Down sleeping bag"], query
    offered = [one.text for one in suggest("down", "en") if one.kind == "product"]
    assert offered == [f"{banana.brand.name} Down sleeping bag"]


def test_a_count_is_complete_or_says_that_it_is_cut() -> None:
    everything = search_variants("cheese", "en")
    assert not everything.is_cut
    part = search_variants("cheese", "en", 3)
    assert part.is_cut
    assert part.variant_ids.tolist() == everything.variant_ids[:3].tolist()
    exact = search_variants("cheese", "en", len(everything.variant_ids))
    assert not exact.is_cut
