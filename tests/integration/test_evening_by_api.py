"""The first evening of a shop by the API alone: a merchant's script, a warehouse's, a guest's app.

What `tests/functional/test_first_sale.py` does in a browser, with its sample and sums.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from orders.models import Order
from orders.payments.api import settle_due_payments
from orders.payments.models import Payment, Refund
from promotions.models import Campaign, PointsEntry, Redemption
from shop.doors.product_lists.services.working import work_on_imports
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import SUPPORT
from tests.factories.api import API, expect, make_guest_client
from tests.factories.fake_stripe import SECURE, FakeStripe
from tests.factories.first_sale import LEDGERS, MISTAKE, MOVED, MOVES, RIGHT, SAMPLE, WRONG
from tests.factories.loyalty import list_unbalanced_accounts
from tests.factories.parcels import make_carrier
from tests.factories.staff_tokens import make_holder, make_staff_client, make_staff_key
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db
STAFF = f"{API}/staff"
BUYER = {
    "email": "alice@example.com",
    "name": "Alice Adams",
    "address_line1": "1 Main St",
    "postcode": "60601",
    "city": "Chicago",
    "region": "IL",
    "country": "US",
}


@pytest.fixture(autouse=True)
def _empty_shop(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = tmp_path / "state"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.CAPTURE_PAYMENTS = "at_packing"


def test_a_merchant_sells_ships_and_takes_back_by_api_alone(
    api: ApiClient,
    stripe: FakeStripe,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    merchant, warehouse = make_staff_client("ann"), make_staff_client("sue", role=SUPPORT)
    make_carrier()
    with django_capture_on_commit_callbacks(execute=True):
        assert merchant.get(f"{STAFF}/products").json()["products"] == []
        take_list(merchant)
        edit_product(merchant)
        cut_prices(merchant)
    forget_catalog()
    guest = make_guest_client(api)
    order = buy(api, guest, stripe)
    lines = send(warehouse, order["number"], stripe)
    back = send_back(guest, order["number"], lines["TP24-SHOR"])
    inspect(warehouse, back, lines["TP24-SHOR"])
    hear(stripe)
    shown = expect(guest.get(f"{API}/orders/{order['number']}"))
    assert (shown["status"], shown["refunded"]["minor"]) == ("fulfilled", 15_210)
    check_ledgers(stripe, order["number"])


def send_list(content: bytes, key: str, **form: Any) -> str:
    """Upload a list, as `curl -F` does; return where it is."""
    form["file"] = SimpleUploadedFile("products.csv", content)
    token = make_staff_key(make_holder("ann"))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    made = expect(Client().post(f"{STAFF}/product-lists", form, headers=headers), 201)
    return f"{STAFF}/product-lists/{made['list_id']}"


def pack_pictures() -> SimpleUploadedFile:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for picture in sorted((SAMPLE / "pictures").iterdir()):
            archive.write(picture, picture.name)
    return SimpleUploadedFile("pictures.zip", packed.getvalue())


def work() -> None:
    work_on_imports(clock=utc_now, tell=lambda done, of: None)


def take_list(merchant: ApiClient) -> None:
    """Line 7 is refused, mended in the list, and all is taken over."""
    text = (SAMPLE / "products.csv").read_text()
    at = send_list(text.encode(), "wrong")
    expect(merchant.post(f"{at}/check", {}))
    work()
    checked = expect(merchant.get(at))
    refused = [one["message"] for one in checked["problems"] if one["is_refused"]]
    assert refused == [MISTAKE]
    assert (checked["counts"]["new"], checked["counts"]["refused"]) == (77, 1)
    at = send_list(text.replace(WRONG, RIGHT).encode(), "mended", pictures=pack_pictures())
    expect(merchant.post(f"{at}/check", {}))
    work()
    expect(merchant.post(f"{at}/apply"))
    work()
    done = expect(merchant.get(at))
    assert (done["state"], done["counts"]["new"], done["problems"]) == ("done", 78, [])


def edit_product(merchant: ApiClient) -> None:
    """A product is found by its SKU and given another name."""
    [known] = expect(merchant.get(f"{STAFF}/products?sku=C38"))["products"]
    path, version = f"{STAFF}/products/{known['handle']}", known["version"]
    headers = {"Idempotency_Key": "edit", "If_Match": f'"{version}"'}
    written = expect(merchant.put(path, {"title": "Sighting compass"}, **headers))
    assert (written["title"], written["changes"]) == ("Sighting compass", ["title"])


def cut_prices(merchant: ApiClient) -> None:
    """Ten percent off one category, 500 dollars at most: the law says yes, nobody else is asked.

    A cut that needs a second person would be `scheduled` and wait: no token approves.
    """
    [pack] = expect(merchant.get(f"{STAFF}/products?sku=TP24-SHOR"))["products"]
    now = utc_now()
    campaign = {
        "format": 2,
        "code": "opening",
        "name": "Opening week",
        "kind": "price_cut",
        "audience": "public",
        "budget_minor": 50_000,
        "starts_at": (now - timedelta(days=1)).isoformat(),
        "ends_at": (now + timedelta(days=6)).isoformat(),
        "offers": [
            {
                "code": "packs-10",
                "name": "10% off packs",
                "benefit_kind": "percentage",
                "percent": "10",
                "scope": {"categories": [pack["category_path"].partition("/")[0]]},
            }
        ],
    }
    path = f"{STAFF}/campaigns/opening"
    made = expect(merchant.put(path, campaign, Idempotency_Key="cut"))
    step = {"step": "schedule", "reason": "Opening week"}
    headers = {"Idempotency_Key": "release", "If_Match": f'"{made["version"]}"'}
    assert expect(merchant.post(f"{path}/steps", step, **headers))["status"] == "live"


def buy(api: ApiClient, guest: ApiClient, stripe: FakeStripe) -> dict[str, Any]:
    """A guest orders three pieces; the bank asks, and the money is reserved."""
    for sku, query in (("TP24-SHOR", "trek"), ("CT33", "candle"), ("C38", "sighting compass")):
        found = expect(guest.get(f"{API}/search?q={query}"))
        [variant_id] = [one["variant_id"] for one in found["items"] if one["sku"] == sku]
        expect(guest.post(f"{API}/cart/lines", {"variant_id": variant_id}))
    checkout = expect(guest.post(f"{API}/checkout", {"delivery_method": "standard"}))
    assert checkout["cart"]["total"]["minor"] == 18_910
    body = {"contact": BUYER, "delivery_method": "standard", "shown_total_minor": 18_910}
    order = expect(guest.post(f"{API}/orders", body, Idempotency_Key="order"), 201)
    path = f"{API}/orders/{order['number']}/payments"
    step = expect(guest.post(path, {"method": "stripe"}, Idempotency_Key="pay"))
    intent = step["client_secret"].split("_secret_")[0]
    for _answer in ("the card", "the bank"):
        stripe.confirm(intent, SECURE)
    hear(stripe)
    paid = expect(guest.get(f"{API}/orders/{order['number']}"))
    assert (paid["status"], stripe.held()) == ("paid", {order["number"]: 18_910})
    assert stripe.intents[intent]["amount_received"] == 0
    return order


def hear(stripe: FakeStripe) -> None:
    """Deliver what the provider has to say, the last first and each twice; the worker looks."""
    for event in reversed(stripe.events * 2):
        sent = Client().post(
            "/hooks/payments/stripe",
            event.body,
            content_type="application/json",
            headers=event.headers,
        )
        assert sent.status_code == 200
    settle_due_payments(now=utc_now() + timedelta(seconds=1))


def send(warehouse: ApiClient, number: str, stripe: FakeStripe) -> dict[str, int]:
    """Pack, which takes the money, ship and deliver; return the lines by SKU."""
    waiting = expect(warehouse.get(f"{STAFF}/orders?to_do=pack"))["orders"]
    assert [one["number"] for one in waiting] == [number]
    path = f"{STAFF}/orders/{number}"
    expect(warehouse.post(f"{path}/parcels", {}, Idempotency_Key="pack"), 201)
    hear(stripe)
    assert [one["amount_received"] for one in stripe.intents.values()] == [18_910]
    by = {"carrier": "Postal Service", "tracking_number": "1Z999"}
    expect(warehouse.post(f"{path}/parcels/1/ship", by))
    expect(warehouse.post(f"{path}/parcels/1/deliver"))
    shown = expect(warehouse.get(path))
    assert (shown["status"], shown["parcels"][0]["state"]) == ("fulfilled", "delivered")
    return {line["sku"]: line["line_id"] for line in shown["lines"]}


def send_back(guest: ApiClient, number: str, line_id: int) -> str:
    """The guest sends the pack back; return the return's number."""
    body = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "changed_mind"}
    made = expect(guest.post(f"{API}/orders/{number}/returns", body, Idempotency_Key="back"), 201)
    return str(made["number"])


