"""What is perishable is refunded, and nobody posts it back."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from orders.models import OrderLine
from orders.refusals import OrderRefused
from orders.returns.api import (
    Finding,
    describe_returns,
    receive_return,
    request_return,
    settle_return,
    show_returns,
)
from orders.returns.models import Return
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.catalog.services import state_facts
from shop.ground.inventory.models import StockRecord
from shop.ground.outbox.services import deliver_facts
from shop.wiring import HANDLERS
from tests.factories.orders import NOON, Shelf
from tests.factories.parcels import buy, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def fresh_rye(shelf: Shelf) -> int:
    """A rye that goes bad soon."""
    product_id = Variant.objects.values_list("product_id", flat=True).get(pk=shelf.rye)
    facts = FactsValue(is_perishable=True, source="shop")
    state_facts(kind="product", pk=product_id, facts=facts)
    forget_catalog()
    return shelf.rye


def _ask(order: OrderView, *variants: int) -> int:
    lines = dict(OrderLine.objects.filter(order_id=order.order_id).values_list("variant_id", "pk"))
    wanted = [(lines[one], 1) for one in variants]
    given = {"order_id": order.order_id, "reason": "damaged", "now": NOON}
    return request_return(lines=wanted, **given).return_id  # type: ignore[arg-type]  # of mixed types


def test_perishable_pieces_are_refunded_as_they_were_requested(
    visit: QuoteContext, fresh_rye: int
) -> None:
    order = buy(visit, {fresh_rye: 2})
    deliver(order)
    (line,) = show_returns(order_id=order.order_id, now=NOON).lines
    assert (line.pieces, line.is_kept) == (2, True)
    assert "without being sent back" in line.sentence
    return_id = _ask(order, fresh_rye)
    with pytest.raises(OrderRefused) as refused:
        receive_return(return_id=return_id, now=NOON)
    assert refused.value.code == "nothing_sent"
    with pytest.raises(OrderRefused) as refused:
        settle_return(return_id=return_id, findings=[Finding(line.line_id, 1, 1)], now=NOON)
    assert refused.value.code == "bad_quantity"
    before = StockRecord.objects.get(variant_id=fresh_rye).on_hand
    settle_return(return_id=return_id, findings=[Finding(line.line_id, 1, 0)], now=NOON)
    row = Return.objects.get()
    assert (row.state, row.refunded_minor > 0) == ("settled", True)
    assert StockRecord.objects.get(variant_id=fresh_rye).on_hand == before
    deliver_facts(handlers=HANDLERS, now=NOON)
    first = next(one for one in mail.outbox if "nothing to send back" in one.subject)
    assert "You keep it: it is perishable." in first.body
    assert "postage" not in first.body


def test_other_pieces_of_the_return_still_come_back(
    visit: QuoteContext, shelf: Shelf, fresh_rye: int
) -> None:
    order = buy(visit, {fresh_rye: 1, shelf.cheddar: 1})
    deliver(order)
    return_id = _ask(order, fresh_rye, shelf.cheddar)
    (shown,) = show_returns(order_id=order.order_id, now=NOON).returns
    assert [(one.variant_id, one.is_kept) for one in shown.items] == [
        (fresh_rye, True),
        (shelf.cheddar, False),
    ]
    findings = [Finding(one.line_id, 1, 0) for one in shown.items]
    with pytest.raises(OrderRefused) as refused:
        settle_return(return_id=return_id, findings=findings, now=NOON)
    assert refused.value.code == "return_moved_on"
    assert receive_return(return_id=return_id, now=NOON).state == "received"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "without your sending it back"), ("zh-hans", "您无需寄回")],
)
def test_the_product_page_says_that_nothing_is_posted(
    fresh_rye: int, language: str, words: str
) -> None:
    slug = Variant.objects.get(pk=fresh_rye).product.slug
    address = f"/p/{slug}/" if language == "en" else f"/{language}/p/{slug}/"
    said = describe_returns(category_path="", language=language, is_perishable=True)
    assert words in said
    assert said in Client().get(address).content.decode()
