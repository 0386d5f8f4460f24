"""The agent does not get clearly worse: what it gains in two small markets after a warm start."""

from __future__ import annotations

import pytest

from shop.lab.agent import AdaptivePolicy
from shop.lab.episode import Course, run_agent, run_insider
from shop.lab.setting import Setting

pytestmark = pytest.mark.statistical
SMALL = Setting(items=16, segments=4)
SEEDS = (1, 2, 3, 4)


# Measured: .87 and .83. Blind to features it has .62 and .67, searching for ever .49 and .67.
@pytest.mark.parametrize(("world", "least"), [("logit", 0.78), ("constant_elasticity", 0.75)])
def test_it_gains_what_it_used_to_gain(world: str, least: float) -> None:
    agent = best = usual = 0.0
    for seed in SEEDS:
        course = Course(world, seed, visits=12_000, setting=SMALL)
        agent += run_agent(course, AdaptivePolicy(random_state=seed)).profit.sum()
        best += run_insider(course, "clairvoyant").profit.sum()
        usual += run_insider(course, "usual").profit.sum()
    assert (agent - usual) / (best - usual) > least
