"""Many products are changed by one form: what would change is shown first, and it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from shop.doors.backoffice.views.product_bulk import BulkForm
from shop.doors.product_lists.api import ManyChange, find_import, name_change
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.tasks import work_on_product_lists
from shop.ground.catalog.models import Category, Product, Variant
from shop.ground.catalog.selectors.stored import list_category_names
from shop.ground.inventory.models import StockRecord
from shop.ground.staff.choosing import CHOSEN_PRODUCTS
from shop.ground.staff.roles import APPROVER, MERCHANDISER, SUPPORT

pytestmark = pytest.mark.django_db
BULK = reverse("admin:product_bulk")
REASON = "sold out for good"


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
    page = browser.get(shown["Location"]).content.decode()
    told = [one in page for one in ("being changed", "What would change", "What changed")]
    assert told == [True, True, False]
    work_on_product_lists()
    assert read_prices(chosen) == [896, 900]
    page = browser.get(shown["Location"]).content.decode()
    assert "Variants: 2 changed, 0 left as they were, 0 refused." in page
    assert "Undo this change" in page
    browser.post(reverse("admin:product_list_undo", args=[item.pk]))
    work_on_product_lists()
    assert read_prices(chosen) == [995, 1_000]


def begin(browser: Client, change: dict[str, str], price: int) -> tuple[Variant, int]:
    """Check a change of one product that has this price; return its variant and the import."""
    single = Product.objects.annotate(of=Count("variants")).filter(of=1)
    variant = Variant.objects.filter(product__in=single).order_by("pk")[0]
    Variant.objects.filter(pk=variant.pk).update(
        list_minor=price, cost_minor=None, cost_source="unknown"
    )
    session = browser.session
    session[CHOSEN_PRODUCTS] = [variant.product_id]
    session.save()
    browser.post(BULK, change)
    work_on_product_lists()
    return variant, ProductImport.objects.latest("pk").pk


def press(browser: Client, button: str, item: int, **given: str) -> str:
    """Press a button of a change and let the worker do it; return the page then."""
    browser.post(reverse(f"admin:product_list_{button}", args=[item]), given)
    work_on_product_lists()
    return browser.get(reverse("admin:product_list", args=[item])).content.decode()


def test_a_change_checked_at_old_prices_is_checked_again(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(MERCHANDISER)
    variant, first = begin(browser, {"what": "price_percent", "percent": "-10"}, 1_000)
    browser.post(BULK, {"what": "price_percent", "percent": "-10"})
    work_on_product_lists()
    second = ProductImport.objects.latest("pk").pk
    press(browser, "apply", first)
    for _again in range(2):
        page = press(browser, "apply", second)
        assert "Prices changed since this was checked. Check it again." in page
        assert ("When checked" in page, "Change them" in page) == (True, False)
    assert read_prices([variant]) == [900]
    page = press(browser, "columns", second)
    assert ("$9.00" in page, "$8.10" in page, "Change them" in page) == (True, True, True)
    press(browser, "apply", second)
    assert read_prices([variant]) == [810]


def test_undoing_in_vain_can_be_asked_again(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    variant, item = begin(browser, {"what": "price", "price": "9.00"}, 1_000)
    press(browser, "apply", item)
    Variant.objects.filter(pk=variant.pk).update(list_minor=950)
    page = press(browser, "undo", item)
    assert "Nothing could be taken back; the reasons are below." in page
    assert "it says &#x27;9.50&#x27; now" in page
    assert ("Undo this change" in page, "Undone by" in page) == (True, False)
    Variant.objects.filter(pk=variant.pk).update(list_minor=900)
    assert "Undone: 1 taken back, 0 kept." in press(browser, "undo", item)
    assert read_prices([variant]) == [1_000]


def test_doubtful_prices_are_applied_only_once_confirmed(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(MERCHANDISER)
    chosen = list(Variant.objects.order_by("pk")[:4])
    known = ((450, 500), (450, 395), (1_000, None), (450, 300))
    for variant, (price, cost) in zip(chosen, known, strict=True):
        fields = {"cost_minor": cost, "cost_source": "merchant" if cost else "unknown"}
        Variant.objects.filter(pk=variant.pk).update(list_minor=price, **fields)
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
        "below the cost of $5.00, 11 % less than now",
        "below the floor of $4.03, 11 % less than now",
        "changes by -60 %",
        "$10.00",
        "Yes, these 3 prices are meant",
    ):
        assert said in page
    apply = reverse("admin:product_list_apply", args=[item.pk])
    for meant in ({}, {"meant": "2", "reason": REASON}, {"meant": "3", "reason": "oh"}):
        refused = browser.post(apply, meant, follow=True).content.decode()
        assert "Look at them, confirm that they are meant and say why." in refused
    work_on_product_lists()
    assert read_prices(chosen) == [450, 450, 1_000, 450]
    page = browser.post(apply, {"meant": "3", "reason": REASON}, follow=True).content.decode()
    shown_now = [one in page for one in ("waits for a second person", "Take back", "Approve the")]
    assert shown_now == [True, True, False]
    assert browser.post(decide_at(item.pk), {"decision": "approve"}).status_code == 403
    second = as_role(APPROVER)
    agree_to(second, item.pk)
    work_on_product_lists()
    assert read_prices(chosen) == [400] * 4


def decide_at(item: int) -> str:
    """Return where the second person of a list decides."""
    return reverse("admin:product_list_decide", args=[item])


def agree_to(second: Client, item: int) -> None:
    """Find a list in the inbox, look at it and approve it."""
    inbox = second.get(reverse("admin:approvals")).content.decode()
    assert name_change(find_change(item)) in inbox
    page = second.get(reverse("admin:product_list", args=[item])).content.decode()
    assert ("Approve the prices below cost" in page, REASON in page) == (True, True)
    second.post(decide_at(item), {"decision": "approve", "reason": "agreed"})


def find_change(item: int) -> ManyChange:
    """Return what a change of many does."""
    view = find_import(item)
    assert view is not None
    assert view.change is not None
    return view.change


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
        "price": "At least $0.01.",
    }
    for what, said in refused.items():
        page = browser.post(BULK, {"what": what, "category": "Nowhere", "price": "-1"})
        assert said in page.content.decode()
    assert "Enter a number." not in page.content.decode()
    assert not ProductImport.objects.exists()


def test_categories_match_whatever_their_capitals() -> None:
    name = list(list_category_names())[-1]
    form = BulkForm({"what": "category", "category": name.upper()})
    assert form.is_valid()
    assert form.cleaned_data["change"].category == list_category_names()[name]


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
