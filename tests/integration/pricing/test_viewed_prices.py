"""Exposures of people to public prices, read from views, ledger and draw."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pricing.models import PriceShock
from pricing.selectors.viewed_prices import load_viewed_prices
from pricing.services import drain_quotes, quote_variants, turn_price_shocks
from profiles.services import drain_events
from shop.kernel.clock import epoch_ms
from tests.factories.looks import buy_shown, show
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_pharmacy,
    make_shopper,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
WINDOW = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=6)}


def test_a_view_is_an_exposure_to_the_price_of_its_moment(dairy: Dairy) -> None:
    open_dairy()
    alice, bob = make_treated(), make_treated()
    later = NOON + MINUTE
    view = show(alice, [dairy.rye], now=later)[dairy.rye]
    look_at(alice, [dairy.rye], later)
    look_at(alice, [dairy.rye], later + MINUTE)
    look_at(bob, [dairy.rye], later)
    buy_shown(alice, view, "order-1", quantity=2, now=later)
    drain_events(limit=1_000, now=later)
    found = load_viewed_prices(**WINDOW)
    assert found.variant_id.tolist() == [dairy.rye] * 2
    assert sorted(found.units.tolist()) == [0, 2]
    assert len(set(found.shopper.tolist())) == 2
    assert found.at_ms.tolist() == [epoch_ms(later)] * 2
    assert found.public_minor.tolist() == [300, 300]
    assert found.rung_minor.tolist() == [[300, 0, 0]] * 2
    assert found.probability.tolist() == [[1.0, 0.0, 0.0]] * 2


def test_without_consent_a_decision_of_ones_own_or_a_price_nothing_is_read(dairy: Dairy) -> None:
    aspirin, _ = make_pharmacy()
    open_dairy()
    later = NOON + MINUTE
    charlie, alice = make_shopper(is_willing=False), make_treated()
    look_at(charlie, [dairy.rye], later)
    look_at(alice, [dairy.brie, aspirin], later)
    look_at(alice, [dairy.rye], NOON - timedelta(minutes=30))
    quote_variants(context=visit(alice, later), variant_ids=dairy.cheeses)
    drain_quotes()
    drain_events(limit=1_000, now=later)
    assert len(load_viewed_prices(**WINDOW)) == 0


def test_what_chance_could_have_shown_is_known_once_it_was_drawn(db: None) -> None:
    teas = make_teas()
    open_tea_shop(teas)
    turn_price_shocks(now=MONDAY)
    shocks = dict(PriceShock.objects.values_list("variant_id", "direction"))
    moved = next(iter(shocks))
    stays = next(one for one in teas if one not in shocks)
    alice = make_treated(MONDAY)
    for at in (MONDAY - MINUTE, MONDAY + 2 * timedelta(hours=1)):
        look_at(alice, [moved, stays], at)
    drain_events(limit=1_000, now=MONDAY)
    window = {"since": MONDAY - timedelta(hours=1), "until": MONDAY + timedelta(hours=6)}
    found = load_viewed_prices(**window)
    assert len(found) == 4
    before = found.at_ms < epoch_ms(MONDAY)
    assert (found.probability[before].max(axis=1) == 1.0).all()
    assert (found.probability[~before].tolist()) == [[0.125, 0.75, 0.125]] * 2
    chosen = dict(zip(found.variant_id[~before].tolist(), found.chosen[~before], strict=True))
    assert (chosen[stays], chosen[moved]) == (1, 1 - shocks[moved])
