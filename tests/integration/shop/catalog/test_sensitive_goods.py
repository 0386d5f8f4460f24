"""Sensitive products of the real year: which they are, how they stay so, where they do not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from rich.console import Console

from profiles.values import FeatureRow
from shop.doors.intake.run import ImportOptions, import_history
from shop.doors.pages.category import list_popular
from shop.doors.pages.home import choose_shelves
from shop.ground.catalog.core.values import CatalogFilters
from shop.ground.catalog.models import Category, Variant
from shop.ground.catalog.selectors import (
    forget_catalog,
    list_categories,
    list_category_variants,
    load_sensitive_ids,
    load_variant_arrays,
)
from shop.management.commands.import_journey import JOURNEY_UTC_OFFSET, find_journey
from tests.fixtures_journey import HOUSEHOLDS, IMPORTED_AT

pytestmark = pytest.mark.usefixtures("journey")

HOME = "us"
ON_THE_SHELF = "health-beauty/pain-relief"


def flagged(depth: int | None = None) -> set[str]:
    rows = Category.objects.filter(is_sensitive=True)
    rows = rows if depth is None else rows.filter(depth=depth)
    return set(rows.values_list("path", flat=True))


def read_again(tmp_path: Path) -> None:
    import_history(
        ImportOptions(
            folder=find_journey(),
            households=HOUSEHOLDS,
            utc_offset=JOURNEY_UTC_OFFSET,
            force=True,
        ),
        now=IMPORTED_AT,
        console=Console(quiet=True),
        reports=tmp_path,
    )


def test_these_categories_of_the_real_tree_are_sensitive() -> None:
    assert flagged(depth=1) >= {
        "health-beauty/pain-relief",
        "health-beauty/cold-flu",
        "health-beauty/allergy-sinus",
        "health-beauty/antacids",
        "health-beauty/digestive-care",
        "health-beauty/vitamins-supplements",
        "health-beauty/feminine-care",
        "health-beauty/family-planning",
        "health-beauty/first-aid",
        "health-beauty/nutrition-diet",
    }
    assert flagged(depth=0) == set()
    assert not flagged() & {"health-beauty/hair-care", "household/cleaning", "dairy-eggs/cheese"}


def test_a_second_import_restores_flags_and_keeps_those_of_staff(tmp_path: Path) -> None:
    by_import = flagged()
    Category.objects.update(is_sensitive=False)
    # The other name makes the import write the row, flags and all.
    Category.objects.filter(path="dairy-eggs/cheese").update(
        is_sensitive=True, is_restricted=True, name="Fromage"
    )
    read_again(tmp_path)
    assert flagged() == by_import | {"dairy-eggs/cheese"}
    cheese = Category.objects.get(path="dairy-eggs/cheese")
    assert (cheese.name, cheese.is_restricted) == ("Cheese", True)


@pytest.mark.parametrize("path", ["health-beauty", "health-beauty/hair-care"])
def test_what_lies_below_a_flag_is_sensitive_sold_or_not(path: str) -> None:
    Category.objects.update(is_sensitive=False)
    Category.objects.filter(path=path).update(is_sensitive=True)
    forget_catalog()
    below = Variant.objects.filter(product__category__path__startswith=f"{path}/")
    assert below.filter(is_active=False).exists()
    ids = load_sensitive_ids()
    assert ids.variant_id.tolist() == sorted(below.values_list("pk", flat=True))
    arrays = load_variant_arrays()
    assert set(arrays.variant_id[arrays.sensitive].tolist()) <= set(ids.variant_id.tolist())
    assert arrays.sensitive.sum() == below.filter(is_active=True, product__is_active=True).count()
    tree = list_categories("en")
    node = tree.nodes[tree.by_path["health-beauty/hair-care/shampoo"]]
    assert node.is_sensitive
    assert node.category_id in ids.category_id


def test_no_shelf_shows_sensitive_goods_for_who_likes_their_department() -> None:
    """A whole department may be liked by looking at its page; what it hides stays hidden."""
    tree = list_categories("en")
    liked = tree.by_path["health-beauty"]
    hidden = set(load_sensitive_ids().variant_id.tolist())
    bestsellers = list_category_variants(liked, CatalogFilters(in_stock=True)).variant_ids[:6]
    assert hidden & set(bestsellers.tolist())
    row = FeatureRow("alice", IMPORTED_AT, {}, category_affinity={liked: 9.0})
    shelves = dict(choose_shelves(tree, row, frozenset(), HOME))
    assert len(shelves[liked]) == 6
    assert not hidden & set(shelves[liked])
    assert not hidden & set(list_popular(HOME, 500))


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("", "Never priced personally: sensitive products"),
        ("/zh-hans", "从不个性化定价：敏感商品"),
    ],
)
def test_pages_say_why_there_is_no_personal_price(prefix: str, sentence: str) -> None:
    client = Client(headers={"host": "localhost", "user-agent": "Firefox"})
    tree = list_categories("en")
    listed = list_category_variants(tree.by_path[ON_THE_SHELF], CatalogFilters()).variant_ids
    slug = Variant.objects.get(pk=int(listed[0])).product.slug
    for path in (f"/c/{ON_THE_SHELF}/", f"/p/{slug}/"):
        assert sentence in client.get(f"{prefix}{path}").content.decode(), path
    assert sentence not in client.get(f"{prefix}/c/dairy-eggs/cheese/").content.decode()
