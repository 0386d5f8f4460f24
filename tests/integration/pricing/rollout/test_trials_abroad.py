"""One trial for all places: judged in each, by the figures of its own shoppers."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pricing.api import drain_quotes, publish_price_book, quote_variants
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import RampStep, ShadowComparison
from pricing.policy.models.breakers import BreakerTrip
from pricing.rollout.selectors.staff_learning import list_rollout_figures
from pricing.rollout.selectors.verdicts import say_step
from pricing.rollout.services.rollouts import watch_rollout
from shop.ground.staff.columns import show_minor
from tests.factories.markets import sell_abroad
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_trials import HOUR, begin, climb, make_candidate, make_people
from tests.factories.pricing_visits import make_visits

pytestmark = pytest.mark.django_db


@pytest.fixture
def tried(dairy: Dairy) -> DemandModelVersion:
    """A candidate somebody asked for, in a dairy open in two markets."""
    open_dairy()
    sell_abroad()
    with committed():
        publish_price_book(now=NOON, market="ca")
    return make_candidate(dairy, make_people("bob")[0])


def test_losing_abroad_stops_a_trial_that_wins_at_home(
    dairy: Dairy, tried: DemandModelVersion
) -> None:
    begin(tried, make_people("ann")[0], share=0.25)
    rng = np.random.default_rng(1)
    for market, mean in (("us", 101.0), ("ca", 80.0)):
        make_visits(
            rng.normal(100.0, 5.0, 300),
            is_held_out=False,
            model_version=tried.pk - 1,
            market_code=market,
        )
        make_visits(
            rng.normal(mean, 5.0, 120),
            is_held_out=False,
            model_version=tried.pk,
            first_owner=900,
            market_code=market,
        )
    assert watch_rollout(now=NOON + HOUR) == "stop"
    evidence = BreakerTrip.objects.get().evidence
    assert (evidence["reason"], evidence["place"]) == ("brings_less", "ca/online")
    assert evidence["places"]["ca/online"]["difference"] == pytest.approx(-20.0, abs=2.0)
    assert evidence["difference"] == pytest.approx(1.0, abs=2.0)
    step = RampStep.objects.first()
    said = say_step(step.reason, step.evidence)
    assert said.endswith("In ca/online: its shoppers bring less than the others")
    figures = list_rollout_figures(evidence, show_minor)
    assert figures[-1].startswith("In ca/online: a visit of its shoppers brings -$0.2")


def test_the_shadow_is_compared_in_each_market(dairy: Dairy, tried: DemandModelVersion) -> None:
    ramp = begin(tried, make_people("ann")[0])
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    for market in ("us", "ca"):
        context = visit(alice, NOON + HOUR / 2, market=market)
        quote_variants(context=context, variant_ids=dairy.cheeses)
    drain_quotes()
    assert watch_rollout(now=NOON + HOUR) == "wait"
    rows = ShadowComparison.objects.values_list("market_code", "decisions")
    assert sorted(rows) == [("ca", 4), ("us", 4)]
    calm = ShadowComparison.objects.first().figures | {"gap": -0.01}
    ShadowComparison.objects.update(decisions=500, figures=calm)
    ShadowComparison.objects.filter(market_code="ca").update(figures=calm | {"gap": -0.2})
    climb(ramp, 0.0)
    assert watch_rollout(now=NOON + timedelta(hours=24)) == "wait"
    evidence = RampStep.objects.first().evidence
    assert (evidence["reason"], evidence["place"]) == ("far_shadow", "ca/online")
    ShadowComparison.objects.filter(market_code="ca").update(decisions=20)
    climb(ramp, 0.0)
    assert watch_rollout(now=NOON + timedelta(hours=24)) == "go_on"
