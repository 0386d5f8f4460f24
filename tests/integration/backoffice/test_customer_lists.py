"""The pages of lists of customers: for those who may see people, and masked for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from profiles.models import Customer
from shop.doors.customer_lists.tasks import work_on_customer_lists
from shop.doors.product_lists.models import ProductImport
from shop.ground.staff.roles import AUDITOR, MERCHANDISER, SUPPORT

pytestmark = pytest.mark.django_db

LIST = "Mail,name,mail_consent,mail_consent_date,mail_consent_source\nann@example.com,Ann,yes,,\n"


@pytest.fixture(autouse=True)
def _state(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = settings.MEDIA_ROOT = tmp_path


def post(browser: Client, page: str, *arguments: int, **given: Any) -> Any:
    return browser.post(reverse(f"admin:customer_list{page}", args=arguments), given)


def read(browser: Client, page: str, *arguments: int) -> str:
    answer = browser.get(reverse(f"admin:customer_list{page}", args=arguments))
    content = answer.streaming_content if answer.streaming else [answer.content]
    return b"".join(content).decode()


def test_support_takes_customers_in_and_back_and_others_do_not(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(SUPPORT)
    post(browser, "_upload", file=SimpleUploadedFile("people.csv", LIST.encode()))
    item = ProductImport.objects.get()
    assert (item.kind, item.fields[0]) == ("customers", "email")
    columns = {f"column-{at}": name for at, name in enumerate(item.fields)}
    post(browser, "_columns", item.pk, **columns)
    work_on_customer_lists()
    page = read(browser, "", item.pk)
    assert "1 rows read: 1 would be new customers" in page
    assert "the consent is not imported" in page
    assert "price[" not in page
    post(browser, "_apply", item.pk)
    work_on_customer_lists()
    assert not Customer.objects.get(name="Ann").shopper.consent_marketing
    page = read(browser, "", item.pk)
    assert "It can be undone for 30 days" in page
    assert "See the products" not in page
    assert "ann@example.com,,Ann" in read(browser, "_export")

    other = as_role(AUDITOR)
    assert "people.csv" in read(other, "s")
    assert "a•••@e•••.com,,A•••" in read(other, "_export")
    assert other.get(reverse("admin:customer_list", args=[item.pk])).status_code == 403
    # An import of one kind is not shown, nor worked on, as the other.
    merchandiser = as_role(MERCHANDISER)
    assert merchandiser.get(reverse("admin:customer_lists")).status_code == 403
    assert merchandiser.get(reverse("admin:product_list", args=[item.pk])).status_code == 404

    post(browser, "_undo", item.pk)
    work_on_customer_lists()
    assert "Undone: 1 rows taken back, 0 kept." in read(browser, "", item.pk)
    assert not Customer.objects.exists()
