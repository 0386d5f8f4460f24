"""A GET of a shopper appends events, exposures and quote records, and changes nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, reverse

from orders.models import CartLine, Order, ShownPromise
from orders.order.api import renew_link
from shop.doors.storefront import urls
from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API, CALLS, Device, make_device
from tests.factories.orders import Shelf
from tests.factories.pricing import BROWSER
from tests.factories.tables import list_changed, read_tables
from tests.fixtures_api import ApiClient, list_operations

pytestmark = pytest.mark.django_db
# The way back from a payment provider: its answer is asked for and kept, as its webhook would.
WAY_BACK = "order_paid"


@pytest.fixture
def device(api: ApiClient, shelf: Shelf) -> Device:
    return make_device(api, shelf)


def age_promises() -> None:
    """Let all that was promised end, at another price than today's."""
    ShownPromise.objects.all().delete()
    ended = utc_now() - timedelta(hours=1)
    CartLine.objects.update(
        list_minor=900, public_minor=900, quoted_minor=900, quote_expires_at=ended
    )


def look(client: Any, path: str) -> list[str]:
    """Get a page whose promises have ended; return what that changed."""
    age_promises()
    before = read_tables()
    assert client.get(path).status_code < 500, path
    return list_changed(before)


def list_pages(device: Device) -> list[str]:
    """Return the address of every page of the storefront, accounts' own apart."""
    values: dict[str, Any] = {
        "path": "dairy/cheese",
        "slug": "cheddar",
        "offer_id": 1,
        "token": renew_link(order_id=Order.objects.get().pk, now=utc_now()),
        "payment_id": device.payment["payment_id"],
        "number": "FT-7K3M9-2QXAB-R1",
        "quote_id": device.quote_id,
        "variant_id": Variant.objects.get(product__slug="cheddar").pk,
        "code": "NOSUCH",
        "key": "none",
        "name": "logo",
        "part": 1,
    }
    return [
        reverse(one.name, kwargs={name: values[name] for name in one.pattern.converters})
        for one in urls.urlpatterns
        if isinstance(one, URLPattern) and one.name not in (None, WAY_BACK)
    ]


def test_no_page_changes_what_it_shows(device: Device) -> None:
    browser = Client(headers={"user-agent": BROWSER, "accept-language": "en"})
    browser.cookies[SHOPPER_COOKIE] = sign_shopper(device.pseudonym, None)
    changed, kept = dict[str, list[str]](), list[str]()
    for path in list_pages(device):
        if tables := look(browser, path):
            changed[path] = tables
        if ShownPromise.objects.exists():
            kept.append(path)
    assert changed == {}
    assert kept == [reverse("cart"), reverse("checkout")]


def test_no_page_changes_what_it_shows_to_an_account(device: Device) -> None:
    browser = Client(headers={"user-agent": BROWSER, "accept-language": "en"})
    browser.force_login(get_user_model().objects.create_user(email="dana@example.com"))
    browser.get("/")  # the first request after a login makes its shopper
    assert {path: tables for path in list_pages(device) if (tables := look(browser, path))} == {}


def test_no_get_of_the_api_changes_what_it_shows(device: Device, schema: dict[str, Any]) -> None:
    names = [one.name for one in list_operations(schema) if one.method == "get"]
    changed, kept = dict[str, list[str]](), list[str]()
    for name in [name for name in names if name in CALLS]:
        if tables := look(device.client, CALLS[name](device)[0]):
            changed[name] = tables
        if ShownPromise.objects.exists():
            kept.append(name)
    assert changed == {}
    assert kept == ["getCart"]


def test_the_drawer_and_the_delivery_of_a_checkout_change_nothing(device: Device) -> None:
    browser = Client(headers={"user-agent": BROWSER, "hx-request": "true"})
    browser.cookies[SHOPPER_COOKIE] = sign_shopper(device.pseudonym, None)
    assert look(browser, reverse("cart")) == []
    assert look(browser, reverse("checkout") + "?delivery=standard") == []


def test_a_change_is_seen(device: Device) -> None:
    before = read_tables()
    device.client.put(f"{API}/cart/lines/{device.shelf.gouda}", {"quantity": 2})
    assert {"orders_cart", "orders_cartline"} <= {*list_changed(before)}
