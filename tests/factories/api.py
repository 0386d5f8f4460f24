"""A device that has shopped through the API, and how to call every operation on what it owns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from orders.fulfilment.api import hand_out_parcel, pack_order, ship_parcel
from orders.models import Order, Shipment
from pricing.base.core.tokens import owner_of
from pricing.ledger.models.quotes import Quote
from shop.doors.api.authentication import read_guest_token
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors.versions import forget_catalog
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import epoch_ms, utc_now
from shop.ground.kernel.ids import uuid7, uuid7_time
from tests.factories.orders import Shelf
from tests.fixtures_api import ApiClient

API = "/api/v1"
CONTACT = {
    "email": "alice@example.com",
    "name": "Alice Archer",
    "address_line1": "1 Main Street",
    "city": "Springfield",
    "region": "OH",
    "postcode": "45501",
    "country": "US",
}


@dataclass(frozen=True)
class Device:
    """A guest's device with an unpaid order, a payment that waits, a quote and a filled cart."""

    client: ApiClient
    pseudonym: str
    shelf: Shelf
    order: dict[str, Any]
    payment: dict[str, Any]
    quote_id: str

    @property
    def order_path(self) -> str:
        """Where its order is."""
        return f"{API}/orders/{self.order['number']}"


Call = Callable[[Device], tuple[str, Any]]


def make_guest_client(api: ApiClient) -> ApiClient:
    """Return the client of a new guest."""
    token = api.post(f"{API}/guest").json()["shopper_token"]
    return ApiClient(X_Shopper_Token=token)


def make_device(api: ApiClient, shelf: Shelf) -> Device:
    """Return a device that has shopped."""
    client = make_guest_client(api)
    pseudonym = read_guest_token(client.headers["X_Shopper_Token"])
    add(client, shelf.cheddar)
    order = order_cart(client)
    payment = expect(
        client.post(
            f"{API}/orders/{order['number']}/payments",
            {"method": "sandbox-secure"},
            Idempotency_Key=str(uuid4()),
        )
    )
    add(client, shelf.gouda)
    return Device(client, pseudonym, shelf, order, payment, store_quote(pseudonym, shelf))


def add(client: ApiClient, variant_id: int, quantity: int = 1) -> dict[str, Any]:
    """Put a variant into the cart."""
    body = {"variant_id": variant_id, "quantity": quantity}
    return expect(client.post(f"{API}/cart/lines", body))


def order_cart(client: ApiClient, key: str = "") -> dict[str, Any]:
    """Place the order for what is in the cart."""
    return expect(
        client.post(f"{API}/orders", order_body(client), Idempotency_Key=key or str(uuid4())), 201
    )


def order_body(client: ApiClient) -> dict[str, Any]:
    """What to send to order the cart as shown."""
    checkout = expect(client.post(f"{API}/checkout", {"delivery_method": "standard"}))
    return {
        "contact": CONTACT,
        "delivery_method": "standard",
        "shown_total_minor": checkout["cart"]["total"]["minor"],
    }


def store_quote(pseudonym: str, shelf: Shelf) -> str:
    """Store a personal quote of the shopper and return its id."""
    quote_id = uuid7(epoch_ms(utc_now()))
    at = uuid7_time(quote_id)
    Quote.objects.create(
        id=quote_id,
        issued_at=at,
        expires_at=at + timedelta(hours=1),
        shopper_hash=owner_of(pseudonym).hex(),
        variant_id=shelf.cheddar,
        market_code="us",
        channel="online",
        currency="USD",
        list_minor=400,
        public_minor=400,
        quoted_minor=380,
        is_personal=True,
        rung="personal",
        label_code="generic",
        jurisdiction_code="US-other",
        policy_version=1,
        model_version=1,
        book_version=1,
        reasons=[
            {"code": "public", "amount_minor": 400},
            {"code": "personal", "amount_minor": -20},
        ],
        counterfactuals=[{"code": "without_views", "quoted_minor": 400}],
        features={"activity": 3.0},
        kid=1,
        signature="",
    )
    return str(quote_id)


