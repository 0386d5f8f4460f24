"""A guest follows a parcel and sends a piece back, by the order's link."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orders.checkout.api import orders_to_stop
from orders.fulfilment.api import hand_out_parcel, pack_order, ship_parcel
from orders.fulfilment.models import Shipment
from orders.models import CartLine, Order, OrderLine, OrderRating
from orders.returns.models import Return
from pricing.policy.models.policy import PricingPolicy
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.parcels import make_carrier
from tests.factories.pricing import Dairy, committed
from tests.integration.storefront.test_promises import check_out, read, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(shop: Dairy) -> tuple[Client, str]:
    """A guest with one order that is paid, and the address of its page.

    One guest in twenty is in the holdout, whose prices nobody decided: here none is. From the
    commit on that makes a guest known, Redis knows what the guest agreed to: without it the price
    is the public one as soon as the process asks whose profile lags.
    """
    PricingPolicy.objects.filter(is_active=True).update(holdout_share=0)
    stock(shop.cheddar)
    client = browse_as(None)
    with committed():
        read(client, "/p/cheddar/")
    placed = check_out(client, shop.cheddar)
    found = re.search(r'action="(/orders/[^/]+/)cancel/"', placed)
    assert found is not None
    return client, found[1]


def _send(order: Order) -> None:
    now = utc_now()
    parcel = pack_order(order_id=order.pk, now=now)
    carrier = make_carrier()
    ship_parcel(
        shipment_id=parcel.shipment_id, carrier_id=carrier.pk, tracking_number="7788", now=now
    )


def test_the_order_page_shows_parcels_and_what_happens_next(guest: tuple[Client, str]) -> None:
    client, path = guest
    assert "We are packing your order." in read(client, path)
    order = Order.objects.get()
    _send(order)
    page = read(client, path)
    assert "A parcel is on its way to you." in page
    assert 'href="https://track.example.com/?id=7788"' in page
    assert f"{path}cancel/" not in page
    assert f"{path}returns/" in page
    Product.objects.update(name_zh="切达干酪")
    forget_catalog()
    chinese = read(client, f"/zh-hans{path}")
    assert "包裹正在送往您处。" in chinese
    assert chinese.count("Meadow 切达干酪") >= 2
    assert '<small class="muted" lang="en">Meadow Cheddar' in chinese
    assert "切达干酪" not in read(client, path)


def test_a_guest_sends_a_piece_back_and_changes_their_mind(guest: tuple[Client, str]) -> None:
    client, path = guest
    _send(Order.objects.get())
    line = OrderLine.objects.get()
    form = read(client, f"{path}returns/")
    assert "You pay the postage." not in form
    assert 'name="reason"' in form
    given = {
        f"line_{line.pk}_{line.variant_id}": "1",
        "reason": "damaged",
        "comment": "dented",
        "key": "k1",
    }
    for _ in range(2):  # the same form pressed twice
        answer = client.post(f"{path}returns/", given)
        assert answer.status_code == 302
    made = Return.objects.get()
    page = read(client, answer["Location"])
    assert made.number in page
    assert "Send the parcel. We pay the postage." in page
    assert client.post(f"{path}returns/", given | {"key": "k2"}).status_code == 422
    assert client.post(f"{path}returns/{made.number}/withdraw/").status_code == 302
    made.refresh_from_db()
    assert made.state == "withdrawn"
    assert client.get(f"{path}returns/FT-NONE-R1/").status_code == 404


def test_a_guest_chooses_for_each_piece_what_they_want(guest: tuple[Client, str]) -> None:
    client, path = guest
    _send(Order.objects.get())
    line = OrderLine.objects.get()
    form = read(client, f"{path}returns/")
    swap = f"swap_{line.pk}_{line.variant_id}_{line.variant_id}"
    assert f'name="{swap}"' in form
    answer = client.post(f"{path}returns/", {"reason": "damaged", "key": "k0"})
    assert (answer.status_code, "Choose at least one piece." in answer.content.decode()) == (
        *(422, True),
    )
    given = {f"line_{line.pk}_{line.variant_id}": "1", swap: "1", "reason": "damaged"}
    answer = client.post(f"{path}returns/", given | {"key": "k1"})
    assert "That many pieces cannot be sent back." in answer.content.decode()
    answer = client.post(f"{path}returns/", {swap: "1", "reason": "damaged", "key": "k2"})
    page = read(client, answer["Location"])
    assert f"In exchange: 1 × {line.name}" in page
    assert "We keep what you want in exchange until" in page
    assert "we send you the new ones" in page


def test_who_only_has_the_link_announces_and_withdraws_nothing(guest: tuple[Client, str]) -> None:
    client, path = guest
    _send(Order.objects.get())
    line = OrderLine.objects.get()
    given = {f"line_{line.pk}_{line.variant_id}": "1", "reason": "other", "key": "k"}
    stranger = browse_as(None)
    page = stranger.post(f"{path}returns/", given).content.decode()
    assert "Enter the e-mail address of the order first." in page
    assert not Return.objects.exists()
    client.post(f"{path}returns/", given)
    made = Return.objects.get()
    stranger.post(f"{path}returns/{made.number}/withdraw/")
    made.refresh_from_db()
    assert made.state == "requested"


def test_why_a_price_was_quoted_is_offered_to_nobody_else(guest: tuple[Client, str]) -> None:
    client, path = guest
    OrderLine.objects.update(is_personal=True)
    line = OrderLine.objects.get()
    assert f"/why/{line.quote_id}/" in read(client, path)
    page = read(browse_as(None), path)
    assert line.name in page
    assert "/why/" not in page


def test_a_guest_answers_how_the_order_was(guest: tuple[Client, str]) -> None:
    client, path = guest
    assert client.get(f"{path}rating/").status_code == 404
    order = Order.objects.get()
    _send(order)
    hand_out_parcel(shipment_id=Shipment.objects.get().pk, now=utc_now())
    assert "How was this order?" in read(client, path)
    asked = read(client, f"{path}rating/?score=4")
    assert re.findall(r'value="(\d)"[^>]*checked', asked) == ["4"]
    assert not OrderRating.objects.exists()
    client.post(f"{path}rating/", {"score": "2"})
    assert "You answered: Bad." in read(client, path)
    client.post(f"{path}rating/", {"score": "5", "words": "<b>crisp</b>"})
    assert OrderRating.objects.get().score == 5
    assert "&lt;b&gt;crisp" in read(client, f"{path}rating/")
    stranger = browse_as(None)
    assert "crisp" not in read(stranger, f"{path}rating/")
    refused = stranger.post(f"{path}rating/", {"score": "9"})
    assert (refused.status_code, OrderRating.objects.get().score) == (422, 5)


def test_an_order_goes_into_the_cart_again(guest: tuple[Client, str]) -> None:
    client, path = guest
    stranger = browse_as(None)
    filled = stranger.post(f"{path}again/", follow=True).content.decode()
    line = OrderLine.objects.get()
    assert CartLine.objects.get(cart__status="open").variant_id == line.variant_id
    assert "in your cart at today" in filled
    StockRecord.objects.update(on_hand=0, reserved=0)
    again = client.post(f"{path}again/", follow=True).content.decode()
    assert f"Not available in the quantity you ordered: {line.name}." in again
    assert CartLine.objects.filter(cart__status="open").count() == 1


def test_a_packed_order_is_asked_to_be_stopped(guest: tuple[Client, str]) -> None:
    client, path = guest
    order = Order.objects.get()
    parcel = pack_order(order_id=order.pk, now=utc_now())
    assert "Ask to cancel it" in read(client, path)
    for _ in range(2):  # pressed twice
        client.post(f"{path}cancel/")
    page = read(client, path)
    assert "You asked us to cancel." in page
    assert f'action="{path}cancel/"' not in page
    assert list(orders_to_stop()) == [order]
    ship_parcel(shipment_id=parcel.shipment_id, now=utc_now())
    assert "A parcel is on its way to you." in read(client, path)
    late = client.post(f"{path}cancel/", follow=True).content.decode()
    assert "This order can no longer be canceled." in late
