"""A market opened in the back office sells: prices in euro with their tax, an order, its mail."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.models import DeliveryMethod, Order, OrderLine, TaxRate
from orders.tasks import mail_order_paid
from pricing import tasks
from pricing.ledger.models.books import PriceBook
from pricing.publishing.services.products import Ask, set_list_prices
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
MARKET = {
    "code": "eu",
    "name": "Europe",
    "currency": "EUR",
    "country": "DE",
    "jurisdiction_code": "DE",
    "language": "en",
    "time_zone": "Europe/Berlin",
    "minimum_age": "18",
    "is_active": "on",
}
CONTACT = {
    "email": "anna@example.org",
    "name": "Anna Müller",
    "address_line1": "Lindenstraße 1",
    "city": "Berlin",
    "postcode": "10969",
    "country": "DE",
    "delivery": "post",
    "method": "sandbox-card",
    "place": "1",
}


def lacks(root: Client) -> list[str]:
    """What the market's page says is missing, by code."""
    page = root.get(reverse("admin:market_check", args=["eu"]))
    return [one.code for one in page.context["missing"]]


@pytest.fixture
def europe(shop: Dairy, root: Client, settings: Settings) -> Dairy:
    """A German market made by staff, step by step, each of which its page asked for."""
    assert root.post(reverse("admin:shop_market_add"), MARKET).status_code == 302
    forget_catalog()
    assert lacks(root) == ["prices", "tax", "delivery", "book"]
    asks = {shop.cheddar: Ask(379, 200), shop.rye: Ask(249)}
    set_list_prices(asks=asks, market="eu", now=utc_now())
    TaxRate.objects.create(market_code="eu", percent=7, valid_from=date(2026, 1, 1))
    DeliveryMethod.objects.create(
        market_code="eu", code="post", name="Post", price_minor=390, countries=["DE", "AT"]
    )
    forget_catalog()
    assert lacks(root) == ["book"]
    tasks.publish_price_book.apply().get()
    assert lacks(root) == []
    receive_stock(
        lines=[StockLine(one, 10) for one in (shop.cheddar, shop.rye)],
        reference="t",
        now=utc_now(),
    )
    settings.MARKET_CODE = "eu"
    return shop


def read(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_markets_storefront_sells_its_products_in_its_currency(europe: Dairy) -> None:
    client = browse_as(None)
    page = read(client, "/c/dairy/cheese/")
    assert "€3.79" in page
    assert "$" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert page.count('class="price"') == page.count("€3.79") == 1 or "Gouda" not in page
    assert "Gouda" not in page
    assert client.get("/p/gouda/").status_code == 404
    assert "Gouda" not in read(client, "/search/?q=gouda")
    assert "€2.49" in read(client, "/p/rye-bread/")
    chinese = read(client, "/zh-hans/p/rye-bread/")
    assert "€2.49" in chinese


def test_an_order_is_taxed_paid_and_confirmed_in_its_market(europe: Dairy) -> None:
    client = browse_as(None)
    client.post("/cart/add/", {"line": f"{europe.cheddar}:", "quantity": "2"})
    form = client.get("/checkout/")
    total = form.context["checkout"].cart.total_minor
    assert total == 2 * 379 + 390
    given = {**CONTACT, "shown_total": str(total), "key": form.context["key"]}
    wrong = client.post("/checkout/", given | {"postcode": "???"})
    assert wrong.status_code == 422
    answer = client.post("/checkout/", given)
    assert answer.status_code == 302
    order = Order.objects.get(market_code="eu")
    assert (order.currency, order.country) == ("EUR", "DE")
    assert (order.total_minor, order.tax_minor) == (total, 50 + 26)  # of products and of delivery
    assert order.jurisdiction_code == "DE"
    line = OrderLine.objects.get(order=order)
    assert (line.list_minor, line.cost_minor) == (379, 200)
    shown = str(client.get(answer["Location"], follow=True).content.decode())
    assert "€" in shown
    mail_order_paid(uuid7(), {"order_id": order.pk})
    letter = mail.outbox[-1]
    assert "€11.48" in letter.body
    assert "$" not in letter.body
    assert letter.from_email == "Shop <shop@localhost>"


def test_laws_and_jobs_of_the_second_market_are_in_force(europe: Dairy) -> None:
    books = PriceBook.objects.filter(is_current=True).values_list("market_id", flat=True)
    assert set(books) == {"us", "eu"}
    client = browse_as(None)
    assert "opt_in" in str(client.get("/").context["shop"]["notice"])
    for name in ("learn_online", "count_visits", "turn_price_shocks", "watch_feeds"):
        getattr(tasks, name).apply().get()


def test_code_and_currency_are_fixed_once_used(europe: Dairy, root: Client) -> None:
    address = reverse("admin:shop_market_change", args=["eu"])
    changed: dict[str, Any] = {**MARKET, "code": "xx", "currency": "USD", "name": "Germany"}
    assert root.post(address, changed).status_code == 302
    row = Market.objects.get(code="eu")
    assert (row.name, row.currency) == ("Germany", "EUR")


def test_a_market_is_made_of_what_exists(shop: Dairy, root: Client) -> None:
    wrong = {**MARKET, "currency": "XYZ", "country": "ZZ", "time_zone": "Mars/Base"}
    page = root.post(reverse("admin:shop_market_add"), wrong)
    assert set(page.context["adminform"].form.errors) == {"currency", "country", "time_zone"}
