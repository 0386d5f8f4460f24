"""Training from the event table and the ledger: elasticities found, models used or refused."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from pricing.api import demand_curve, list_model_versions, publish_price_book, train_demand
from pricing.competitors.services.competitors import import_feed
from pricing.demand.core import leaderboard as training_leaderboard
from pricing.demand.core.choice import Impressions
from pricing.demand.core.families import CHALLENGERS
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookArchive
from pricing.demand.selectors.training import load_available_shares, load_training_cells
from pricing.demand.selectors.versions import (
    UntrustedModel,
    list_department_elasticities,
    load_active_model,
    load_weights,
)
from pricing.learning.core.shown import COLUMNS
from pricing.learning.selectors.demand import NoCurve
from pricing.learning.selectors.impression_fits import KeptImpressions, pack_kept
from pricing.optimum.core.signals import SignalWeights
from profiles.events.selectors.purchases import start_of_day
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from tests.factories.competitors import make_source
from tests.factories.pricing import NOON, Dairy
from tests.factories.pricing_history import ELASTICITY, ITEMS, WEEKS, open_tea_history
from tests.factories.stock import move_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def market_with_history() -> list[int]:
    """Two dozen products whose weekly sales follow q = k p^-1.6, with prices that moved."""
    return open_tea_history()


def test_a_known_elasticity_is_found_and_the_model_used(
    market_with_history: list[int],
) -> None:
    row = train_demand(as_of=NOON, weeks=WEEKS)
    assert row.status == "active"
    assert row.metrics["items"] == ITEMS
    assert row.metrics["elasticity_p10_p50_p90"][1] == pytest.approx(-ELASTICITY, abs=0.12)
    assert row.metrics["negative_share"] == 1.0
    assert row.metrics["wmape"] < 0.3
    (department,) = list_department_elasticities()
    assert department.items == ITEMS
    assert department.low < department.elasticity < department.high
    assert department.elasticity == pytest.approx(-ELASTICITY, abs=0.2)
    _, served = load_active_model()
    assert served.variant_id.tolist() == sorted(market_with_history)
    assert np.abs(served.elasticity - ELASTICITY).max() < 0.6


def test_a_refit_replaces_the_model_in_use(market_with_history: list[int]) -> None:
    first = train_demand(as_of=NOON, weeks=WEEKS)
    second = train_demand(as_of=NOON, weeks=WEEKS)
    statuses = {row.id: row.status for row in list_model_versions()}
    assert statuses == {second.id: "active", first.id: "retired"}
    assert second.sha256 == first.sha256


def test_another_kind_of_model_waits_for_two_people(market_with_history: list[int]) -> None:
    first = train_demand(as_of=NOON, weeks=WEEKS)
    DemandModelVersion.objects.filter(pk=first.id).update(kind="boosted")
    assert train_demand(as_of=NOON, weeks=WEEKS).status == "candidate"
    assert load_active_model()[0].id == first.id


def test_changed_arrays_are_never_served(market_with_history: list[int]) -> None:
    row = train_demand(as_of=NOON, weeks=WEEKS)
    DemandModelVersion.objects.filter(pk=row.id).update(sha256="0" * 64)
    with pytest.raises(UntrustedModel):
        load_active_model()


def test_a_shop_without_sales_gets_a_prior_and_safe_prices(dairy: Dairy) -> None:
    row = train_demand(as_of=NOON)
    assert (row.status, row.metrics["items"]) == ("active", 0)
    report = publish_price_book(now=NOON + timedelta(minutes=1))
    assert report.public_changes == 0


def test_the_demand_curve_passes_through_what_was_seen(market_with_history: list[int]) -> None:
    variant = market_with_history[0]
    with pytest.raises(NoCurve):
        demand_curve(variant_id=variant)
    train_demand(as_of=NOON, weeks=WEEKS)
    curve = demand_curve(variant_id=variant)
    at = int(np.flatnonzero(curve.price_minor == curve.current_minor)[0])
    assert curve.mean[at] == pytest.approx(12 * (curve.current_minor / 500) ** -1.6, rel=0.25)
    assert (curve.low <= curve.mean).all()
    assert (curve.mean <= curve.high).all()
    assert (np.diff(curve.mean) < 0).all()
    assert curve.elasticity < 0
    assert not curve.is_causal
    assert len(curve.seen_units) >= WEEKS - 1


def test_prices_that_chance_drew_judge_the_families(
    market_with_history: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_leaderboard, "MIN_BOARD_ITEMS", ITEMS)
    without = train_demand(as_of=NOON, weeks=WEEKS).metrics["leaderboard"]
    assert not any("slope_factor" in row for row in without)
    kept = KeptImpressions(decided=_show_drawn(market_with_history))
    arrays = pack_kept(kept)
    LookArchive.objects.create(
        market_code="us", channel="online", watermark=NOON,
        arrays=pack_arrays(arrays), sha256=hash_arrays(arrays),
    )  # fmt: skip
    rows = train_demand(as_of=NOON, weeks=WEEKS).metrics["leaderboard"]
    assert {row["name"] for row in rows} == set(CHALLENGERS)
    own = next(row for row in rows if row["is_champion"])
    # Sales and impressions answer alike: 1.6, which the champion has found.
    assert own["slope_factor"] == pytest.approx(1.0, abs=4 * own["slope_sd"])
    assert own["slope_sd"] < 0.1
    assert {row["slope_days"] for row in rows} == {14}
    # A model that promises privacy is told of no single look.
    private = train_demand(as_of=NOON, weeks=WEEKS, epsilon=20.0).metrics.get("leaderboard", [])
    assert not any("slope_factor" in row for row in private)


def _show_drawn(variants: list[int]) -> Impressions:
    """Return the impressions of the last two weeks before NOON at prices drawn around 5.00."""
    rng, days, impressions = np.random.default_rng(4), 14, 4_000
    item, day = (one.ravel() for one in np.meshgrid(variants, range(days)))
    drawn = rng.choice([-0.1, 0.1], len(item))
    rows = len(item)
    return Impressions.of(
        set_id=np.arange(rows), item=item, category=0 * item, family=0 * item, log_price=drawn,
        moved=drawn, bought=rng.binomial(impressions, 0.03 * np.exp(-ELASTICITY * drawn)),
        weight=np.full(rows, float(impressions)), day=NOON.timestamp() // 86_400 - 16 + day,
        columns=COLUMNS, shopper=np.ones((rows, 1)), public=np.ones((rows, 1)),
        goods=np.zeros((rows, len(COLUMNS.goods))),
        response=np.zeros((rows, len(COLUMNS.response))),
    )  # fmt: skip


def test_weeks_without_stock_count_for_their_days_in_stock(
    market_with_history: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    before, window = load_training_cells(as_of=NOON, weeks=WEEKS, place=("us", "online"))
    first, other = before.variant_id[:2].tolist()
    week = WEEKS - 3
    start = start_of_day(window.start_date) + timedelta(weeks=week)
    # Of the first one nothing lay there from Thursday midnight on, of the other a store had some.
    for variant, place in ((first, "online"), (other, "online"), (other, "store")):
        move_stock(variant, 9, start, place)
    for variant in (first, other):
        move_stock(variant, -9, start + timedelta(days=3), "online")
        move_stock(variant, 4, start + timedelta(days=7), "online")
    with django_assert_num_queries(1):
        shares = load_available_shares(before.variant_id, window)
    assert shares[0, week] == pytest.approx(3 / 7)
    assert (np.delete(shares.ravel(), week) == 1.0).all()
    cells = load_training_cells(as_of=NOON, weeks=WEEKS, place=("us", "online"))[0]
    assert cells.units[0, week] == pytest.approx(before.units[0, week] * 7 / 3)
    assert cells.on_sale[0, week] == pytest.approx(3 / 7)
    assert np.array_equal(cells.units[1:], before.units[1:])
    assert np.array_equal(cells.on_sale[1:], before.on_sale[1:])
    assert train_demand(as_of=NOON, weeks=WEEKS).status == "active"


def test_what_competitors_asked_is_a_feature_of_demand(market_with_history: list[int]) -> None:
    make_source(ttl_hours=24 * 400)
    text = "sku,price,date\nTEA-3,4.00,2026-10-06\n"
    import_feed(code="hilltop", text=text, now=NOON)
    import_feed(code="hilltop", text="sku,price,date\nTEA-3,5.00,2026-11-03\n", now=NOON)
    cells, window = load_training_cells(as_of=NOON, weeks=WEEKS, place=("us", "online"))
    row = int(np.flatnonzero(cells.variant_id == market_with_history[3])[0])
    assert cells.competitor is not None
    at = {str(day): value for day, value in zip(window.monday, cells.competitor[row], strict=True)}
    usual = (np.log(400) + np.log(500)) / 2
    assert at["2026-09-28"] == 0.0
    assert at["2026-10-05"] == at["2026-10-26"] == pytest.approx(np.log(400) - usual)
    assert at["2026-11-02"] == pytest.approx(np.log(500) - usual)
    assert not cells.competitor[np.arange(len(cells.competitor)) != row].any()


def test_prices_without_a_model_have_the_first_weights() -> None:
    assert load_weights(0) == SignalWeights()
