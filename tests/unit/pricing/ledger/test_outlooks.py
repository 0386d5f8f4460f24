"""What is logged with every quote: prices that could be shown, and chances of 0 or at least 1 %."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.values import Policy
from pricing.ledger.core.exposures import MOST_ACTIONS
from pricing.ledger.core.packed import DECISION_ROW, NO_DRAW, Rows, example_header
from pricing.ledger.core.record import build_records, replay_record
from pricing.optimum.core.signals import RAW_SIGNALS
from pricing.optimum.core.thompson import DRAWS
from tests.unit.pricing.ledger.test_records import NOW_MS, WEIGHTS, decide_all, stored

policies = st.builds(
    Policy,
    exploration=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    personal_cap=st.floats(0.01, 0.3),
    spread_aversion=st.floats(0, 60),
    won_purchase_share=st.floats(0, 0.9),
    floor_margin=st.floats(0, 0.1),
)


@st.composite
def decisions(draw: st.DrawFn) -> Rows:
    """Decisions about any products: dear or cheap, promised before or not, drawn or prepared."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = 8
    rows = np.zeros(count, dtype=DECISION_ROW)
    public = np.exp(rng.uniform(np.log(5), np.log(200_000), count)).astype(np.int64)
    cost = public * rng.uniform(0.2, 1.1, count)
    rows["variant_id"], rows["public_minor"] = np.arange(count) + 1, public
    rows["list_minor"], rows["unit_cost"] = public + 50, cost
    rows["floor_minor"] = np.minimum(np.ceil(cost), public)
    rows["elasticity"], rows["elasticity_sd"] = rng.gamma(3, 0.7, count), rng.gamma(1, 0.5, count)
    for name in RAW_SIGNALS:
        rows[name] = rng.gamma(0.5, 8.0, count)
    rows["draw"] = rng.integers(0, DRAWS, count) if draw(st.booleans()) else NO_DRAW
    if draw(st.booleans()):
        _promise(rows, rng)
    if draw(st.booleans()):
        lower = np.ceil(public * rng.uniform(0.9, 1.0, count))
        rows["book_minor"] = np.where(rng.random(count) < 0.5, lower, 0)
    return rows


def _promise(rows: Rows, rng: np.random.Generator) -> None:
    """Let any price up to any public price of then have been quoted, to a part still valid."""
    then = np.maximum(2, (rows["public_minor"] * rng.uniform(0.8, 1.25, len(rows))).astype(int))
    quoted = np.maximum(1, (then * rng.uniform(0.9, 1.0, len(rows))).astype(int))
    rows["held_public"], rows["held_quoted"] = then, quoted
    rows["held_discount"] = then - quoted
    rows["held_issued"] = NOW_MS - 5_000
    rows["held_expires"] = NOW_MS + rng.integers(-10_000, 10_000, len(rows))


@settings(deadline=None, max_examples=150)
@given(decisions(), policies, st.sampled_from(["treated", "holdout"]))
def test_chances_are_0_or_at_least_1_percent(rows: Rows, policy: Policy, arm: str) -> None:
    header = replace(example_header(), now_ms=NOW_MS, arm=arm)
    decide_all(header, rows, policy)
    for row, record in zip(rows, build_records(header, rows, WEIGHTS, policy), strict=True):
        prices, chances = record["rung_minors"], record["rung_probabilities"]
        whole = [round(DRAWS * one) for one in chances]
        assert [one / DRAWS for one in whole] == chances
        assert min(whole) >= 0
        assert sum(whole) == DRAWS
        assert prices == sorted(set(prices), reverse=True)
        assert len(prices) <= MOST_ACTIONS
        shown = prices.index(int(row["quoted_minor"]))
        assert record["propensity"] == chances[shown] >= 0.01
        assert _is_within_bounds(row, prices, whole, policy)
        kept: dict[str, Any] = stored(header, row, record)
        assert replay_record(kept, WEIGHTS, policy).differences == ()


def _is_within_bounds(row: np.void, prices: list[int], whole: list[int], policy: Policy) -> bool:
    """Return whether every price with a chance is one that gate and promises allow."""
    public = int(row["public_minor"])
    lowest = min(public, max(int(row["floor_minor"]), int(public * (1 - policy.personal_cap))))
    if row["held_quoted"] and row["held_expires"] > NOW_MS:
        lowest = min(lowest, int(row["held_quoted"]))
    return all(lowest <= one <= public for one, chance in zip(prices, whole, strict=True) if chance)
