"""What an export writes is what an import takes: a round trip changes nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.doors.product_lists import api
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.inventory.models import StockLocation, StockRecord
from tests.factories.pricing import NOON
from tests.factories.product_lists import export, find, take_list, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip()
)
GOODS = st.fixed_dictionaries(
    {
        "title": NAMES,
        "category": NAMES,
        "brand": NAMES,
        "text": st.text(st.characters(exclude_categories=("Cs",)), max_size=20).filter(
            lambda text: "\0" not in text
        ),
        "price": st.integers(1, 2**31 - 1),
        "cost": st.none() | st.integers(0, 2**31 - 1),
        "stock": st.integers(0, 10_000),
        "is_sensitive": st.booleans(),
        "sizes": st.lists(NAMES, max_size=3, unique_by=lambda one: " ".join(one.split())),
        "facts": st.dictionaries(NAMES, NAMES, max_size=3),
    }
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GOODS, min_size=1, max_size=4))
def test_what_is_exported_comes_back_and_changes_nothing(goods: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        for number, one in enumerate(goods):
            store(f"p{number}", one)
        exported = export()
        again = take_list(exported)
        assert api.list_sentences(again.id) == []
        assert again.counts["read"] == again.counts["same"] == Variant.objects.count()
        assert export() == exported
        book = io.BytesIO()
        api.write_workbook(api.export_rows(), book)
        import_id = api.receive_list(file_name="a.xlsx", content=book.getvalue(), now=NOON)
        api.choose_columns(import_id=import_id, fields=find(import_id).fields)
        work()
        assert find(import_id).counts["same"] == Variant.objects.count()
        transaction.set_rollback(True)


def store(ref: str, one: dict[str, Any]) -> None:
    category = Category.objects.create(
        external_ref=ref, slug=ref, path=ref, depth=0, name=f"{ref} {one['category']}"
    )
    product = Product.objects.create(
        external_ref=ref,
        name=one["title"],
        slug=ref,
        category=category,
        brand=Brand.objects.create(external_ref=ref, name=f"{ref} {one['brand']}"),
        description=one["text"],
        attributes=one["facts"],
        is_sensitive=one["is_sensitive"],
        option_names=["Size"] if one["sizes"] else [],
        created_at=NOON,
    )
    for at, size in enumerate(one["sizes"] or [""]):
        variant = Variant.objects.create(
            product=product,
            external_ref=f"{ref}-{at}",
            sku=f"{ref}-{at}",
            list_minor=one["price"],
            cost_minor=one["cost"],
            cost_source="unknown" if one["cost"] is None else "merchant",
            options={"Size": size} if size else {},
            is_active=at < 2,
            position=at,
        )
        online = StockLocation.objects.get(code="online")
        StockRecord.objects.create(variant=variant, location=online, on_hand=one["stock"])
