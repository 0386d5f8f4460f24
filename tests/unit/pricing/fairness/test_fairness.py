"""Fairness audits find what was planted, report no small group, and forgive chance."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.fairness.core.audit import FairnessReport, audit_prices
from pricing.fairness.core.groups import (
    FairnessLimits,
    PaidPrices,
    compare_means,
    example_prices,
    read_traits,
)
from pricing.fairness.core.proxy import auc_interval

PEOPLE = 400


def audit(prices: PaidPrices, values: list[str], **features: np.ndarray) -> FairnessReport:
    """Audit people 0.. whose household trait is in `values`."""
    rows = [(one, "household", value) for one, value in enumerate(values)]
    return audit_prices(features, prices, read_traits(range(len(values)), rows))


def halves(n: int = PEOPLE) -> list[str]:
    """Alternately large and small households."""
    return ["large" if one % 2 else "small" for one in range(n)]


def test_equal_treatment_passes_and_every_group_is_reported() -> None:
    report = audit(example_prices(PEOPLE), halves())
    assert report.is_passed
    assert [(one.group, one.members) for one in report.groups] == [("large", 200), ("small", 200)]
    assert all(one.paid.low <= 1.0 <= one.paid.high for one in report.groups)


def test_a_planted_proxy_in_the_price_stops_the_model() -> None:
    fair = example_prices(PEOPLE)
    is_large = np.array([one == "large" for one in halves()])
    # Half a percent more for large households: no mean leaves its limits, yet the price tells.
    told = PaidPrices(0.99 + 0.005 * is_large, fair.offer_share, fair.deepest)
    report = audit(told, halves())
    stopping = {(one.rule, one.group) for one in report.findings if one.is_stopping}
    assert stopping == {("price_tells_trait", "large"), ("price_tells_trait", "small")}
    assert min(one.value for one in report.price_areas) > 0.95


def test_a_group_that_pays_more_stops_the_model() -> None:
    fair = example_prices(PEOPLE)
    dearer = np.array([0.06 if one == "large" else 0.0 for one in halves()])
    report = audit(PaidPrices(0.90 + dearer, fair.offer_share, fair.deepest), halves())
    paid = {one.group: one for one in report.findings if one.rule == "paid"}
    assert paid["large"].value == pytest.approx(0.96 / 0.93)
    assert paid["small"].value == pytest.approx(0.90 / 0.93)
    assert paid["large"].is_stopping


def test_a_group_with_few_discounts_stops_the_model() -> None:
    fair = example_prices(PEOPLE)
    share = np.where([one == "large" for one in halves()], 0.3, 0.6)
    report = audit(PaidPrices(fair.paid_ratio, share, fair.deepest), halves())
    found = [one for one in report.findings if one.rule == "offers"]
    assert [(one.group, one.value, one.is_stopping) for one in found] == [("large", 0.5, True)]


def test_inputs_that_tell_a_trait_are_told_but_stop_nothing() -> None:
    signal = np.array([5.0 if one == "large" else 1.0 for one in halves()])
    report = audit(example_prices(PEOPLE), halves(), activity=signal)
    assert {one.rule for one in report.findings if one.is_certain} == {"features_tell_trait"}
    assert report.is_passed
    assert report.information["household"]["activity"] == pytest.approx(1.0, abs=0.05)


def test_groups_below_twenty_are_counted_and_never_reported() -> None:
    values = ["tiny"] * 19 + ["rest"] * 300
    report = audit(example_prices(len(values)), values)
    assert report.groups == ()
    assert report.small_groups == 1
    assert "tiny" not in str(report.as_numbers())


def test_a_limit_below_twenty_people_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 20"):
        FairnessLimits(least_group=19)


def test_nobody_who_told_a_trait_leaves_nothing_to_say() -> None:
    nobody = PaidPrices(np.zeros(0), np.zeros(0), np.zeros(0))
    report = audit_prices({"activity": np.zeros(0)}, nobody, [])
    assert report.is_passed
    assert report.findings == ()


def test_the_same_seed_gives_the_same_report() -> None:
    prices = example_prices(PEOPLE)
    assert audit(prices, halves()).as_numbers() == audit(prices, halves()).as_numbers()


@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.integers(5, 40))
def test_an_area_is_symmetric_and_inside_its_interval(seed: int, m: int, n: int) -> None:
    score = np.random.default_rng(seed).normal(size=m + n).round(1)
    is_member = np.arange(m + n) < m
    value, low, high = auc_interval(score, is_member, 1.96)
    opposite, other_low, other_high = auc_interval(-score, is_member, 1.96)
    assert 0.0 <= low <= value <= high <= 1.0
    assert (opposite, other_low, other_high) == pytest.approx((1 - value, 1 - high, 1 - low))


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0))
def test_a_ratio_of_means_does_not_depend_on_the_unit(seed: int, unit: float) -> None:
    figure = np.random.default_rng(seed).gamma(2.0, size=60)
    member, everybody = np.arange(60) < 25, np.ones(60, dtype=np.bool_)
    one = compare_means(figure, member, everybody, 1.96)
    other = compare_means(figure * unit, member, everybody, 1.96)
    assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))
    assert one.value == pytest.approx(figure[:25].mean() / figure.mean())


def test_the_report_of_a_model_without_discounts_is_storable() -> None:
    nobody = PaidPrices(np.ones(PEOPLE), np.zeros(PEOPLE), np.zeros(PEOPLE))
    report = audit(nobody, halves())
    stored = json.loads(json.dumps(report.as_numbers(), allow_nan=False))
    assert report.is_passed
    assert stored["groups"][0]["discount"] == {"value": 1.0, "low": 0.0, "high": None}
