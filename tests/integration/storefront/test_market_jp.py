"""A market made from nothing in the back office sells: its page says what is missing until it does,
and a shopper buys there in its money, with its tax and delivery, in one of its languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.models import Order, OrderLine
from orders.tasks import mail_order_paid
from pricing import tasks
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.tasks import work_on_product_lists
from shop.ground.catalog.models import Market, Product, Variant
from shop.ground.catalog.selectors import forget_catalog, list_markets, versions
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
MARKET = {
    "code": "jp",
    "name": "Japan",
    "currency": "JPY",
    "country": "JP",
    "jurisdiction_code": "JP",
    "language": "zh-hans",
    "languages": ["zh-hans"],
    "regions": "",
    "time_zone": "Asia/Tokyo",
    "minimum_age": "20",
    "is_active": "on",
}
RATE = {"market_code": "jp", "is_included": "on", "valid_from": "2026-01-01"}
POST = {
    "market_code": "jp",
    "code": "post",
    "name": "Yamato",
    "name_zh": "大和运输",
    "price_minor": "500",
    "free_from_minor": "",
    "min_days": "1",
    "max_days": "3",
    "needs_address": "on",
    "countries": "",
    "position": "0",
    "is_active": "on",
}
CONTACT = {
    "email": "hana@example.org",
    "name": "佐藤花",
    "address_line1": "丸之内 1-1",
    "city": "千代田",
    "region": "Tokyo",
    "postcode": "100-0005",
    "country": "JP",
    "delivery": "post",
    "method": "sandbox-card",
    "place": "1",
}


def see(root: Client, code: str = "jp") -> Any:
    """The market's page: context, and text without its breaks."""
    page = root.get(reverse("admin:market_check", args=[code]))
    page.text_shown = " ".join(page.content.decode().split())
    return page


def lacks(root: Client) -> list[str]:
    return [one.code for one in see(root).context["missing"]]


def test_a_new_market_opens_in_a_running_process(
    shop: Dairy, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "VERSION_SECONDS", 3600.0)
    assert "eu" not in [one.code for one in list_markets()]
    Market.objects.create(code="eu", name="Europe", currency="EUR", country="DE")
    assert root.get(reverse("admin:market_check", args=["eu"])).status_code == 200


@pytest.mark.parametrize(
    ("role", "may"), [("merchandiser", ["delivery"]), ("approver", ["market", "tax"])]
)
def test_the_markets_page_offers_only_what_the_role_may_do(
    shop: Dairy, as_role: Any, role: str, may: list[str]
) -> None:
    browser = as_role(role)
    main = browser.get(reverse("admin:market_check", args=["us"])).content.decode()
    main = main.partition('<div class="ft-stack">')[2]
    pages = {
        "market": reverse("admin:shop_market_change", args=["us"]),
        "tax": reverse("admin:orders_taxrate_add") + "?market_code=us",
        "delivery": reverse("admin:orders_deliverymethod_add") + "?market_code=us",
    }
    assert [name for name, page in pages.items() if f'href="{page}"' in main] == may
    assert {browser.get(page).status_code for name, page in pages.items() if name in may} == {200}


def take_in(root: Client, rows: str) -> None:
    """Take a list of products in by its pages: upload, look through, apply."""
    given = {"file": SimpleUploadedFile("japan.csv", rows.encode())}
    root.post(reverse("admin:product_list_upload"), given)
    (item,) = ProductImport.objects.all()
    columns = {f"column-{at}": name for at, name in enumerate(item.fields)}
    root.post(reverse("admin:product_list_columns", args=[item.pk]), columns)
    work_on_product_lists()
    root.post(reverse("admin:product_list_apply", args=[item.pk]))
    work_on_product_lists()
    forget_catalog()


