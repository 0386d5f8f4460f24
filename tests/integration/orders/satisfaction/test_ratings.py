"""One answer per delivered order, and the figures made of all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import mail

from orders.models import Order, OrderLine, OrderRating
from orders.privacy import PRIVACY
from orders.refusals import OrderRefused
from orders.satisfaction.api import find_rating, rate_order, report_satisfaction
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from shop.ground.outbox.services import deliver_facts
from shop.wiring import HANDLERS
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, later, make_shopper
from tests.factories.parcels import buy, deliver

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)


@pytest.fixture
def visit(shelf: Shelf, prices: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


def _rated(visit: QuoteContext, variant_id: int, score: int) -> int:
    order = buy(visit, {variant_id: 1}, key=f"press-{variant_id}")
    deliver(order)
    rate_order(order_id=order.order_id, score=score, now=NOON)
    return order.order_id


def test_an_answer_waits_for_arrival_and_may_change(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 1})
    with pytest.raises(OrderRefused) as early:
        rate_order(order_id=order.order_id, score=5, now=NOON)
    assert early.value.code == "not_rateable"
    deliver(order)
    rate_order(order_id=order.order_id, score=2, words=" squashed ", now=NOON)
    rate_order(order_id=order.order_id, score=4, now=NOON + timedelta(hours=1))
    found = find_rating(order.order_id)
    assert found is not None
    assert (found.score, found.words) == (4, "squashed")
    assert OrderRating.objects.count() == 1
    for score, words, code in ((6, "", "bad_score"), (5, "x" * 1001, "words_long")):
        with pytest.raises(OrderRefused) as refused:
            rate_order(order_id=order.order_id, score=score, words=words, now=NOON)
        assert refused.value.code == code


def test_figures_split_by_personal_price_campaign_and_day(
    visit: QuoteContext, shelf: Shelf
) -> None:
    mine = _rated(visit, shelf.rye, 5)
    theirs = _rated(later(visit, minutes=1), shelf.gouda, 2)
    OrderLine.objects.filter(order_id=mine).update(
        is_personal=True, adjustments=[{"campaign_id": 7, "amount_minor": -10}]
    )
    Order.objects.filter(pk=mine).update(delivery_adjustments=[{"campaign_id": 7}])
    OrderRating.objects.filter(pk=theirs).update(rated_at=NOON - timedelta(days=1))
    report = report_satisfaction(since=TODAY - timedelta(days=1), until=TODAY + timedelta(days=1))
    assert report.delivered == 2
    assert report.all.counts == (0, 1, 0, 0, 1)
    assert (report.personal.counts, report.public.counts) == ((0, 0, 0, 0, 1), (0, 1, 0, 0, 0))
    assert [(day.day, day.found.mean) for day in report.days] == [
        (TODAY - timedelta(days=1), 2.0),
        (TODAY, 5.0),
    ]
    assert [(one.campaign_id, one.found.share) for one in report.campaigns] == [(7, 1.0)]
    assert not report_satisfaction(since=TODAY, until=TODAY, channel="online").all.answers
    Order.objects.update(is_simulated=True)
    nobody = report_satisfaction(since=TODAY, until=TODAY + timedelta(days=1))
    assert (nobody.delivered, nobody.all.answers) == (0, 0)


@pytest.mark.parametrize(
    ("code", "agrees", "asks"),
    [("US-NY", False, True), ("DE", False, False), ("DE", True, True)],
)
def test_letters_ask_where_the_law_lets_them(
    visit: QuoteContext, shelf: Shelf, code: str, agrees: bool, asks: bool
) -> None:
    order = buy(visit, {shelf.rye: 1})
    country, _dash, region = code.partition("-")
    Order.objects.update(country=country, region=region)
    Shopper.objects.update(consent_marketing=agrees)
    deliver(order)
    deliver_facts(handlers=HANDLERS, now=NOON)
    (letter,) = (sent for sent in mail.outbox if "delivered" in sent.subject)
    for body in (str(letter.body), str(letter.alternatives[0][0])):
        assert body.count("/rating/?score=") == (5 if asks else 0)


def test_answers_are_exported_and_forgotten(visit: QuoteContext, shelf: Shelf) -> None:
    order_id = _rated(visit, shelf.rye, 3)
    shopper_id = Order.objects.get(pk=order_id).shopper_id
    assert shopper_id is not None
    (answer,) = PRIVACY.export_shopper(shopper_id)["ratings"]
    assert (answer["score"], answer["words"]) == (3, "")
    PRIVACY.erase_shopper(shopper_id, NOON)
    assert not OrderRating.objects.exists()
