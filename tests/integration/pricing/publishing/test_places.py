"""Jobs run for every place that has prices; one that fails does not stop the others."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import call_command

from pricing import tasks
from pricing.api import drain_quotes, publish_price_book, quote_variants
from pricing.learning.models.learning import OnlineEvidence
from pricing.ledger.models.books import PriceBook
from pricing.ledger.selectors.references import home_place, list_places
from pricing.ledger.services import run_everywhere, run_in_markets
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.feeds import record_pulse
from shop.ground.kernel.clock import utc_now
from tests.factories.looks import fill_shelves
from tests.factories.markets import sell_abroad
from tests.factories.pricing import Dairy, look_at, make_model, make_treated, visit

pytestmark = pytest.mark.django_db
HOME, ABROAD = ("us", "online"), ("ca", "online")


@pytest.fixture
def two_markets(dairy: Dairy) -> Dairy:
    """The dairy with prices at home and abroad since an hour ago."""
    sell_abroad()
    begun = utc_now() - timedelta(hours=1)
    make_model(trained_at=begun)
    for market in ("us", "ca"):
        publish_price_book(now=begun, market=market)
    return dairy


def test_places_are_those_with_public_prices_and_home(db: None) -> None:
    assert list_places() == [home_place()] == [HOME]


def test_every_place_has_its_turn(two_markets: Dairy) -> None:
    seen: list[Any] = []
    assert run_everywhere(lambda market, channel: seen.append((market, channel)) or 2) == 4
    assert seen == [HOME, ABROAD]
    assert run_in_markets(lambda market: seen.append(market) or 1) == 2
    assert seen[2:] == ["us", "ca"]


def test_the_command_publishes_every_market_unless_one_is_named(two_markets: Dairy) -> None:
    said = io.StringIO()
    call_command("publish_prices", stdout=said)
    assert re.findall(r"^(\S+): price book", said.getvalue(), re.MULTILINE) == [
        "us/online",
        "ca/online",
    ]
    said = io.StringIO()
    call_command("publish_prices", market="ca", stdout=said)
    assert re.findall(r"^(\S+): price book", said.getvalue(), re.MULTILINE) == ["ca/online"]


def test_one_place_that_fails_does_not_stop_the_others(two_markets: Dairy) -> None:
    done: list[str] = []

    def run(market: str, channel: str) -> int:
        if market == "us":
            raise KeyError(market)
        done.append(market)
        return 1

    with pytest.raises(KeyError) as caught:
        run_everywhere(run)
    assert (done, caught.value.__notes__) == (["ca"], ["in us/online"])

    def fail(market: str) -> int:
        raise ValueError(market)

    with pytest.raises(ExceptionGroup) as several:
        run_in_markets(fail)
    assert [str(one) for one in several.value.exceptions] == ["us", "ca"]


def test_a_job_whose_time_is_over_begins_no_other_place(two_markets: Dairy) -> None:
    begun: list[str] = []

    def run(market: str) -> int:
        begun.append(market)
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        run_in_markets(run)
    assert begun == ["us"]


def test_learning_and_watching_reach_every_market(two_markets: Dairy) -> None:
    fill_shelves(two_markets.all)
    alice, now = make_treated(), utc_now()
    look_at(alice, two_markets.cheeses, now)
    for market in ("us", "ca"):
        context = visit(alice, now, market=market)
        quote_variants(context=context, variant_ids=two_markets.cheeses)
    drain_quotes()
    record_pulse(name="costs", at=now - timedelta(days=30))
    for name in ("learn_online", "watch_feeds", "count_visits", "turn_price_shocks"):
        getattr(tasks, name).apply().get()
    pending = OnlineEvidence.objects.filter(is_current=True)
    assert set(pending.values_list("market_code", "pending_exposures")) == {("us", 4), ("ca", 4)}
    assert set(BreakerTrip.objects.values_list("kind", "key")) == {("costs", "us"), ("costs", "ca")}


def test_both_markets_are_published(two_markets: Dairy) -> None:
    tasks.publish_price_book.apply().get()
    current = PriceBook.objects.filter(is_current=True)
    assert set(current.values_list("market_id", "channel")) == {HOME, ABROAD}
