"""Synonyms of search, as the merchandiser edits them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from shop.doors.backoffice.roles import SUPPORT
from shop.ground.catalog.models import Product, SearchSynonym
from shop.ground.catalog.selectors import forget_catalog, search_variants
from shop.ground.catalog.selectors.versions import refresh_catalog
from shop.ground.catalog.services import index_changed_products

SAID = {"term": "  Moo  Juice ", "meanings": "cheddar, cheese", "language": "en"}


def test_what_is_added_is_found_and_what_is_deleted_not(merchandiser: Client) -> None:
    index_changed_products()
    forget_catalog()
    merchandiser.post(reverse("admin:shop_searchsynonym_add"), SAID)
    row = SearchSynonym.objects.get(term="moo juice")
    assert (row.meanings, row.language) == (["cheddar", "cheese"], "en")
    refresh_catalog()
    found = search_variants("moo juice", "en").variant_ids.tolist()
    assert Product.objects.filter(variants__in=found, name__startswith="Cheddar").exists()
    deleted = reverse("admin:shop_searchsynonym_delete", args=[row.pk])
    merchandiser.post(deleted, {"post": "yes"})
    refresh_catalog()
    assert search_variants("moo juice", "en").variant_ids.size == 0


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("&!", "Write at least one word that search looks for."),
        ("the and", "Write at least one word that search looks for."),
        ("soda 汽水", "Write Chinese or Latin words, not both in one term."),
        ("moo juices", "Search knows this as “moo juice”, which is listed"),
        ("牛奶", "Search knows this as “牛奶”, which is listed"),
    ],
)
def test_a_term_that_search_cannot_tell_apart_is_refused(
    merchandiser: Client, term: str, words: str
) -> None:
    SearchSynonym.objects.create(term="moo juice", language="en")
    SearchSynonym.objects.create(term="牛奶", language="zh-hans")
    before, said = SearchSynonym.objects.count(), SAID | {"term": term}
    page = merchandiser.post(reverse("admin:shop_searchsynonym_add"), said).content.decode()
    assert words in page
    assert SearchSynonym.objects.count() == before


def test_the_list_shows_and_searches_meanings(merchandiser: Client) -> None:
    SearchSynonym.objects.create(term="gluten free", language="en")
    SearchSynonym.objects.create(term="西红柿", meanings=["番茄"], language="zh-hans")
    address = reverse("admin:shop_searchsynonym_changelist")
    everything = merchandiser.get(address).content.decode()
    assert "only together" in everything
    assert "Simplified Chinese" in everything
    found = merchandiser.get(address, {"q": "番茄"}).content.decode()
    assert "西红柿" in found
    assert "gluten free" not in found


def test_support_may_not_add_one(as_role: Callable[[str], Client]) -> None:
    answer = as_role(SUPPORT).post(reverse("admin:shop_searchsynonym_add"), SAID)
    assert answer.status_code == 403
    assert not SearchSynonym.objects.filter(term="moo juice").exists()
