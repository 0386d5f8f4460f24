"""Watching prices at work: confidence sequences, screens of drafts, trials of new versions.

The comparison of arms itself is shared with every experiment: `profiles.experiments.core`.

>>> from pricing.optimum.core.monitoring import RampState, next_step
>>> next_step(RampState(0.05, 50.0, 600)).share
0.25
"""

from pricing.optimum.core.monitoring.ramp import (
    SHARES,
    RampState,
    Verdict,
    join_verdicts,
    next_step,
)
from pricing.optimum.core.monitoring.refits import (
    RefitBounds,
    RefitShift,
    compare_refit,
    find_excess,
    judge_refit,
)
from pricing.optimum.core.monitoring.screen import Breach, Limits, hold_moves, screen_prices

__all__ = [
    "SHARES",
    "Breach",
    "Limits",
    "RampState",
    "RefitBounds",
    "RefitShift",
    "Verdict",
    "compare_refit",
    "find_excess",
    "hold_moves",
    "join_verdicts",
    "judge_refit",
    "next_step",
    "screen_prices",
]
