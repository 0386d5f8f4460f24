"""Stored decisions can be made again, all of them, with the same result; what differs is named."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from pricing.api import drain_quotes, publish_price_book, quote_variants, replay_quotes
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookFit
from pricing.demand.selectors.versions import load_weights
from pricing.learning.core import nights
from pricing.learning.services import impression_fits
from pricing.learning.services.learning import learn_online
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.quotes import Quote
from pricing.management.commands import replay_quotes as replay_quotes_command
from pricing.policy.models.policy import PricingPolicy
from pricing.policy.selectors import load_policy
from shop.ground.inventory.models import StockLocation, StockRecord
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_held_out,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_visits import ask_cheeses, buy_at

pytestmark = pytest.mark.django_db
BEGIN, END = NOON - timedelta(hours=1), NOON + timedelta(days=2)
SHOPPERS = 40


@pytest.fixture
def decided(dairy: Dairy) -> int:
    """Forty shoppers who looked more and more, quoted twice, some held out; how many decisions."""
    open_dairy()
    shoppers = [make_held_out(), make_held_out()]
    shoppers += [make_treated() for _ in range(SHOPPERS - 2)]
    for number, shopper in enumerate(shoppers):
        look_at(shopper, dairy.cheeses[: 1 + number % 4] * (1 + number // 10))
        quote_variants(context=visit(shopper), variant_ids=dairy.all)
        look_at(shopper, dairy.cheeses)
        later = NOON + timedelta(hours=2 if number % 2 else 25)
        quote_variants(context=visit(shopper, now=later), variant_ids=dairy.all)
    drain_quotes()
    return Quote.objects.filter(issued_at__gte=BEGIN).exclude(inputs={}).count()


def test_hundreds_of_stored_decisions_replay_bit_for_bit(decided: int) -> None:
    assert decided >= 300
    report = replay_quotes(since=BEGIN, until=END)
    assert (report.checked, report.differing, report.lost) == (decided, (), ())
    assert len(set(Quote.objects.values_list("quoted_minor", flat=True))) > 8
    assert set(Quote.objects.values_list("arm", flat=True)) == {"treated", "holdout"}
    newest = replay_quotes(since=BEGIN, until=END, most=7)
    assert newest.checked == 7


def test_the_command_fails_where_a_decision_comes_out_differently(
    decided: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_quotes_command, "utc_now", lambda: END)
    call_command("replay_quotes", count=5, stdout=(said := StringIO()))
    assert "5 identical, 0 differ" in said.getvalue()
    PricingPolicy.objects.filter(is_active=True).update(spread_aversion=5.0)
    load_policy.cache_clear()
    with pytest.raises(CommandError, match="with the same result"):
        call_command("replay_quotes", stdout=(said := StringIO()))
    assert f"{decided} differ" in said.getvalue()
    assert "candidates" in said.getvalue()


def test_a_decision_whose_model_is_gone_is_counted_as_lost(decided: int) -> None:
    PriceBook.objects.all().delete()
    DemandModelVersion.objects.all().delete()
    load_weights.cache_clear()
    report = replay_quotes(since=BEGIN, until=END)
    assert (report.checked, len(report.lost)) == (0, decided)


def test_a_decision_replays_with_the_weights_of_its_fit(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dairy()
    monkeypatch.setattr(nights, "FEWEST_BOUGHT", 1.0)
    online, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    for cheese in dairy.cheeses:
        StockRecord.objects.create(variant_id=cheese, location=online, on_hand=20)
    for _ in range(6):
        alice = make_treated()
        buy_at(alice, ask_cheeses(dairy, alice)[dairy.brie])
    drain_quotes()
    night = NOON + timedelta(hours=2)
    learn_online(now=night)
    assert impression_fits.learn_from_looks(now=night) == 1
    publish_price_book(now=night)
    fit, bob = LookFit.objects.get(), make_treated()
    look_at(bob, dairy.cheeses)
    later = night + timedelta(minutes=30)
    quote_variants(context=visit(bob, now=later), variant_ids=dairy.cheeses)
    drain_quotes()
    named = Counter(Quote.objects.values_list("inputs__fit", flat=True))
    assert named == {0: 24, fit.pk: 4}
    report = replay_quotes(since=BEGIN, until=END)
    assert (report.checked, report.differing, report.lost) == (28, (), ())
    # Weights are read from the fit: with others its decisions, and only these, come out otherwise.
    LookFit.objects.update(weights=fit.weights | {"family": fit.weights["family"] + 2.0})
    load_weights.cache_clear()
    assert len(replay_quotes(since=BEGIN, until=END).differing) == 4
