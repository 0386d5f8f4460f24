"""What the room asks of the real catalogue, which other tests replace by six variants in memory."""

from __future__ import annotations

import pytest

from profiles.features.selectors import lookup_variants
from profiles.recommend.selectors import recommend_variants
from profiles.segments.selectors.segments import forget_segments, fresh_categories
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.catalog.selectors.versions import forget_catalog
from tests.factories.profiles import NOON, make_variants

pytestmark = pytest.mark.django_db


@pytest.fixture
def dairy() -> dict[str, Variant]:
    """Three cheeses in the dairy department, two crusts in the bakery."""
    brand = Brand.objects.create(external_ref="b", name="Meadow")
    variants = {}
    for department, prices in {"dairy": (400, 500, 600), "bakery": (300, 300)}.items():
        root = Category.objects.create(
            external_ref=department, slug=department, name=department, path=department, depth=0
        )
        leaf = Category.objects.create(
            parent=root,
            external_ref=f"{department}-leaf",
            slug=f"{department}-leaf",
            name="leaf",
            path=f"{department}/leaf",
            depth=1,
        )
        for number, price in enumerate(prices):
            name = f"{department}-{number}"
            product = Product.objects.create(
                external_ref=name,
                name=name,
                slug=name,
                category=leaf,
                brand=brand,
                popularity=float(price),
                created_at=NOON,
            )
            variants[name] = Variant.objects.create(
                product=product, external_ref=name, sku=name, list_minor=price
            )
    forget_catalog()
    forget_segments()
    return variants


def test_facts_of_a_variant_come_from_the_catalogue(dairy: dict[str, Variant]) -> None:
    facts = lookup_variants()
    ranks = {name: facts[variant.pk].price_rank for name, variant in dairy.items()}
    assert ranks == {
        "dairy-0": 0.0,
        "dairy-1": 0.5,
        "dairy-2": 1.0,
        "bakery-0": 0.5,
        "bakery-1": 0.5,
    }
    cheese = dairy["dairy-0"]
    assert facts[cheese.pk].category_id == cheese.product.category_id
    assert facts[cheese.pk].brand_id == cheese.product.brand_id


def test_a_changed_price_changes_the_rank(dairy: dict[str, Variant]) -> None:
    lookup_variants()
    Variant.objects.filter(pk=dairy["dairy-0"].pk).update(list_minor=900)
    forget_catalog()
    assert lookup_variants()[dairy["dairy-0"].pk].price_rank == 1.0


def test_fresh_departments_are_known_by_their_names(dairy: dict[str, Variant]) -> None:
    bakery = dairy["bakery-0"].product.category
    assert fresh_categories() == {bakery.pk, bakery.parent_id}


def test_the_most_popular_comes_first(dairy: dict[str, Variant]) -> None:
    assert [one.variant_id for one in recommend_variants(None, 2)] == [
        dairy["dairy-2"].pk,
        dairy["dairy-1"].pk,
    ]


def test_the_test_catalogue_has_the_columns_of_the_real_one(
    dairy: dict[str, Variant],
) -> None:
    real, stand_in = load_variant_arrays(), make_variants()
    for name in ("variant_id", "category_id", "brand_id", "list_minor", "popularity", "restricted"):
        assert getattr(real, name).dtype == getattr(stand_in, name).dtype, name
