"""What a person may ask for: everything we know, and to be forgotten."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.apps import apps

from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.checkout.services.idempotency import run_once
from orders.erasure import forget_contacts
from orders.models import Cart, IdempotencyKey, Order
from orders.privacy import PRIVACY as ORDERS
from profiles.privacy.core import RoomPrivacy
from promotions.models import CampaignShopper, Redemption
from promotions.privacy import PRIVACY as PROMOTIONS
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.promotions import make_campaign

CANARIES = ("bob@example.org", "Bob Baker", "1 Mill Lane", "12207")


@pytest.mark.parametrize("room", [ORDERS, PROMOTIONS], ids=lambda room: room.room)
def test_every_field_of_every_table_is_classified(room: RoomPrivacy) -> None:
    models = apps.get_app_config(room.room).get_models()
    actual = {model.__name__: {field.name for field in model._meta.fields} for model in models}
    assert {name: set(fields) for name, fields in room.fields.items()} == actual


@pytest.mark.django_db
def test_an_export_names_carts_orders_prices_and_uses(shelf: Shelf, prices: FakePrices) -> None:
    shopper = make_shopper()
    visit = context_of(shopper)
    campaign = make_campaign("hello", amount_minor=100, code="HELLO")
    CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    add_to_cart(context=visit, variant_id=shelf.rye)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    pay(order)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    bought = Cart.objects.filter(pk=Cart.objects.get(status=Cart.Status.ORDERED).pk)
    for status in (Cart.Status.EXPIRED, Cart.Status.ORDERED):
        bought.update(status=status)  # the table keeps it behind the open cart now
    orders = json.loads(json.dumps(ORDERS.export_shopper(shopper.id)))
    assert orders["orders"][0]["number"] == order.number
    assert orders["orders"][0]["lines"][0]["public_minor"] == 300
    assert [cart["status"] for cart in orders["carts"]] == ["ordered", "open"]
    promotions = json.loads(json.dumps(PROMOTIONS.export_shopper(shopper.id)))
    assert promotions["redemptions"][0]["coupon"] == "HELLO"
    assert promotions["campaigns"][0]["name"] == "hello"


@pytest.mark.django_db
def test_a_forgotten_shopper_leaves_amounts_and_goods_but_no_trace(
    shelf: Shelf, prices: FakePrices
) -> None:
    shopper = make_shopper()
    visit = context_of(shopper)
    campaign = make_campaign("hello", amount_minor=100, code="HELLO")
    CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    add_to_cart(context=visit, variant_id=shelf.rye)
    apply_coupon(context=visit, code="HELLO")
    pay(place(visit, key="one"))
    add_to_cart(context=visit, variant_id=shelf.rye)
    place(visit, key="two")
    add_to_cart(context=visit, variant_id=shelf.gouda)
    others = f"staff:{Order.objects.latest('pk').pk}"  # a member of staff, who has this number
    for scope in (f"api:order:{shopper.pseudonym}", f"{others}:ReturnForm:{others[6:]}", others):
        run_once(
            scope=scope,
            key="k",
            fingerprint="f",
            now=NOON,
            act=lambda: (201, {"email": "bob@example.org"}),
        )
    for _ in range(2):  # twice is once
        ORDERS.erase_shopper(shopper.id, NOON)
        PROMOTIONS.erase_shopper(shopper.id, NOON)
    assert sorted(Order.objects.values_list("status", "email")) == [
        ("cancelled", ""),
        ("paid", "bob@example.org"),  # its products are on their way
    ]
    assert forget_contacts(now=NOON + timedelta(days=13)) == 0
    assert forget_contacts(now=NOON + timedelta(days=15)) == 1
    assert not Order.objects.filter(shopper__isnull=False).exists()
    assert not Redemption.objects.filter(shopper__isnull=False).exists()
    assert not CampaignShopper.objects.exists()
    assert not Cart.objects.exists()
    assert list(IdempotencyKey.objects.values_list("scope", flat=True)) == [others]
    assert sum(Order.objects.filter(status="paid").values_list("total_minor", flat=True)) == 699
    assert StockRecord.objects.get(variant_id=shelf.rye).reserved == 0
    left = json.dumps(list(Order.objects.values()), default=str)
    assert [canary for canary in CANARIES if canary in left] == []
