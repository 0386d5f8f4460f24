"""Many products are changed by one form: what would change is shown first, and it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.tasks import work_on_product_lists
from shop.ground.catalog.models import Category, Variant
from shop.ground.inventory.models import StockRecord
from shop.ground.staff.choosing import CHOSEN_PRODUCTS
from shop.ground.staff.roles import MERCHANDISER, SUPPORT

pytestmark = pytest.mark.django_db
BULK = reverse("admin:product_bulk")


@pytest.fixture(autouse=True)
def _state(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def test_prices_of_chosen_products_fall_and_rise_again(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    chosen = list(Variant.objects.order_by("pk")[:2])
    for variant, price in zip(chosen, (995, 1_000), strict=True):
        Variant.objects.filter(pk=variant.pk).update(list_minor=price)
    action = {
        "action": "change_many",
        "_selected_action": [str(one.product_id) for one in chosen],
    }
    asked = browser.post(reverse("admin:shop_product_changelist"), action)
    assert asked["Location"] == BULK
    assert "You change 2 products" in browser.get(BULK).content.decode()
    shown = browser.post(BULK, {"what": "price_percent", "percent": "-10"})
    item = ProductImport.objects.latest("pk")
    assert shown["Location"] == reverse("admin:product_list", args=[item.pk])
    work_on_product_lists()
    page = browser.get(shown["Location"]).content.decode()
    assert "List price -10 % · 2 products" in page
    assert "Variants: 2 would change, 0 would not, 0 refused." in page
    assert read_prices(chosen) == [995, 1_000]
    browser.post(reverse("admin:product_list_apply", args=[item.pk]))
    work_on_product_lists()
    assert read_prices(chosen) == [896, 900]
    page = browser.get(shown["Location"]).content.decode()
    assert "Variants: 2 changed, 0 left as they were, 0 refused." in page
    assert "Undo this change" in page
    browser.post(reverse("admin:product_list_undo", args=[item.pk]))
    work_on_product_lists()
    assert read_prices(chosen) == [995, 1_000]


def test_doubtful_prices_are_applied_only_once_confirmed(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(MERCHANDISER)
    chosen = list(Variant.objects.order_by("pk")[:4])
    known = ((450, 500), (450, 395), (1_000, None), (450, 300))
    for variant, (price, cost) in zip(chosen, known, strict=True):
        source = "merchant" if cost else "unknown"
        Variant.objects.filter(pk=variant.pk).update(
            list_minor=price, cost_minor=cost, cost_source=source
        )
    session = browser.session
    session[CHOSEN_PRODUCTS] = [one.product_id for one in chosen]
    session.save()
    shown = browser.post(BULK, {"what": "price", "price": "4.00"})
    item = ProductImport.objects.latest("pk")
    work_on_product_lists()
    assert item.rows.exclude(problems=[]).count() == 3
    page = browser.get(shown["Location"]).content.decode()
    for said in (
        "3 new prices look wrong.",
        "below the cost of 5.00",
        "below the floor of 4.03",
        "changes by -60 %",
        "Yes, these 3 prices are meant",
    ):
        assert said in page
    apply = reverse("admin:product_list_apply", args=[item.pk])
    for meant in ({}, {"meant": "2"}):
        refused = browser.post(apply, meant, follow=True).content.decode()
        assert "Look at them and confirm that they are meant." in refused
    work_on_product_lists()
    assert read_prices(chosen) == [450, 450, 1_000, 450]
    browser.post(apply, {"meant": "3"})
    work_on_product_lists()
    assert read_prices(chosen) == [400] * 4


def read_prices(variants: list[Variant]) -> list[int]:
    """Return the list prices now."""
    rows = Variant.objects.filter(pk__in=[one.pk for one in variants])
    return list(rows.order_by("pk").values_list("list_minor", flat=True))


def test_a_choice_without_its_value_is_asked_again(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    assert browser.get(BULK)["Location"] == reverse("admin:shop_product_changelist")
    session = browser.session
    session["chosen_products"] = [1]
    session.save()
    refused = {
        "price_percent": "Enter a number.",
        "category": "There is no such category.",
    }
    for what, said in refused.items():
        page = browser.post(BULK, {"what": what, "category": "Nowhere"})
        assert said in page.content.decode()
    assert not ProductImport.objects.exists()


def test_stock_and_categories_choose_their_products(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    record = StockRecord.objects.order_by("pk")[0]
    category = Category.objects.get(products=record.variant.product)
    for table, row in (("stockrecord", record), ("category", category)):
        address = reverse(f"admin:shop_{table}_changelist")
        asked = {"action": "change_many", "_selected_action": [str(row.pk)]}
        assert browser.post(address, asked)["Location"] == BULK
        assert browser.session[CHOSEN_PRODUCTS] == [record.variant.product_id]
    support = as_role(SUPPORT).get(address).content.decode()
    assert 'value="change_many"' not in support
