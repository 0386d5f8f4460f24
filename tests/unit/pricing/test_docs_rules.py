"""docs/pricing.md on rules, competitors and data: its tables are computed anew or compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing.base.core.values import Policy
from pricing.competitors.core import competitor_ceiling
from pricing.competitors.models.competitors import QuarantinedCompetitorRow
from pricing.learning.core.since import Delays
from pricing.optimum.core.feasible import example_limits, find_feasible, name_rules
from pricing.optimum.core.publish import reach_of
from pricing.publishing.core.quality import BADGES
from tests.unit.pricing.test_docs import read_table

POLICY = Policy(keeps_to_competitors=True)


@pytest.mark.parametrize(
    "row", read_table("Relaxing examples"), ids=lambda row: "|".join(row.values())
)
def test_rules_give_way_as_the_table_says(row: dict[str, str]) -> None:
    now = np.array([400])
    low, high = reach_of(now, now, (now, now), np.array([True]), POLICY)
    step = [int(one) for one in row["step"].split("-")]
    rival = np.array([float(row["competitor"] or "nan")])
    limits = replace(
        example_limits(current=400, floor=int(row["floor"]), ceiling=int(row["ceiling"]), step=0.1),
        rung_low=low,
        rung_high=high,
        step_low=np.array([step[0]]),
        step_high=np.array([step[1]]),
        band_high=competitor_ceiling(now, rival, POLICY),
        target_minor=np.array([int(row["margin aimed at"] or 1)]),
    )
    found = find_feasible(limits)
    kept = found.minor[0][found.is_open[0]].tolist()
    assert (kept[0], kept[-1]) == (int(row["lowest"]), int(row["highest"]))
    assert " ".join(name_rules(int(found.relaxed[0]))) == row["gave way"]


def test_every_reason_and_every_badge_has_its_line() -> None:
    reasons = [row["reason"] for row in read_table("Refused rows")]
    assert reasons == QuarantinedCompetitorRow.Reason.values
    assert [row["code"] for row in read_table("Data quality")] == list(BADGES)


@pytest.mark.parametrize(
    "row", read_table("Delay examples"), ids=lambda row: "|".join(row.values())
)
def test_a_decision_counts_as_far_as_people_buy_that_fast(row: dict[str, str]) -> None:
    age, *shares = (float(one) for one in row.values())
    unknown = Delays.unknown()
    known = unknown.after(np.full(100, 5.5))
    found = [float(one.share(np.array([age]), 90.0)[0]) for one in (unknown, known)]
    assert [round(one, 3) for one in found] == shares
