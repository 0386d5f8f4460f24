"""Addresses for search engines: every product once, in however many sizes and files it stands."""

from __future__ import annotations

import pytest

from shop.doors.pages.sitemap import count_products, list_product_slugs
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.pricing import Dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def test_a_product_whose_sizes_lie_apart_is_listed_once(dairy: Dairy) -> None:
    first = Variant.objects.get(pk=dairy.cheddar)
    Variant.objects.create(
        product_id=first.product_id,
        external_ref="cheddar-2",
        sku="CHEDDAR-2",
        name="1 kg",
        options={"size": "1 kg"},
        list_minor=900,
        position=1,
    )
    forget_catalog()
    files = [
        list_product_slugs(market="us", start=start, count=3)
        for start in range(0, count_products("us"), 3)
    ]
    assert [len(file) for file in files] == [3, 3, 1]
    sold = Variant.objects.in_bulk(dairy.all)
    slugs = [sold[number].product.slug for number in sorted(sold)]
    assert [slug for file in files for slug in file] == slugs
