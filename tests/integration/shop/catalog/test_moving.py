"""Variants that an import moves to another product keep their ids, prices and history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.services import load_catalog
from shop.ground.catalog.services.merging import CatalogConflict
from tests.factories.campaigns import NOON

pytestmark = pytest.mark.django_db
PLACE = CategoryRow("tea", "", "Tea", "", 0, "", 0, is_child_directed=False, is_restricted=False)
SMALL = VariantRow("1", "T-1", 299, name="20 ct", options={"Size": "20 ct"})
LARGE = VariantRow("2", "T-2", 499, name="40 ct", position=1, options={"Size": "40 ct"})
GREEN = ProductRow("1", "Green Tea", "tea", "b", (replace(SMALL, options={}),), "green-tea")
OTHER = replace(GREEN, ref="2", slug="green-tea-40", variants=(replace(LARGE, options={}),))
BOTH = replace(GREEN, option_names=("Size",), variants=(SMALL, LARGE))


def load(*products: ProductRow, **asked: Any) -> None:
    load_catalog(
        categories=[PLACE],
        brands=[BrandRow("b", "Alder", is_private_label=False)],
        products=products,
        now=NOON,
        **asked,
    )


def read() -> dict[str, tuple[int, str, Any]]:
    rows = Variant.objects.order_by("sku")
    return {one.sku: (one.pk, one.product.external_ref, one.options) for one in rows}


def test_a_variant_keeps_its_id_when_it_moves() -> None:
    load(GREEN, OTHER)
    before = read()
    load(BOTH, may_move=True)
    assert read() == {
        "T-1": (before["T-1"][0], "1", {"Size": "20 ct"}),
        "T-2": (before["T-2"][0], "1", {"Size": "40 ct"}),
    }
    assert dict(Product.objects.values_list("external_ref", "is_active")) == {"1": True, "2": False}


def test_two_variants_may_change_places_in_one_load() -> None:
    load(BOTH)
    swapped = (replace(SMALL, options=LARGE.options), replace(LARGE, options=SMALL.options))
    load(replace(BOTH, variants=swapped), may_move=True)
    assert {sku: options for sku, (_pk, _ref, options) in read().items()} == {
        "T-1": {"Size": "40 ct"},
        "T-2": {"Size": "20 ct"},
    }


def test_a_list_moves_nothing_unless_it_is_told_to() -> None:
    load(GREEN, OTHER)
    with pytest.raises(CatalogConflict):
        load(BOTH)
