"""Adjusting a running campaign: bounds that hold at every look, proposals, guardrails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.tuning.core.forecast import (
    DepthResponse,
    compare_depths,
    fit_depth_response,
    forecast_burn,
    propose_by_forecast,
)
from promotions.tuning.core.guardrails import bound_mean, bound_proposals, bound_rate
from promotions.tuning.core.rules import propose_by_rules
from promotions.tuning.core.values import CampaignAction, Interval, MetricTotals, Outcome
from tests.factories.adjusting import PULSE, START, TERMS, make_state, reasons

# ------------------------------------------------------------------ bounds at every look


def count_false_alarms(*, anytime: bool, runs: int = 400, looks: int = 2_000) -> float:
    """Share of courses of a fair 5 % rate in which 5 % is out of the bounds at some look."""
    hits = np.cumsum(np.random.default_rng(1).random((runs, looks)) < 0.05, axis=1)
    at = np.arange(20, looks, 20)
    alarms = np.zeros(runs, bool)
    for run in range(runs):
        for look in at:
            count, tries = int(hits[run, look - 1]), int(look)
            if anytime:
                found = bound_rate(count, tries, alpha=0.05)
                alarms[run] |= found.lies_above(0.05) or found.lies_below(0.05)
            else:
                rate = count / tries
                width = 1.96 * np.sqrt(max(rate * (1 - rate), 1e-9) / tries)
                alarms[run] |= abs(rate - 0.05) > width
            if alarms[run]:
                break
    return float(alarms.mean())


def test_a_rate_watched_all_the_time_raises_few_false_alarms() -> None:
    assert count_false_alarms(anytime=True, runs=150) <= 0.05
    # The control: the interval of one look, taken at each, finds something where nothing is.
    assert count_false_alarms(anytime=False, runs=150) > 0.3


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([0.01, 0.05, 0.2]))
def test_bounds_of_a_rate_hold_the_rate(hits: int, misses: int, alpha: float) -> None:
    tries = hits + misses
    found = bound_rate(hits, tries, alpha=alpha)
    assert 0.0 <= found.low <= found.high <= 1.0
    if tries:
        assert found.low <= hits / tries + 1e-9
        assert hits / tries <= found.high + 1e-9


def test_bounds_of_a_mean_narrow_and_hold_it() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(3.0, 10.0, 20_000)
    widths = []
    for count in (100, 1_000, 20_000):
        part = values[:count]
        found = bound_mean(float(part.sum()), float((part**2).sum()), count, alpha=0.05, near=1_000)
        assert found.low < 3.0 < found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)


# ------------------------------------------------------------------ the rules


def test_a_campaign_that_loses_to_its_holdout_is_stopped() -> None:
    state = make_state(holdout=Interval(-90.0, -20.0, 900), changed_at=make_state().now)
    found = propose_by_rules(state, PULSE, TERMS, usual_click_rate=0.1)
    rulings = bound_proposals(found, state, MetricTotals(), replace(TERMS, is_automatic=False))
    assert reasons(found) == ["loses_to_holdout"]
    # Neither the cooldown, nor missing clicks, nor the wish to be asked holds a loss up.
    assert [(r.proposal.after, r.outcome, r.bound_by) for r in rulings] == [
        ("paused", Outcome.APPLY, "")
    ]
    assert found[0].expected_minor == 18_000.0


def test_a_holdout_that_allows_a_gain_stops_nothing() -> None:
    state = make_state(holdout=Interval(-90.0, 1.0, 900))
    assert propose_by_rules(state, PULSE, TERMS, usual_click_rate=0.1) == []


def test_people_exclude_losing_groups_the_surest_first() -> None:
    by_group = {
        "segments:bakers": Interval(-50.0, -5.0, 300),
        "segments:cooks": Interval(-9.0, 40.0, 300),
        "tags:vegan": Interval(-70.0, -9.0, 300),
        "tiers:gold": Interval(-40.0, -1.0, 300),
    }
    state = make_state(holdout=Interval(-5.0, 30.0, 900), by_group=by_group)
    found = propose_by_rules(state, PULSE, TERMS, usual_click_rate=0.1)
    assert [(one.lever, one.before, one.reason_code) for one in found] == [
        (CampaignAction.AUDIENCE, "tags:vegan", "tag_loses"),
        (CampaignAction.AUDIENCE, "segments:bakers", "segment_loses"),
        (CampaignAction.AUDIENCE, "tiers:gold", "tier_loses"),
    ]
    ruling = bound_proposals(found, state, PULSE, TERMS)[0]
    assert (ruling.outcome, ruling.bound_by) == (Outcome.ASK, "promise")


def test_orders_below_cost_take_a_step_of_depth_back() -> None:
    losing = replace(PULSE, margin_minor=-60_000, margin_squares=200 * 320.0**2)
    found = propose_by_rules(make_state(), losing, TERMS, usual_click_rate=0.1)
    assert [(p.reason_code, p.before, p.after) for p in found] == [("sold_below_cost", 10.0, 7.5)]
    no_depth = make_state(percent=None)
    found = propose_by_rules(no_depth, losing, TERMS, usual_click_rate=0.1)
    assert [(p.lever, p.after) for p in found] == [(CampaignAction.PAUSE, "paused")]


@pytest.mark.parametrize(
    ("clicks", "reason", "weight"),
    [(60, "few_clicks", 1 / 1.5), (400, None, None), (1_000, "many_clicks", 1.5)],
)
def test_clicks_move_the_exposure(clicks: int, reason: str | None, weight: float | None) -> None:
    found = propose_by_rules(
        make_state(), replace(PULSE, clicks=clicks), TERMS, usual_click_rate=0.1
    )
    assert reasons(found) == ([] if reason is None else [reason])
    assert [one.after for one in found] == ([] if weight is None else [pytest.approx(weight)])


@pytest.mark.parametrize(
    ("spent", "reason"), [(80_000, "budget_fast"), (50_000, None), (20_000, "budget_slow")]
)
def test_a_budget_is_kept_for_the_whole_window(spent: int, reason: str | None) -> None:
    state = make_state(budget_minor=100_000, spent_minor=spent)
    found = propose_by_rules(state, PULSE, TERMS, usual_click_rate=0.1)
    assert reasons(found) == ([] if reason is None else [reason])


def test_a_budget_is_not_judged_in_the_first_tenth() -> None:
    state = make_state(now=START + timedelta(days=1), budget_minor=100_000, spent_minor=60_000)
    assert propose_by_rules(state, PULSE, TERMS, usual_click_rate=0.1) == []


# ------------------------------------------------------------------ the forecast


def test_the_forecast_covers_what_comes() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for rate in rng.gamma(2.0, 20.0, 400):
        seen, ahead = rng.poisson(rate), rng.poisson(2.0 * rate)
        pulse = MetricTotals(redemptions=int(seen), spend_minor=int(seen) * 100)
        burn = forecast_burn(make_state(), pulse, seen_weeks=1.0, left_weeks=2.0)
        assert burn is not None
        inside += burn.spend_low <= ahead * 100 <= burn.spend_high
    assert 0.76 <= inside / 400 <= 0.90


def test_nothing_is_forecast_before_any_time() -> None:
    assert forecast_burn(make_state(), MetricTotals(), seen_weeks=0.0, left_weeks=1.0) is None


def test_a_budget_that_ends_first_names_its_true_end() -> None:
    state = make_state(budget_minor=60_000, spent_minor=40_000)
    burn = forecast_burn(state, PULSE, seen_weeks=1.0, left_weeks=1.0)
    found = propose_by_forecast(
        state, PULSE, TERMS, burn=burn, response=DepthResponse(0.0, 0.001), incremental=1.0
    )
    window = [one for one in found if one.lever is CampaignAction.WINDOW]
    assert [(one.reason_code, one.before) for one in window] == [
        ("budget_ends_first", "2026-11-15T00:00:00+00:00")
    ]
    ends = datetime.fromisoformat(str(window[0].after))
    assert datetime(2026, 11, 11, tzinfo=UTC) < ends < datetime(2026, 11, 12, tzinfo=UTC)
    ruling = bound_proposals(window, state, PULSE, TERMS)[0]
    assert (ruling.outcome, ruling.bound_by) == (Outcome.ASK, "promise")


@pytest.mark.parametrize(
    ("slope", "incremental", "after"),
    [
        (0.15, 1.0, [12.5]),
        (0.0, 1.0, [7.5]),
        (0.15, 0.0, [7.5]),
        (0.15, None, []),
        (0, None, [7.5]),
    ],
)
def test_depth_follows_what_it_brings(
    slope: float, incremental: float | None, after: list[float]
) -> None:
    burn = forecast_burn(make_state(), PULSE, seen_weeks=1.0, left_weeks=1.0)
    found = propose_by_forecast(
        make_state(),
        PULSE,
        TERMS,
        burn=burn,
        response=DepthResponse(slope, 0.005),
        incremental=incremental,
    )
    assert [(one.before, one.after) for one in found] == [(10.0, depth) for depth in after]


def test_an_uncertain_slope_moves_no_depth() -> None:
    burn = forecast_burn(make_state(), PULSE, seen_weeks=1.0, left_weeks=1.0)
    unsure = DepthResponse(0.05, 0.5)
    found = propose_by_forecast(
        make_state(), PULSE, TERMS, burn=burn, response=unsure, incremental=0.9
    )
    assert found == []


def test_the_gain_of_the_same_depth_is_nothing() -> None:
    gains = compare_depths(PULSE, 10.0, 10.0, DepthResponse(0.05, 0.02), 0.7)
    np.testing.assert_allclose(gains, 0.0, atol=1e-9)


def test_more_orders_than_impressions_gain_the_lesser_of_both_ends() -> None:
    # 4 orders on 2 impressions: of 10.00 before a discount of 1.00, so of 1.10 one point deeper.
    seen = replace(PULSE, impressions=2, redemptions=4, spend_minor=400, margin_minor=3_600)
    sure = DepthResponse(0.05, 0.0)
    deeper = compare_depths(seen, 10.0, 11.0, sure, 1.0)
    # All who could have used it did: 3.6 expected orders bring none more and cost .10 more each.
    np.testing.assert_allclose(deeper, 3.6 * -10.0)
    shallower = compare_depths(seen, 10.0, 9.0, sure, 1.0)
    # Few of them did: each in 20 stays away with 10.00, the others cost .10 less.
    ratio = np.exp(-0.05)
    np.testing.assert_allclose(
        shallower, 3.6 * ((ratio - 1) * 1_000 - 100 * (ratio * 0.9 - 1)), rtol=1e-9
    )


def test_the_slope_is_found_over_campaigns_of_different_appeal() -> None:
    rng = np.random.default_rng(4)
    campaign = np.repeat(np.arange(30), 3)
    depth = np.tile([5.0, 10.0, 15.0], 30)
    tries = np.full(90, 2_000)
    # The deep ones are the appealing ones: without intercepts the slope would come out too high.
    appeal = np.repeat(rng.normal(-3.0, 0.8, 30), 3) + 0.03 * np.repeat(np.arange(30) % 3, 3)
    hits = rng.binomial(tries, 1 / (1 + np.exp(-(appeal + 0.05 * depth))))
    found = fit_depth_response(depth, tries, hits, campaign)
    assert abs(found.slope - 0.05) < 2.5 * found.sd < 0.02


def test_one_depth_a_campaign_leaves_the_slope_at_its_prior() -> None:
    depth = np.array([10.0, 10.0, 10.0])
    found = fit_depth_response(depth, np.full(3, 5_000), np.array([100, 250, 400]), np.arange(3))
    assert abs(found.slope - DepthResponse().slope) < 0.01
    assert found.sd > 0.9 * DepthResponse().sd
