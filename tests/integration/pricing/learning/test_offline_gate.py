"""The gate to live traffic on logged exposures of a known market: open to better models only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.training import prior_model
from pricing.learning.core.evaluation.candidates import ask_gate
from pricing.learning.core.evaluation.estimators import Evaluation, evaluate
from pricing.learning.selectors.offline import weigh_candidate
from pricing.ledger.core.exposures import MOST_ACTIONS, list_feasible, look_out
from pricing.ledger.core.packed import DECISION_ROW, Rows, read_held, read_signals, read_terms
from pricing.ledger.selectors.exposures import Exposures
from pricing.optimum.core.quote import build_price_points
from pricing.optimum.core.signals import SignalWeights, sensitivity_boost
from pricing.policy.selectors import load_policy
from profiles.lots import draw_percents

pytestmark = pytest.mark.django_db
SHOPPERS, VISITS, GOODS, WEEKS = 400, 50, 80, 4
BELIEVED, DOUBT, TRUE = 1.8, 0.8, 4.0
WEEK_MS = 7 * 86_400_000
WEIGHTS = SignalWeights()


def make_decisions(rng: np.random.Generator, policy: Policy) -> tuple[Rows, IntArray, IntArray]:
    """Return decisions of a model that believes in 1.8, their shoppers and weeks; nothing drawn."""
    n = SHOPPERS * VISITS
    shopper, good = np.repeat(np.arange(SHOPPERS), VISITS), rng.integers(0, GOODS, n)
    rows = np.zeros(n, dtype=DECISION_ROW)
    public = rng.integers(250, 900, GOODS)
    rows["variant_id"], rows["public_minor"] = good + 1, public[good]
    rows["list_minor"], rows["unit_cost"] = public[good] + 50, 0.5 * public[good]
    rows["floor_minor"], rows["category_id"] = np.ceil(0.6 * public[good]), 1
    rows["elasticity"], rows["elasticity_sd"] = BELIEVED, DOUBT
    interest = rng.gamma(2.0, 0.6, SHOPPERS)[shopper]
    for name in ("activity", "category", "family"):
        rows[name] = interest
    week = rng.integers(0, WEEKS, n)
    rows["draw"] = draw_percents(week.astype(np.uint64) + np.uint64(7), rows["variant_id"])
    return rows, shopper, week


def log_market(seed: int) -> Exposures:
    """Let the model decide and shoppers buy with the true elasticity 4 (1 + z)."""
    policy, rng = load_policy(1), np.random.default_rng(seed)
    rows, shopper, week = make_decisions(rng, policy)
    terms, boost = read_terms(rows, 2), sensitivity_boost(read_signals(rows), WEIGHTS)
    price_points = build_price_points(terms, policy, rows["draw"])
    outlook = look_out(terms, price_points, boost, policy, held=read_held(rows), now_ms=WEEK_MS)
    minor = np.zeros((len(rows), MOST_ACTIONS), dtype=np.int64)
    chance = np.zeros((len(rows), MOST_ACTIONS))
    drawn = (rows["draw"][:, None] >= outlook.percent.cumsum(axis=1)).sum(axis=1)
    shown = outlook.shown_minor[np.arange(len(rows)), drawn]
    for at, price in enumerate(shown.tolist()):
        prices, chances = list_feasible(outlook, at, price)
        minor[at, : len(prices)], chance[at, : len(prices)] = prices, chances
    rows["quoted_minor"] = shown
    likely = chances_to_buy(shown[:, None], rows, boost)[:, 0]
    units = (rng.random(len(rows)) < likely).astype(np.int64)
    return expose(rows, shopper, week, minor, chance, units)


def chances_to_buy(minor: IntArray, rows: Rows, boost: FloatArray) -> FloatArray:
    """Return the true chance to buy at each price, (n, R)."""
    ratio = minor / rows["public_minor"][:, None]
    likely: FloatArray = np.minimum(0.3 * ratio ** -(TRUE * (1.0 + boost.T)), 1.0)
    return likely


def expose(rows: Rows, shopper: IntArray, week: IntArray, *log: IntArray | FloatArray) -> Exposures:
    minor, chance, units = log
    one, zero = np.ones(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    return Exposures(
        rows=rows,
        shopper=shopper,
        issued_ms=(week + 1) * WEEK_MS,
        exponent=2 * one,
        policy_version=one,
        model_version=one,
        fit=0 * one,
        book_version=one,
        is_held_out=zero > 0,
        is_book=zero > 0,
        segment=np.full(len(rows), ""),
        stock=one,
        competitor_minor=zero,
        rung_minor=minor.astype(np.int64),
        probability=chance,
        chosen=np.argmax(minor == rows["quoted_minor"][:, None], axis=1).astype(np.int64),
        units=units.astype(np.int64),
        paid_minor=units * rows["quoted_minor"],
        returned_units=zero,
        margin_minor=units * (rows["quoted_minor"] - rows["unit_cost"]),
        delay_ms=np.where(units > 0, 60_000, -1),
    )


def believe(elasticity: float) -> ServedDemand:
    """Return a model that believes in one elasticity for everything, as doubtful as the logged."""
    return replace(prior_model(WEIGHTS), global_elasticity=np.array([elasticity, DOUBT]))


def judge(exposures: Exposures, elasticity: float) -> tuple[Evaluation, int]:
    logged, violations = weigh_candidate(exposures, believe(elasticity), ("us", "online"))
    return evaluate(logged, random_state=1, resamples=400), violations


@pytest.fixture
def exposures() -> Exposures:
    """Twenty thousand exposures of four weeks."""
    return log_market(3)


@pytest.mark.parametrize("elasticity", [2.1, 2.4, 3.0])
def test_the_gate_opens_to_a_model_nearer_the_truth(
    exposures: Exposures, elasticity: float
) -> None:
    found, violations = judge(exposures, elasticity)
    assert ask_gate(found, violations=violations).is_open
    assert found.support.effective_share > 0.8
    low, high = found.estimates["DR"].gain.low, found.estimates["DR"].gain.high
    assert low <= true_gain(exposures, elasticity) <= high


@pytest.mark.parametrize("elasticity", [1.2, 1.5, BELIEVED])
def test_the_gate_stays_shut_for_equal_and_worse_models(
    exposures: Exposures, elasticity: float
) -> None:
    found, violations = judge(exposures, elasticity)
    answer = ask_gate(found, violations=violations)
    assert (answer.is_open, answer.reasons, violations) == (False, ("gain_not_sure",), 0)
    gain = found.estimates["DR"].gain
    assert gain.high == gain.low == 0.0 if elasticity == BELIEVED else gain.high < 0.0


def test_a_model_too_far_from_logged_prices_is_not_judged(exposures: Exposures) -> None:
    """A model that believes in 0.3 wants the public price where it was shown once in a hundred."""
    found, violations = judge(exposures, 0.3)
    reasons = ask_gate(found, violations=violations).reasons
    assert reasons == ("weight_too_large", "gain_not_sure")


def true_gain(exposures: Exposures, elasticity: float) -> float:
    """Return what the model really earns more, from the market's own chances."""
    rows, policy = exposures.rows, load_policy(1)
    terms = replace(read_terms(rows, 2), elasticity=np.full(len(rows), elasticity))
    boost = sensitivity_boost(read_signals(rows), WEIGHTS)
    gains = np.zeros(len(rows))
    for model, sign in ((terms, 1.0), (read_terms(rows, 2), -1.0)):
        price_points = build_price_points(model, policy, rows["draw"])
        out = look_out(model, price_points, boost, policy, held=read_held(rows), now_ms=WEEK_MS)
        profit = chances_to_buy(out.shown_minor, rows, boost) * (
            out.shown_minor - rows["unit_cost"][:, None]
        )
        gains += sign * (out.percent / 100.0 * profit).sum(axis=1)
    return float(gains.mean())