def inspect(warehouse: ApiClient, number: str, line_id: int) -> None:
    """The pack arrives, is as new, and its money goes back."""
    [waiting] = expect(warehouse.get(f"{STAFF}/returns?state=requested"))["returns"]
    assert waiting["number"] == number
    expect(warehouse.post(f"{STAFF}/returns/{number}/receive"))
    found = {"lines": [{"line_id": line_id, "accepted": 1, "restock": 1}]}
    settled = expect(
        warehouse.post(f"{STAFF}/returns/{number}/inspect", found, Idempotency_Key="inspect")
    )
    assert (settled["state"], settled["refunded"]["minor"]) == ("settled", 15_210)


def check_ledgers(stripe: FakeStripe, number: str) -> None:
    """Stock, money, points and limits tie, here and at the provider."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGERS)
        assert set(cursor.fetchall()) == {(True, 0)}
        cursor.execute(MOVES)
        assert cursor.fetchall() == MOVED
    order, payment, refund = Order.objects.get(), Payment.objects.get(), Refund.objects.get()
    assert (order.status, order.total_minor, order.refunded_minor) == ("fulfilled", 18_910, 15_210)
    assert (payment.state, payment.amount_minor, payment.refunded_minor) == (
        *("succeeded", 18_910),
        15_210,
    )
    assert (refund.state, refund.amount_minor) == ("succeeded", 15_210)
    assert stripe.held() == {number: 3_700}
    assert list_unbalanced_accounts() == []
    assert not PointsEntry.objects.exists(), "guests earn none"
    used = Redemption.objects.filter(state="committed").values_list("amount_minor", flat=True)
    assert (list(used), Campaign.objects.get().spent_minor) == ([1_690], 1_690)
