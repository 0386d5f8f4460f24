"""Goods that the shop sells and no price book holds yet."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.api import quote_listing, quote_variants
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.pricing import NOON, Dairy, look_at, make_treated, open_dairy, visit

pytestmark = pytest.mark.django_db


def test_products_without_a_price_book_show_list_prices(
    dairy: Dairy,
) -> None:
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    brand = Variant.objects.select_related("product").get(pk=dairy.brie).product.brand
    product = Product.objects.create(
        external_ref="new",
        name="New",
        slug="new",
        category_id=dairy.soft,
        brand=brand,
        created_at=NOON,
    )
    new = Variant.objects.create(product=product, external_ref="new", sku="NEW", list_minor=700)
    forget_catalog()
    for shopper in (alice, None):
        batch = quote_variants(context=visit(shopper), variant_ids=[new.pk])
        assert {one: view.quoted_minor for one, view in batch.prices.items()} == {new.pk: 700}
        ids = np.array([new.pk], dtype=np.int64)
        assert quote_listing(context=visit(shopper), variant_ids=ids).tolist() == [700]
