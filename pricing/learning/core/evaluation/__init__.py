"""Off-policy evaluation: the profit of a policy estimated from logged decisions of another.

>>> from pricing.learning.core.evaluation import Logged, evaluate
>>> logged = example_logged()
>>> found = evaluate(logged, random_state=1)
>>> sorted(found.estimates), found.refusals
(['DR', 'SNIPS', 'SWITCH-DR'], ())
>>> found.estimates["DR"].gain.low < 0.4 < found.estimates["DR"].gain.high
True
"""

from pricing.learning.core.evaluation.candidates import GateAnswer, ask_gate, cross_fit_chances
from pricing.learning.core.evaluation.estimators import (
    Estimate,
    Evaluation,
    Logged,
    Support,
    evaluate,
    example_logged,
)
from pricing.learning.core.evaluation.intervals import Interval, bootstrap_gaps

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