@pytest.fixture
def japan(shop: Dairy, root: Client, settings: Settings, tmp_path: Path) -> Dairy:
    """Japan, set up in the order in which its page asks for it."""
    settings.STATE_FOLDER = tmp_path
    Product.objects.filter(variants=shop.rye).update(tax_class="reduced")
    added = root.post(reverse("admin:shop_market_add"), MARKET)
    assert added["Location"] == reverse("admin:market_check", args=["jp"])
    assert lacks(root) == ["prices", "tax", "delivery", "jurisdiction", "book"]
    assert "with a column price[jp]." in see(root).text_shown
    skus = [Variant.objects.get(pk=one).sku for one in (shop.cheddar, shop.rye)]
    take_in(root, f"sku,price[jp]\n{skus[0]},600\n{skus[1]},450\n")
    assert lacks(root) == ["tax", "delivery", "jurisdiction", "book"]
    add_rate = reverse("admin:orders_taxrate_add")
    assert root.post(add_rate, RATE | {"percent": "10"}).status_code == 302
    said = "No tax rate for class reduced: 10 % is charged."
    page = see(root)
    assert said in page.text_shown
    (line,) = (one for one in page.context["taxes"] if one.name == "reduced")
    assert root.get(line.address).context["adminform"].form.initial["tax_class"] == "reduced"
    own = RATE | {"percent": "8", "tax_class": "reduced"}
    assert root.post(add_rate, own).status_code == 302
    assert said not in see(root).text_shown
    assert root.post(reverse("admin:orders_deliverymethod_add"), POST).status_code == 302
    assert lacks(root) == ["jurisdiction", "book"]
    tasks.publish_price_book.apply().get()
    assert lacks(root) == ["jurisdiction"]  # the strictest law holds: it can sell
    lines = [StockLine(one, 10) for one in (shop.cheddar, shop.rye)]
    receive_stock(lines=lines, reference="t", now=utc_now())
    settings.MARKET_CODE = "jp"
    return shop


def test_a_market_made_by_staff_sells_to_a_paid_order(japan: Dairy, root: Client) -> None:
    page = see(root).text_shown
    for word in ("¥500", "Yamato", "Simplified Chinese", "10 % in the price", "8 % in the price"):
        assert word in page
    client = browse_as(None)
    shown = client.get("/zh-hans/p/rye-bread/").content.decode()
    assert "¥450" in shown
    assert "$" not in shown.split("<main", 1)[1].split("</main>", 1)[0]
    for pk in (japan.cheddar, japan.rye):
        client.post("/zh-hans/cart/add/", {"line": f"{pk}:", "quantity": "2"})
    form = client.get("/zh-hans/checkout/")
    total = form.context["checkout"].cart.total_minor
    assert total == 2 * 600 + 2 * 450 + 500
    given = {**CONTACT, "shown_total": str(total), "key": form.context["key"]}
    answer = client.post("/zh-hans/checkout/", given)
    assert answer.status_code == 302, answer.context["form"].errors
    order = Order.objects.get(market_code="jp")
    assert (order.status, order.currency, order.language) == ("paid", "JPY", "zh-hans")
    taxes = dict(OrderLine.objects.filter(order=order).values_list("variant_id", "tax_minor"))
    # 1200 * 10/110, 900 * 8/108, and in the delivery 500 * 10/110: whole yen, half up
    assert taxes == {japan.cheddar: 109, japan.rye: 67}
    assert (order.total_minor, order.tax_minor) == (2_600, 109 + 67 + 45)
    mail_order_paid(uuid7(), {"order_id": order.pk})
    letter = mail.outbox[-1]
    assert "¥2,600" in letter.body
    assert order.number in letter.subject
    assert "您" in letter.body


def test_a_storefront_is_read_in_its_markets_languages(japan: Dairy) -> None:
    client = browse_as(None)
    for path in ("/", "/p/rye-bread/", "/c/bakery/?sort=price", "/account/login/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/zh-hans{path}"), path
        assert "public" not in answer["Cache-Control"]
    page = client.get("/zh-hans/").content.decode()
    assert 'hreflang="zh-Hans"' in page
    assert 'hreflang="en"' not in page
    assert "English" not in page
    assert "/zh-hans/p/rye-bread/" in client.get("/sitemap-1.xml").content.decode()
    assert client.get("/robots.txt").status_code == 200
    client.post("/zh-hans/region/", {"language": "en", "next": "/zh-hans/"})
    assert client.get("/")["Location"] == "/zh-hans/"
