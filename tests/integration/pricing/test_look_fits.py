"""Looks are fitted at night on top of the model, and prices are made of it: once, and never of a
fit that is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from pricing.core.arrays import FloatArray
from pricing.core.demand.served import ServedDemand
from pricing.core.online import LearnedDemand, LookedDemand
from pricing.models import DemandModelVersion, LookFit, PriceBook, PricingPolicy
from pricing.selectors.evidence import add_evidence
from pricing.selectors.look_fits import UntrustedLooks, load_looked
from pricing.selectors.trials import load_tried
from pricing.selectors.versions import load_active_model
from pricing.services import look_fits, publish_price_book, turn_price_shocks
from pricing.services.learning import learn_online
from pricing.services.look_counts import drain_looks
from pricing.services.look_fits import fit_everywhere, learn_from_looks
from shop.catalog.models import Category
from shop.inventory.models import StockLocation, StockRecord
from tests.factories.looks import look_and_buy
from tests.factories.pricing import make_model
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
NIGHT = MONDAY + timedelta(hours=21)


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


@pytest.fixture
def teas() -> list[int]:
    """A tea shop that was looked at before and after a Monday's draw of shocks; all buy as before,
    whatever a tea costs now."""
    known = make_teas(16)
    open_tea_shop(known)
    online, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    for tea in known:
        StockRecord.objects.create(variant_id=tea, location=online, on_hand=900)
    look_and_buy(known, at(-30), dict.fromkeys(known, 3))
    turn_price_shocks(now=MONDAY)
    look_and_buy(known, at(5), dict.fromkeys(known, 3))
    drain_looks()
    return known


def ask(model: ServedDemand, teas: list[int]) -> FloatArray:
    family = np.full(len(teas), Category.objects.get(depth=0).pk)
    return model.elasticities(np.array(sorted(teas)), family)[0]


def believe_now() -> ServedDemand:
    known = add_evidence(load_active_model(), PLACE)
    assert known is not None
    return known[1]


def settle() -> None:
    learn_online(now=NIGHT)


def test_prices_are_made_of_looks_once_they_are_fitted(
    teas: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settle()
    before = believe_now()
    assert type(before) is LearnedDemand
    assert learn_from_looks(now=NIGHT) == 1
    after = believe_now()
    assert isinstance(after, LookedDemand)
    active = load_active_model()
    assert active is not None
    # What was seen counts: elasticities are those of weekly sales no more.
    assert not np.allclose(ask(after, teas), ask(before, teas))
    fit = LookFit.objects.get()
    assert (fit.looks, fit.refusal) == (24 * len(teas), "")
    assert fit.metrics["purchases"] == pytest.approx(6 * len(teas), rel=0.02)
    assert fit.metrics["elasticity_before"] == pytest.approx(1.8)
    assert fit.metrics["elasticity"] == pytest.approx(ask(after, teas).mean(), abs=0.05)
    assert fit.metrics["sold_out"] == 0
    with django_assert_num_queries(2):
        add_evidence(active, PLACE)


def test_a_fit_is_made_anew_only_once_there_is_enough_that_is_new(teas: list[int]) -> None:
    settle()
    assert learn_from_looks(now=NIGHT) == 1
    assert learn_from_looks(now=NIGHT + timedelta(days=1)) == 0
    look_and_buy(teas, NIGHT, dict.fromkeys(teas, 1))
    drain_looks()
    learn_online(now=NIGHT + timedelta(hours=4))
    assert learn_from_looks(now=NIGHT + timedelta(hours=4)) == 1
    assert LookFit.objects.count() == 2
    # Of the fit before the figures are left.
    assert [bool(row.arrays) for row in LookFit.objects.order_by("id")] == [False, True]


def test_the_next_book_prices_everything_by_the_fit(teas: list[int]) -> None:
    settle()
    publish_price_book(now=NIGHT)
    assert publish_price_book(now=NIGHT + timedelta(minutes=15)).is_new is False
    learn_from_looks(now=NIGHT + timedelta(minutes=20))
    report = publish_price_book(now=NIGHT + timedelta(minutes=30))
    assert (report.is_new, report.variants) == (True, len(teas))
    book = PriceBook.objects.get(is_current=True)
    assert book.metrics["notes"]["looks"] == LookFit.objects.get().pk


def test_a_fit_belongs_to_its_model(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    other = make_model(trained_at=NIGHT).pk
    assert load_looked(other, PLACE) is None
    assert isinstance(load_tried(other, PLACE), LearnedDemand)
    assert fit_everywhere(model_id=other, now=NIGHT) == 1
    assert isinstance(load_tried(other, PLACE), LookedDemand)
    assert LookFit.objects.filter(arrays=b"").count() == 0


def test_no_price_is_made_of_a_fit_that_is_wrong(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    monkeypatch.setattr(look_fits, "MOST_ELASTICITY", 0.01)
    assert learn_from_looks(now=NIGHT) == 0
    assert LookFit.objects.get().refusal == "too_steep"
    assert type(believe_now()) is LearnedDemand


def test_the_policy_switches_looks_off_at_once(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    PricingPolicy.objects.filter(is_active=True).update(learns_from_looks=False)
    assert type(believe_now()) is LearnedDemand


def test_arrays_that_were_changed_make_no_price(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    LookFit.objects.update(sha256="0" * 64)
    with pytest.raises(UntrustedLooks, match="fit"):
        believe_now()


def test_without_purchases_nothing_is_fitted(teas: list[int]) -> None:
    assert learn_from_looks(now=NIGHT) == 0  # nothing is settled yet
    settle()
    DemandModelVersion.objects.update(status="retired")
    assert learn_from_looks(now=NIGHT) == 0
    assert not LookFit.objects.exists()
