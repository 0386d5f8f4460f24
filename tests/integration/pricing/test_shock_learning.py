"""From chance to cause: shocks and experiments, sales at their prices, training, causal slopes."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from pricing.models import PriceShock, PublicPrice
from pricing.selectors.versions import load_active_model
from pricing.services import train_demand, turn_price_shocks
from pricing.services.arm_turns import turn_public_arms
from profiles.models import Event, ExperimentItem
from shop.kernel.ids import uuid7
from tests.factories.experiments import start_switchback
from tests.factories.pricing import make_shopper
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop
from tests.factories.pricing_trials import activate_by_two

pytestmark = pytest.mark.django_db
GOODS, WEEKS, ELASTICITY = 24, 20, 2.2


def sell_for_a_week(shopper: int, begin: datetime, rng: np.random.Generator) -> list[Event]:
    """Sell units that follow q = 800 (p / 4.59)^-2.2 at the public prices that hold."""
    prices = PublicPrice.objects.order_by("variant_id").values_list("variant_id", "public_minor")
    sold = [
        (one, price, int(rng.poisson(800 * (price / 459) ** -ELASTICITY))) for one, price in prices
    ]
    return [
        Event(
            id=uuid7(),
            occurred_at=begin + timedelta(days=3),
            received_at=begin + timedelta(days=3),
            shopper_id=shopper,
            kind="purchase",
            variant_id=variant,
            quantity=units,
            paid_minor=price * units,
            list_minor=500 * units,
            is_discounted=True,
            channel="store",
            source="test",
        )
        for variant, price, units in sold
        if units
    ]


def test_shocks_make_elasticities_causal_all_the_way_through() -> None:
    teas = make_teas(GOODS)
    open_tea_shop(teas, max_model_age_hours=24 * 365)
    shopper, rng, events = make_shopper().id, np.random.default_rng(3), []
    for week in range(WEEKS):
        begin = MONDAY + timedelta(weeks=week)
        turn_price_shocks(now=begin)
        events += sell_for_a_week(shopper, begin, rng)
    Event.objects.bulk_create(events)
    assert PriceShock.objects.filter(is_applied=True).count() == WEEKS * 0.25 * GOODS
    row = train_demand(as_of=MONDAY + timedelta(weeks=WEEKS), weeks=WEEKS)
    assert row.status == "candidate"
    assert "far_share" in {one["code"] for one in row.metrics["refit_check"]["reasons"]}
    activate_by_two(row.id, MONDAY + timedelta(weeks=WEEKS))
    assert row.metrics["causal_share"] == 1.0
    # Each good's first week has no week before it to compare with.
    assert 0.9 * WEEKS <= row.metrics["randomized_weeks"] / (0.25 * GOODS) <= WEEKS
    _, served = load_active_model() or (None, None)
    assert served is not None
    ids = np.array(sorted(teas))
    assert served.backed_by_chance(ids, np.zeros_like(ids)).all()
    assert np.median(served.elasticity) == pytest.approx(ELASTICITY, abs=0.5)
    covered = np.abs(served.elasticity - ELASTICITY) < 1.96 * served.elasticity_sd
    assert covered.mean() >= 0.8


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("has_clusters", [False, True])
def test_arms_of_an_experiment_teach_as_the_draws_they_are(has_clusters: bool) -> None:
    """Twelve weeks of turns: a coin a good, or one coin for all, which says nothing of cause."""
    teas, weeks = make_teas(GOODS), 12
    open_tea_shop(teas, max_model_age_hours=24 * 365, shock_share=0.0)
    shopper, rng, events = make_shopper().id, np.random.default_rng(3), []
    start_switchback(teas, now=MONDAY, period_days=7, planned_days=7 * weeks)
    if has_clusters:
        ExperimentItem.objects.update(cluster=0)
    for week in range(weeks):
        begin = MONDAY + timedelta(weeks=week)
        turn_public_arms(now=begin)
        events += sell_for_a_week(shopper, begin, rng)
    Event.objects.bulk_create(events)
    row = train_demand(as_of=MONDAY + timedelta(weeks=weeks), weeks=weeks)
    # The plain arm is a draw as well; each good's first week has none before it to compare with.
    assert row.metrics["randomized_weeks"] == GOODS * (weeks - 1)
    assert row.metrics["causal_share"] == float(not has_clusters)