def expect(answer: Any, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that has `status`."""
    assert answer.status_code == status, answer.content
    body: dict[str, Any] = answer.json()
    return body


def event(kind: str = "view", **fields: Any) -> dict[str, Any]:
    """An event of this moment."""
    return {"id": str(uuid4()), "kind": kind, "occurred_at": utc_now().isoformat(), **fields}


def pay_anew(device: Device) -> tuple[str, dict[str, Any]]:
    """Give the open payment up, for one order has one at a time; return how to start another."""
    path = f"{device.order_path}/payments"
    expect(
        device.client.post(
            f"{path}/{device.payment['payment_id']}/confirm",
            {"action_token": "", "approved": False},
            Idempotency_Key=str(uuid4()),
        )
    )
    return path, {"method": "sandbox-declined"}


def send_back(device: Device) -> tuple[str, dict[str, Any]]:
    """Pay and deliver the device's order; return the call that sends a piece of it back."""
    confirm, body = CALLS["confirmPayment"](device)
    expect(device.client.post(confirm, body))
    order = Order.objects.get(number=device.order["number"])
    parcel = pack_order(order_id=order.pk, now=utc_now())
    ship_parcel(shipment_id=parcel.shipment_id, now=utc_now())
    line_id = parcel.items[0].line_id
    body = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": "damaged"}
    return f"{device.order_path}/returns", body


def withdraw(device: Device) -> tuple[str, None]:
    """Announce a return; return the call that withdraws it."""
    path, body = send_back(device)
    made = expect(device.client.post(path, body, Idempotency_Key=str(uuid4())), 201)
    return f"{path}/{made['number']}/withdraw", None


def rate(device: Device) -> tuple[str, dict[str, Any]]:
    """Pay and deliver the device's order; return the call that says how it was."""
    send_back(device)
    parcel = Shipment.objects.get(order__number=device.order["number"])
    hand_out_parcel(shipment_id=parcel.pk, now=utc_now())
    return f"{device.order_path}/rating", {"score": 5, "words": "Well packed."}


def await_merlot(device: Device) -> tuple[str, dict[str, Any]]:
    """Let the wine be sold out; return the call that asks to be told."""
    merlot = Variant.objects.select_related("product").get(pk=device.shelf.merlot)
    StockRecord.objects.filter(variant=merlot).update(on_hand=0)
    forget_catalog()
    path = f"{API}/products/{merlot.product.slug}/tell-me/{merlot.pk}"
    return path, {"email": "alice@example.com"}


CALLS: dict[str, Call] = {
    "getIndex": lambda d: (f"{API}/index", None),
    "createGuest": lambda d: (f"{API}/guest", None),
    "getAccount": lambda d: (f"{API}/account", None),
    "exportAccount": lambda d: (f"{API}/account/data", None),
    "getConsents": lambda d: (f"{API}/consent", None),
    "setConsent": lambda d: (f"{API}/consent/marketing", {"granted": True}),
    "listCategories": lambda d: (f"{API}/categories", None),
    "getCategory": lambda d: (f"{API}/categories/dairy/cheese?sort=price", None),
    "getProduct": lambda d: (f"{API}/products/cheddar", None),
    "listReviews": lambda d: (f"{API}/products/cheddar/reviews", None),
    "listQuestions": lambda d: (f"{API}/products/cheddar/questions", None),
    "askQuestion": lambda d: (f"{API}/products/cheddar/questions", {"text": "Does it melt?"}),
    "search": lambda d: (f"{API}/search?q=chedar", None),
    "suggest": lambda d: (f"{API}/search/suggest?q=che", None),
    "quoteVariants": lambda d: (f"{API}/quotes", {"variant_ids": [d.shelf.cheddar, 2**40]}),
    "explainQuote": lambda d: (f"{API}/quotes/{d.quote_id}/why", None),
    "sendEvents": lambda d: (
        f"{API}/events/batch",
        {"events": [event(variant_id=d.shelf.cheddar), event("order")]},
    ),
    "getHome": lambda d: (f"{API}/home", None),
    "getRecommendations": lambda d: (f"{API}/recommendations", None),
    "listOffers": lambda d: (f"{API}/offers", None),
    "getCart": lambda d: (f"{API}/cart", None),
    "addCartLine": lambda d: (f"{API}/cart/lines", {"variant_id": d.shelf.rye}),
    "setCartLine": lambda d: (f"{API}/cart/lines/{d.shelf.gouda}", {"quantity": 2}),
    "removeCartLine": lambda d: (f"{API}/cart/lines/{d.shelf.rye}", None),
    "addCoupon": lambda d: (f"{API}/cart/coupons", {"code": "NOSUCH"}),
    "removeCoupon": lambda d: (f"{API}/cart/coupons/NOSUCH", None),
    "usePoints": lambda d: (f"{API}/cart/points", {"points": 0}),
    "acceptPrices": lambda d: (
        f"{API}/cart/accept-prices",
        {"version": d.client.get(f"{API}/cart").json()["version"]},
    ),
    "startCheckout": lambda d: (f"{API}/checkout", {}),
    "placeOrder": lambda d: (f"{API}/orders", order_body(d.client)),
    "listOrders": lambda d: (f"{API}/orders?limit=1", None),
    "getOrder": lambda d: (d.order_path, None),
    "trackOrder": lambda d: (
        f"{API}/orders/track",
        {"number": d.order["number"], "email": CONTACT["email"]},
    ),
    "startPayment": pay_anew,
    "confirmPayment": lambda d: (
        f"{d.order_path}/payments/{d.payment['payment_id']}/confirm",
        {"action_token": d.payment["action_token"], "approved": True},
    ),
    "listWishes": lambda d: (f"{API}/wishes", None),
    "saveWish": lambda d: (f"{API}/wishes/{d.shelf.rye}", None),
    "dropWish": lambda d: (f"{API}/wishes/{d.shelf.rye}", None),
    "tellMe": await_merlot,
    "getReturnRules": lambda d: (f"{API}/return-rules", None),
    "listServedCountries": lambda d: (f"{API}/address-forms", None),
    "getAddressForm": lambda d: (f"{API}/address-forms/us", None),
    "orderAgain": lambda d: (f"{d.order_path}/again", None),
    "rateOrder": rate,
    "listReturns": lambda d: (f"{d.order_path}/returns", None),
    "requestReturn": send_back,
    "withdrawReturn": withdraw,
    "cancelOrder": lambda d: (f"{d.order_path}/cancel", None),
}
