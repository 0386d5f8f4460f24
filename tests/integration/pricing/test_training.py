"""Training from the event table and the ledger: elasticities found, models used or refused."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from pricing.models import DemandModelVersion, PriceLedgerEntry, PriceShock
from pricing.selectors import demand_curve, list_model_versions
from pricing.selectors.demand import NoCurve
from pricing.selectors.elasticities import list_group_elasticities
from pricing.selectors.training import load_available_shares, load_training_cells
from pricing.selectors.versions import UntrustedModel, load_active_model
from pricing.services import publish_price_book, train_demand
from pricing.services.competitors import import_feed
from profiles.selectors.purchases import start_of_day
from tests.factories.competitors import make_source
from tests.factories.pricing import NOON, Dairy
from tests.factories.pricing_history import ELASTICITY, ITEMS, WEEKS, open_tea_history
from tests.factories.pricing_trials import activate_by_two
from tests.factories.stock import move_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def market_with_history() -> list[int]:
    """Two dozen goods whose weekly sales follow q = k p^-1.6, with prices that moved."""
    return open_tea_history()


def test_a_known_elasticity_is_found_and_the_first_model_is_used(
    market_with_history: list[int],
) -> None:
    row = train_demand(as_of=NOON, weeks=WEEKS)
    assert row.status == "active"
    assert row.metrics["items"] == ITEMS
    assert row.metrics["elasticity_p10_p50_p90"][1] == pytest.approx(-ELASTICITY, abs=0.12)
    assert row.metrics["negative_share"] == 1.0
    assert row.metrics["wmape"] < 0.3
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


def test_weeks_that_chance_moved_make_elasticities_causal(market_with_history: list[int]) -> None:
    observed = train_demand(as_of=NOON, weeks=WEEKS)
    assert (observed.metrics["causal_share"], observed.metrics["randomized_weeks"]) == (0.0, 0)
    _draw_what_was_cheaper(market_with_history)
    row = train_demand(as_of=NOON, weeks=WEEKS)
    drawn = PriceShock.objects.filter(is_applied=True).count()
    # Each item's first week has no week before it to be compared with.
    assert 0.9 * drawn < row.metrics["randomized_weeks"] <= drawn
    assert row.metrics["causal_share"] == 1.0
    # Where chance backs elasticities, prices may go further than a rung: people look at that first.
    assert row.status == "candidate"
    assert load_active_model()[0].id == observed.id
    activate_by_two(row.id)
    _, served = load_active_model()
    assert served.is_causal.all()
    assert served.elasticity.mean() == pytest.approx(ELASTICITY, abs=0.25)
    assert demand_curve(variant_id=market_with_history[0]).is_causal
    department = next(one for one in list_group_elasticities() if one.kind == "department")
    assert department.is_causal


def _draw_what_was_cheaper(variants: list[int]) -> None:
    """Put on record that each 4.50 was a draw from 5.00; one in ten was refused by the gate."""
    publics = PriceLedgerEntry.objects.filter(kind="public", amount_minor=450)
    PriceShock.objects.bulk_create(
        PriceShock(
            variant_id=entry.variant_id,
            market_id="us",
            channel="online",
            week=entry.valid_from.date(),
            direction=-1,
            probability=0.25,
            base_minor=500,
            shocked_minor=450,
            is_applied=number % 10 > 0,
            seed="test",
            policy_version=1,
            started_at=entry.valid_from,
            ended_at=entry.valid_from + timedelta(weeks=1),
        )
        for number, entry in enumerate(publics.filter(variant_id__in=variants))
    )


def test_weeks_in_which_nothing_lay_there_count_for_the_days_that_sold(
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
