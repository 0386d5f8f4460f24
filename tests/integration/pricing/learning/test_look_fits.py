"""Impressions are fitted at night on top of the model, and prices are made of it: once, and never
of a fit that is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from pricing.api import publish_price_book, quote_variants, turn_price_shocks
from pricing.base.core.values import FloatArray
from pricing.demand.core.served import ServedDemand
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookArchive, LookFit
from pricing.demand.selectors.versions import load_active_model, load_model
from pricing.learning.core import nights
from pricing.learning.core.shown import DAY_MS, place_in_catalogue
from pricing.learning.core.taught import TaughtDemand
from pricing.learning.models.learning import OnlineEvidence
from pricing.learning.selectors.evidence import add_evidence
from pricing.learning.selectors.impression_fits import (
    UntrustedImpressions,
    load_last_choice,
    load_looked,
    pack_choice,
    read_kept,
)
from pricing.learning.selectors.publishing import load_shelf
from pricing.learning.services import impression_fits
from pricing.learning.services.impression_counts import drain_looks
from pricing.learning.services.impression_fits import fit_everywhere, learn_from_looks
from pricing.learning.services.learning import learn_online
from pricing.ledger.models.books import PriceBook
from pricing.policy.models.policy import KillSwitch, PricingPolicy
from pricing.publishing.services.books import find_publish_context, open_book
from pricing.quoting.selectors.rollouts import lay_model, load_tried
from shop.ground.catalog.models import Category
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms
from shop.lab.agent import Context
from shop.lab.shop_path_book import Shelf
from shop.lab.shop_path_choice import ChoiceLearner
from tests.factories.looks import fill_shelves, look_and_buy
from tests.factories.pricing import make_model, make_treated, visit
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
    fill_shelves(known)
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
    assert type(before) is ServedDemand
    assert learn_from_looks(now=NIGHT) == 1
    after = believe_now()
    assert isinstance(after, TaughtDemand)
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


def test_a_fit_is_renewed_only_by_enough_new_looks(teas: list[int]) -> None:
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
    # An archive that was read anew may have counted less than one fit knew of.
    LookFit.objects.update(looks=10**6)
    assert learn_from_looks(now=NIGHT + timedelta(hours=5)) == 1


def test_a_market_without_price_tests_keeps_its_slopes(teas: list[int]) -> None:
    settle()
    assert learn_from_looks(now=NIGHT) == 1
    before = load_last_choice(PLACE)
    for scope, key in (("tests", "eu"), ("tests", "us")):
        KillSwitch.objects.create(scope=scope, key=key, is_active=True, at=NIGHT)
    look_and_buy(teas, NIGHT, dict.fromkeys(teas, 1) | dict.fromkeys(teas[:4], 9))
    drain_looks()
    later = NIGHT + timedelta(hours=4)
    learn_online(now=later)
    assert learn_from_looks(now=later) == 1
    after, row = load_last_choice(PLACE), LookFit.objects.latest("id")
    assert before is not None
    assert after is not None
    assert row.metrics["slopes_stay"] is True
    assert (after.at.item[:, 1] == before.at.item[:, 1]).all()
    assert (after.at.item[:, 0] != before.at.item[:, 0]).all()
    # Another market's switch stops nothing here.
    KillSwitch.objects.create(scope="tests", key="us", is_active=False, at=later)
    look_and_buy(teas, later, dict.fromkeys(teas, 1) | dict.fromkeys(teas[:4], 9))
    drain_looks()
    learn_online(now=later + timedelta(hours=4))
    assert learn_from_looks(now=later + timedelta(hours=4)) == 1
    free = load_last_choice(PLACE)
    assert free is not None
    assert (free.at.item[:, 1] != before.at.item[:, 1]).any()


def test_the_next_book_prices_everything_by_the_fit(teas: list[int]) -> None:
    settle()
    publish_price_book(now=NIGHT)
    assert publish_price_book(now=NIGHT + timedelta(minutes=15)).is_new is False
    learn_from_looks(now=NIGHT + timedelta(minutes=20))
    report = publish_price_book(now=NIGHT + timedelta(minutes=30))
    assert (report.is_new, report.variants) == (True, len(teas))
    book = PriceBook.objects.get(is_current=True)
    assert book.metrics["notes"]["looks"] == LookFit.objects.get().pk


def test_a_nightly_fit_keeps_prices_fresh_while_training_is_refused(
    teas: list[int],
) -> None:
    PricingPolicy.objects.filter(is_active=True).update(max_model_age_hours=24)
    settle()
    watermark = OnlineEvidence.objects.get(is_current=True).watermark

    def read(now: datetime) -> tuple[bool, int, str]:
        """Return whether nothing moves, what the book knows, and what stops personal prices."""
        publish_price_book(now=now, everything=True)
        row = PriceBook.objects.select_related("policy", "model_version").get(is_current=True)
        book = open_book(row, currency="USD", exponent=2)
        shopper = visit(make_treated(), now=now + timedelta(hours=1))  # the book holds by then
        reason = quote_variants(context=shopper, variant_ids=teas).fallback_reason
        return find_publish_context(PLACE, now, effective_at=now).is_stale, book.learned_ms, reason

    trained = DemandModelVersion.objects.get().trained_at
    assert read(NIGHT) == (True, epoch_ms(trained), "stale_model")
    assert learn_from_looks(now=NIGHT) == 1
    assert read(at(60 * 22)) == (False, epoch_ms(watermark), "")
    # A rollback lays the model in use over a book, with its own night.
    model = DemandModelVersion.objects.get().pk
    row = PriceBook.objects.select_related("policy", "model_version").get(is_current=True)
    laid = lay_model(open_book(row, currency="USD", exponent=2), model, PLACE)
    assert laid is not None
    assert laid.learned_ms == epoch_ms(watermark)
    # Nights that end, too, leave nothing that is fresh.
    assert read(watermark + timedelta(hours=24, minutes=1)) == (
        True,
        epoch_ms(watermark),
        "stale_model",
    )


def test_a_fit_belongs_to_its_model(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    other = make_model(trained_at=NIGHT).pk
    assert load_looked(other, PLACE) is None
    assert type(load_tried(other, PLACE)) is ServedDemand
    assert fit_everywhere(model_id=other, now=NIGHT) == 1
    assert isinstance(load_tried(other, PLACE), TaughtDemand)
    assert LookFit.objects.filter(arrays=b"").count() == 0


def test_no_price_is_made_of_a_fit_that_is_wrong(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    monkeypatch.setattr(impression_fits, "MOST_ELASTICITY", 0.01)
    assert learn_from_looks(now=NIGHT) == 0
    assert LookFit.objects.get().refusal == "too_steep"
    assert type(believe_now()) is ServedDemand


def test_the_policy_switches_looks_off_at_once(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    PricingPolicy.objects.filter(is_active=True).update(learns_from_looks=False)
    assert type(believe_now()) is ServedDemand


def test_arrays_that_were_changed_make_no_price(teas: list[int]) -> None:
    settle()
    learn_from_looks(now=NIGHT)
    LookFit.objects.update(sha256="0" * 64)
    with pytest.raises(UntrustedImpressions, match="fit"):
        believe_now()


def test_without_purchases_nothing_is_fitted(teas: list[int]) -> None:
    assert learn_from_looks(now=NIGHT) == 0  # nothing is settled yet
    settle()
    DemandModelVersion.objects.update(status="retired")
    assert learn_from_looks(now=NIGHT) == 0
    assert not LookFit.objects.exists()


def test_the_last_days_judge_the_fit_of_earlier_days(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nights, "HELD_OUT_DAYS", 0.5)  # Monday; the fit knows Sunday
    look_and_buy(teas, at(-600), dict.fromkeys(teas, 3))
    drain_looks()
    settle()
    assert learn_from_looks(now=NIGHT) == 1
    tables = LookFit.objects.get().metrics["calibration"]
    assert [one["kind"] for one in tables] == ["family", "price", "boost"]
    assert all(0.0 <= one["p_value"] <= 1.0 for one in tables)
    family = tables[0]["rows"]
    assert len(family) == 1
    assert 0.0 < family[0]["seen"] <= 3.0 * len(teas)
    assert family[0]["visits"] > 0.0


def test_the_simulated_shop_makes_the_same_of_the_same_impressions(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    # Of sales that are no impressions the simulated shop has none.
    monkeypatch.setattr(impression_fits, "read_weekly", lambda *_: None)
    assert learn_from_looks(now=NIGHT) == 1
    row, shelf = LookFit.objects.get(), load_shelf(place=PLACE)
    ids, category, family = shelf.variants.variant_id, shelf.variants.category_id, shelf.family_id
    anchor, none = shelf.anchor_minor, np.zeros(len(ids), np.int64)
    day = epoch_ms(NIGHT) / DAY_MS
    context = Context(ids, anchor / 100.0, anchor / 300.0, {}, shoppers=1, time=day)
    learner = ChoiceLearner(
        context, Shelf(ids, category, family, anchor, none, shelf.public_minor, none, none)
    )
    kept = read_kept(LookArchive.objects.get())
    learner._days = learner._drawn = [place_in_catalogue(kept.seen, ids, category, family)]
    learner.fit(day)
    stored = load_looked(row.model_id, PLACE)
    assert stored is not None
    morning = learner.serve(context, shelf.public_minor, load_model(row.model_id))
    assert learner._night is not None
    assert morning is not None
    last = load_last_choice(PLACE)
    assert last is not None
    ours, theirs = pack_choice(learner._night.fit), pack_choice(last)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(one, theirs[name]) for name, one in ours.items())
    served = morning.served.arrays()
    for name, one in stored[2].arrays().items():
        assert np.array_equal(one, served[name]) or name.startswith("weight"), name
    older = theirs | {"choice_at_family": theirs["choice_at_family"][:, :-1]}
    LookFit.objects.update(arrays=pack_arrays(older), sha256=hash_arrays(older))
    assert load_last_choice(PLACE) is None, "a form of before is no start"
