"""Watching prices at work: confidence sequences, screens of drafts, trials of new versions.

>>> from pricing.core.monitoring import Arm, compare_arms
>>> treated = Arm(clusters=9_500, visits=19_000.0, total=38_000.0, squares=190_000.0,
...               products=76_000.0, visits_squared=38_000.0)
>>> holdout = Arm(clusters=500, visits=1_000.0, total=2_500.0, squares=13_000.0,
...               products=5_000.0, visits_squared=2_000.0)
>>> lift = compare_arms(treated, holdout, level=0.99)
>>> lift.difference, lift.is_worse
(-0.5, True)
"""

from pricing.core.monitoring.ramp import SHARES, RampState, Verdict, join_verdicts, next_step
from pricing.core.monitoring.refits import (
    RefitBounds,
    RefitShift,
    compare_refit,
    find_excess,
    judge_refit,
)
from pricing.core.monitoring.screen import Breach, Limits, hold_moves, screen_prices
from pricing.core.monitoring.sequences import (
    Arm,
    Lift,
    arm_of,
    best_rho,
    compare_arms,
    grow_arms,
    mixture_margin,
)

__all__ = [
    "SHARES",
    "Arm",
    "Breach",
    "Lift",
    "Limits",
    "RampState",
    "RefitBounds",
    "RefitShift",
    "Verdict",
    "arm_of",
    "best_rho",
    "compare_arms",
    "compare_refit",
    "find_excess",
    "grow_arms",
    "hold_moves",
    "join_verdicts",
    "judge_refit",
    "mixture_margin",
    "next_step",
    "screen_prices",
]
