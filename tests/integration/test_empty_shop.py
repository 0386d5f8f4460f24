"""A shop before its first product: every page opens, every job ends quietly, and both say what to
do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from shop.celery import app
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from shop.management.commands.seed_roles import seed_roles
from shop.schedule import SCHEDULE
from tests.factories.backoffice import make_staff
from tests.factories.product_lists import take_list

pytestmark = pytest.mark.django_db

NONSENSE = re.compile(r">\s*(?:nan|inf|-inf|None|NaN)\b")
# They end the session, leave the shop, or wait for a message that never comes.
NOT_WALKED = ("logout", "stream", "metrics", "schema")


def list_addresses(patterns: list[Any], start: str = "/") -> Iterator[str]:
    """Addresses that take no argument."""
    for one in patterns:
        route = str(one.pattern)
        if "<" in route or "(?P" in route:
            continue
        address = start + route.lstrip("^").rstrip("$")
        if isinstance(one, URLResolver):
            yield from list_addresses(one.url_patterns, address)
        elif isinstance(one, URLPattern) and not any(word in address for word in NOT_WALKED):
            yield address


def walk(browser: Client, addresses: list[str]) -> list[str]:
    """Return what is wrong with the pages."""
    wrong = []
    for address in addresses:
        page = browser.get(address)
        if page.status_code >= 500:
            wrong.append(f"{address}: {page.status_code}")
        elif not page.streaming and NONSENSE.search(page.content.decode(errors="replace")):
            wrong.append(f"{address}: {NONSENSE.findall(page.content.decode())[:3]}")
    return wrong


@pytest.fixture
def empty_shop(clean_redis: Any) -> None:
    assert not Product.objects.exists()
    seed_roles()


def test_every_page_of_an_empty_shop_opens(client: Client, empty_shop: None) -> None:
    client.raise_request_exception = False
    addresses = [one for one in list_addresses(get_resolver().url_patterns) if "/admin/" not in one]
    assert len(addresses) > 40
    assert walk(client, addresses) == []


def test_every_staff_page_of_an_empty_shop_opens(client: Client, empty_shop: None) -> None:
    client.raise_request_exception = False
    client.force_login(make_staff(is_superuser=True))
    addresses = ["/admin/" + one.lstrip("/") for one in list_addresses(admin.site.get_urls())]
    assert len(addresses) > 60
    assert walk(client, addresses) == []


def test_every_scheduled_job_ends_quietly_without_data(empty_shop: None) -> None:
    app.loader.import_default_modules()
    failed = []
    for name, entry in sorted(SCHEDULE.items()):
        try:
            app.tasks[entry["task"]].apply(throw=True)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            failed.append(f"{name}: {error!r}")
    assert failed == []


def test_an_empty_shop_tells_visitors_and_staff_what_comes_next(
    client: Client, empty_shop: None
) -> None:
    page = client.get("/").content.decode()
    assert "This shop opens soon" in page
    assert "What everybody buys" not in page
    assert "/admin/" not in page
    client.force_login(make_staff(is_superuser=True))
    page = client.get("/").content.decode()
    for words in ("Add your first product", "Import a list", "/admin/products/lists/"):
        assert words in page


def test_a_shop_that_never_sold_calls_nothing_popular(
    client: Client, empty_shop: None, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    take_list("sku,title,category,price,stock\nMUG,Steel mug,Home > Mugs,9.50,3\n")
    forget_catalog()  # on commit, which this test's transaction never does
    page = client.get("/").content.decode()
    assert "Steel mug" in page
    assert "From our shop" in page
    assert "What everybody buys" not in page
    forget_catalog()
