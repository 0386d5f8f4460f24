"""What a policy would have earned, from what another one showed: off-policy evaluation.

>>> from pricing.core.evaluation import Logged, evaluate
>>> logged = example_logged()
>>> found = evaluate(logged, random_state=1)
>>> sorted(found.estimates), found.refusals
(['DR', 'SNIPS', 'SWITCH-DR'], ())
>>> found.estimates["DR"].gain.low < 0.4 < found.estimates["DR"].gain.high
True
"""

from pricing.core.evaluation.chances import cross_fit_chances
from pricing.core.evaluation.estimators import (
    Estimate,
    Evaluation,
    Logged,
    Support,
    evaluate,
    example_logged,
)
from pricing.core.evaluation.gate import GateAnswer, ask_gate
from pricing.core.evaluation.intervals import Interval, bootstrap_gaps

__all__ = [
    "Estimate",
    "Evaluation",
    "GateAnswer",
    "Interval",
    "Logged",
    "Support",
    "ask_gate",
    "bootstrap_gaps",
    "cross_fit_chances",
    "evaluate",
    "example_logged",
]
