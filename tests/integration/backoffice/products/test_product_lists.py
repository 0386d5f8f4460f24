"""The pages of lists of products: a merchant uploads, mends, takes over, undoes and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.tasks import work_on_product_lists
from shop.ground.catalog.models import Product, Variant
from shop.ground.staff.roles import MERCHANDISER, SUPPORT

pytestmark = pytest.mark.django_db

LIST = 'Art,title,category,price,stock\nMUG,Mug,Home,9.50,3\nCUP,Cup,Home,"50,37",1\n'


@pytest.fixture(autouse=True)
def _state(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def upload(browser: Client, text: str, name: str = "products.csv") -> ProductImport:
    given = {"file": SimpleUploadedFile(name, text.encode())}
    browser.post(reverse("admin:product_list_upload"), given)
    return ProductImport.objects.order_by("-pk")[0]


def post(browser: Client, page: str, item: ProductImport, **given: str) -> None:
    answer = browser.post(reverse(f"admin:product_list_{page}", args=[item.pk]), given)
    assert answer["Location"] == reverse("admin:product_list", args=[item.pk])


def see(browser: Client, item: ProductImport) -> str:
    return browser.get(reverse("admin:product_list", args=[item.pk])).content.decode()


def test_a_list_is_uploaded_mapped_checked_taken_over_and_undone(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(MERCHANDISER)
    item = upload(browser, LIST)
    assert item.fields == ["", "title", "category", "price", "stock"]
    assert item.created_by is not None
    page = see(browser, item)
    assert "choose the columns" in page
    columns = {"column-0": "sku"} | {
        f"column-{at}": name for at, name in enumerate(item.fields) if at
    }
    post(browser, "columns", item, **columns)
    assert "being checked" in see(browser, item)
    work_on_product_lists()
    page = see(browser, item)
    assert "2 rows read: 1 would be new, 0 changed, 0 unchanged, 0 added" in page
    assert "products.csv line 3: column &#x27;price&#x27;: &#x27;50,37&#x27; has a comma" in page
    assert "9.50" in page
    assert not Product.objects.filter(name="Mug").exists()
    refused = browser.get(reverse("admin:product_list_refused", args=[item.pk]))
    rows = list(csv.reader(io.StringIO(refused.content.decode("utf-8-sig"))))
    assert rows[1][:4] == ["CUP", "Cup", "Home", "50,37"]
    assert rows[1][5].endswith("has a comma; write 50.37.")
    post(browser, "apply", item)
    work_on_product_lists()
    assert "2 rows read: 1 new" in see(browser, item)
    assert Variant.objects.get(sku="MUG").list_minor == 950
    exported = b"".join(browser.get(reverse("admin:product_list_export")).streaming_content)
    assert b"MUG" in exported
    post(browser, "undo", item)
    work_on_product_lists()
    assert "Undone: 1 rows taken back, 0 kept." in see(browser, item)
    assert not Variant.objects.get(sku="MUG").is_active
    history = browser.get(reverse("admin:product_lists")).content.decode()
    assert "products.csv" in history
    assert "undone" in history


def test_what_cannot_be_read_is_said_at_once(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    given = {"file": SimpleUploadedFile("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99))}
    page = browser.post(reverse("admin:product_list_upload"), given, follow=True)
    assert "a.xls: this is an Excel file of before 2007 (.xls); save it as .xlsx." in (
        page.content.decode()
    )
    assert not ProductImport.objects.exists()


def test_an_import_that_moved_on_is_not_asked_twice(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    item = upload(browser, LIST)
    page = browser.post(
        reverse("admin:product_list_apply", args=[item.pk]), follow=True
    ).content.decode()
    assert "products.csv: this import has changed; reload its page." in page


def test_support_neither_sees_nor_uploads_lists(as_role: Callable[[str], Client]) -> None:
    browser = as_role(SUPPORT)
    assert browser.get(reverse("admin:product_lists")).status_code == 403
    assert browser.post(reverse("admin:product_list_upload")).status_code == 403


def test_the_pages_are_said_in_chinese(as_role: Callable[[str], Client]) -> None:
    browser = as_role(MERCHANDISER)
    item = upload(browser, LIST)
    page = browser.get(f"/zh-hans{reverse('admin:product_list', args=[item.pk])}").content.decode()
    assert "每列的含义" in page
