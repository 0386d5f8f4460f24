"""A new demo has orders in every state, a return, an answer and questions, made by the services."""

from __future__ import annotations

import pytest

from orders.models import Order
from orders.returns.models import Return
from orders.satisfaction.models import OrderRating
from profiles.reviews.models import Answer, Question
from shop.ground.catalog.models import ProductFacts
from shop.ground.inventory.models import StockRecord
from shop.management.commands.seed_demo_content import list_buyers
from shop.traffic.content import MARK, Buyer, ask_questions, sell, send_back
from tests.factories.orders import BOB_AT_HOME, NOON, FakePrices, Shelf, make_shopper

pytestmark = pytest.mark.django_db


def test_each_buyer_has_an_order_in_every_state(shelf: Shelf, prices: FakePrices) -> None:
    products = [shelf.cheddar, shelf.rye, shelf.gouda, shelf.rye]
    buyer = Buyer(make_shopper(), BOB_AT_HOME, products)
    orders = sell(buyers=[buyer], delivery="standard", market="us", now=NOON)
    assert [line.variant_id for one in orders for line in one.lines] == products
    assert {one.jurisdiction_code for one in Order.objects.all()} == {"US-NY"}
    states = [Order.objects.get(pk=one.order_id).status for one in orders]
    assert states == ["paid", "paid", "fulfilled", "fulfilled"]
    assert sorted(OrderRating.objects.values_list("score", flat=True)) == [3, 5]
    send_back(orders=[orders[2], orders[3]], now=NOON)
    assert list(Return.objects.order_by("pk").values_list("state", flat=True)) == [
        "settled",
        "received",
    ]


def test_the_demos_buyers_order_what_is_in_stock(shelf: Shelf) -> None:
    StockRecord.objects.filter(variant_id=shelf.gouda).update(on_hand=0)
    products = [
        each for buyer in list_buyers([make_shopper()] * 2, "us") for each in buyer.variant_ids
    ]
    assert shelf.cheddar in products
    assert shelf.gouda not in products


def test_questions_say_that_they_are_the_demos(shelf: Shelf) -> None:
    asked = ask_questions(market="us", shopper_id=make_shopper().id, now=NOON)
    texts = [*Question.objects.values_list("text", flat=True)]
    texts += Answer.objects.values_list("text", flat=True)
    assert (asked, len(texts)) == (4, 7)
    assert all(text.startswith(MARK) for text in texts)


def test_answers_state_no_fact_that_nobody_knows(shelf: Shelf) -> None:
    ask_questions(market="us", shopper_id=make_shopper().id, now=NOON)
    assert not ProductFacts.objects.exists()
    assert set(Answer.objects.values_list("text", flat=True)) == {
        f"{MARK} We do not know: nobody has given us a list of its ingredients.",
        f"{MARK} The picture is an illustration. We have no photograph.",
        f"{MARK} What holds for it stands under Returns on this page.",
    }
