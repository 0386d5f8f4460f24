"""Exposures: what was shown, how likely it was, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
import redis
from django.core.management import CommandError, call_command

from pricing.api import drain_quotes, publish_price_book, quote_variants
from pricing.base.core.values import PriceView
from pricing.competitors.services.competitors import import_feed
from pricing.demand.selectors.versions import load_model
from pricing.learning.selectors.offline import NothingLogged, evaluate_offline, weigh_candidate
from pricing.ledger.core.exposures import MOST_ACTIONS
from pricing.ledger.models.quotes import Quote
from pricing.ledger.selectors.exposures import load_exposures
from pricing.privacy import erase_shopper
from profiles.events.services.drain import drain_events
from profiles.events.services.events import record_purchase_events, record_return_events
from profiles.values import PurchasedLine, ShopperValue
from shop.ground.inventory.models import StockLocation, StockRecord
from tests.factories.competitors import make_source
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_held_out,
    make_model,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db

WINDOW = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1)}
LATER = NOON + timedelta(days=3)


def quote_all(dairy: Dairy, shopper: ShopperValue) -> dict[int, PriceView]:
    look_at(shopper, dairy.cheeses)
    return quote_variants(context=visit(shopper), variant_ids=dairy.all).prices


def buy(shopper: ShopperValue, view: PriceView, quantity: int, *, returned: int = 0) -> None:
    """Buy at the quoted price an hour later; send some of it back the day after."""
    line = PurchasedLine(
        variant_id=view.variant_id,
        quantity=quantity,
        paid_minor=view.quoted_minor * quantity,
        list_minor=view.list_minor * quantity,
        is_discounted=True,
        quote_id=view.quote_id,
    )
    back = PurchasedLine(
        variant_id=view.variant_id,
        quantity=returned,
        paid_minor=view.quoted_minor * returned,
        list_minor=view.list_minor * returned,
        is_discounted=True,
        quote_id=view.quote_id,
    )
    place = {"shopper_id": shopper.id, "channel": "online", "now": LATER}
    with committed():
        at = NOON + timedelta(hours=1)
        record_purchase_events(basket_ref="order-1", lines=[line], occurred_at=at, **place)
        if returned:
            at += timedelta(days=1)
            record_return_events(basket_ref="return-1", lines=[back], occurred_at=at, **place)


def test_an_exposure_holds_the_whole_data_contract(dairy: Dairy) -> None:
    open_dairy()
    location, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Warehouse"})
    StockRecord.objects.create(variant_id=dairy.brie, location=location, on_hand=7, reserved=2)
    make_source()
    import_feed(code="hilltop", text="sku,price,currency\nBRIE,5.49,USD\n", now=NOON)
    alice = make_treated()
    views = quote_all(dairy, alice)
    drain_quotes()
    found = load_exposures(**WINDOW, now=LATER)
    assert sorted(found.rows["variant_id"].tolist()) == sorted(dairy.cheeses)
    at = found.rows["variant_id"].tolist().index(dairy.brie)
    brie, row = views[dairy.brie], Quote.objects.get(pk=views[dairy.brie].quote_id)
    assert found.rows["quoted_minor"][at] == brie.quoted_minor
    assert found.rows["public_minor"][at] == brie.public_minor
    assert found.rows["unit_cost"][at] == 390.0
    assert found.stock.tolist()[at] == 5
    rest = np.arange(4) != at
    assert (found.competitor_minor[at], found.competitor_minor[rest].tolist()) == (549, [0] * 3)
    assert found.rung_minor.shape == (4, MOST_ACTIONS)
    assert found.rung_minor[at, : len(row.rung_minors)].tolist() == row.rung_minors
    assert found.probability.sum(axis=1) == pytest.approx(np.ones(4))
    assert found.propensity[at] == row.propensity
    assert found.rung_minor[at, found.chosen[at]] == brie.quoted_minor
    assert len(set(found.shopper.tolist())) == 1
    assert (found.policy_version[at], found.book_version[at]) == (1, 1)
    assert not found.is_held_out.any()


def test_outcomes_join_by_quote_and_count_returns(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    brie = quote_all(dairy, alice)[dairy.brie]
    buy(alice, brie, 3, returned=1)
    drain_quotes()
    found = load_exposures(**WINDOW, now=LATER)
    bought = found.rows["variant_id"] == dairy.brie
    assert found.units.tolist() == np.where(bought, 3, 0).tolist()
    assert found.returned_units.tolist() == np.where(bought, 1, 0).tolist()
    assert found.paid_minor[bought].tolist() == [3 * brie.quoted_minor]
    assert found.margin_minor[bought].tolist() == [2 * (brie.quoted_minor - 390.0)]
    before = load_exposures(**WINDOW, now=NOON + timedelta(minutes=1))
    assert before.units.tolist() == [0, 0, 0, 0]


def test_the_holdout_is_an_arm_with_certain_prices(dairy: Dairy) -> None:
    open_dairy()
    quote_all(dairy, make_held_out())
    drain_quotes()
    assert len(load_exposures(**WINDOW, now=LATER)) == 0
    held_out = load_exposures(**WINDOW, now=LATER, arms=("holdout",))
    assert held_out.propensity.tolist() == [1.0] * 4
    assert (held_out.rows["quoted_minor"] == held_out.rows["public_minor"]).all()
    assert held_out.is_held_out.all()


def test_a_shown_row_of_the_price_book_is_an_exposure(
    dairy: Dairy, clean_redis: redis.Redis
) -> None:
    open_dairy()
    alice = make_treated()
    quote_all(dairy, alice)
    drain_events(limit=1_000, now=NOON)
    publish_price_book(now=NOON + timedelta(minutes=20), everything=True)
    clean_redis.flushdb()
    later = NOON + timedelta(minutes=30)
    views = quote_variants(context=visit(alice, now=later), variant_ids=dairy.all).prices
    drain_quotes()
    found = load_exposures(since=later, until=LATER, now=LATER)
    assert sorted(found.rows["variant_id"].tolist()) == sorted(dairy.cheeses)
    assert found.is_book.all()
    assert found.propensity.tolist() == [1.0] * 4
    shown = [views[one].quoted_minor for one in found.rows["variant_id"].tolist()]
    assert found.rows["quoted_minor"].tolist() == shown
    assert (found.rows["quoted_minor"] < found.rows["public_minor"]).all()


def test_a_forgotten_shopper_is_named_in_no_exposure(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    quote_all(dairy, alice)
    drain_quotes()
    erase_shopper(alice.id, NOON)
    assert Quote.objects.filter(shopper_id=alice.id).count() == 0
    assert len(load_exposures(**WINDOW, now=LATER)) == 4


def test_the_model_that_decided_is_its_own_equal(dairy: Dairy) -> None:
    open_dairy()
    for _ in range(6):
        quote_all(dairy, make_treated())
    drain_quotes()
    found = load_exposures(**WINDOW, now=LATER)
    model = load_model(int(found.model_version[0]))
    logged, violations = weigh_candidate(found, model, ("us", "online"))
    assert violations == 0
    assert np.array_equal(logged.candidate, logged.probability)
    assert logged.weights().tolist() == [1.0] * len(found)


def test_a_verdict_on_few_shoppers_is_refused_and_says_why(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    buy(alice, quote_all(dairy, alice)[dairy.brie], 1)
    drain_quotes()
    steeper = make_model(dict.fromkeys(dairy.cheeses, 2.4))
    verdict = evaluate_offline(model_version=steeper.pk, **WINDOW, now=LATER)
    assert (verdict.exposures, verdict.purchases, verdict.violations) == (4, 1, 0)
    assert "few_shoppers" in verdict.gate.reasons
    assert not verdict.gate.is_open
    with pytest.raises(NothingLogged):
        evaluate_offline(
            model_version=steeper.pk, since=LATER, until=LATER + timedelta(1), now=LATER
        )


def test_the_command_prints_the_verdict_or_why_there_is_none(dairy: Dairy) -> None:
    model = make_model()
    with pytest.raises(CommandError, match="no drawn price"):
        call_command("evaluate_offline", str(model.pk), stdout=StringIO())
    with pytest.raises(CommandError, match="does not exist"):
        call_command("evaluate_offline", "999999", stdout=StringIO())
