"""An order of a simulated visit says so for good; a real one never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override

from orders.cart.services.carts import add_to_cart
from orders.fulfilment.api import orders_to_pack
from orders.models import Order
from orders.reports.selectors.statistics import SimulatedSales, sum_simulated
from profiles.models import Event
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.site import tell_simulated
from tests.factories.backoffice import make_staff
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db


def buy(shelf: Shelf, *, is_simulated: bool) -> Order:
    """Let a new shopper buy a cheddar; return the paid order."""
    visit = replace(context_of(make_shopper()), is_simulated=is_simulated)
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    placed = place(visit, key=f"press-{is_simulated}")
    assert pay(placed) == "succeeded"
    return Order.objects.get(pk=placed.order_id)


def test_orders_and_purchases_of_simulated_visits_are_told_apart(
    shelf: Shelf, prices: FakePrices
) -> None:
    real = buy(shelf, is_simulated=False)
    assert (real.is_simulated, sum_simulated()) == (False, None)
    made_up = buy(shelf, is_simulated=True)
    assert made_up.is_simulated
    assert sum_simulated() == SimulatedSales(1, (("USD", made_up.total_minor),))
    sources = dict(Event.objects.filter(kind="order").values_list("basket_ref", "source"))
    assert sources == {real.number: "shop", made_up.number: "simulated"}


def test_nothing_is_packed_for_a_simulated_visit(shelf: Shelf, prices: FakePrices) -> None:
    real, made_up = buy(shelf, is_simulated=False), buy(shelf, is_simulated=True)
    assert made_up.status == real.status == "paid"
    assert list(orders_to_pack().values_list("pk", flat=True)) == [real.pk]


def test_staff_read_how_much_of_the_figures_is_simulated(shelf: Shelf, prices: FakePrices) -> None:
    client = Client()
    client.force_login(make_staff(is_superuser=True))
    said = "Includes simulated visits of the demo: 1 order ("
    buy(shelf, is_simulated=False)
    forget_all()
    assert said not in client.get("/admin/").content.decode()
    buy(shelf, is_simulated=True)
    forget_all()  # staff read it within a minute
    for address in ("/admin/", "/admin/safety/", "/admin/models/?part=trials", "/admin/models/"):
        assert said in client.get(address).content.decode(), address
    with override("zh-hans"):
        assert "模拟访问：1 笔订单（" in render_to_string(
            "admin/parts/simulated.html", {"simulated": tell_simulated()}
        )
