"""The gate before anything goes live: a gain that is sure, and no rule broken."""

from __future__ import annotations

from dataclasses import dataclass

from pricing.learning.core.evaluation.estimators import Evaluation


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Whether a candidate may go on to live traffic, and if not, why."""

    is_open: bool
    reasons: tuple[str, ...]


def ask_gate(evaluation: Evaluation, *, violations: int) -> GateAnswer:
    """Return whether the candidate may be tried live.

    It may if a verdict is possible, the lower bound of the DR gain is above 0, and none of its
    prices broke a bound (`violations` counts those before the last gate corrected them).

    >>> from pricing.learning.core.evaluation.estimators import evaluate, example_logged
    >>> found = evaluate(example_logged(), random_state=1, resamples=200)
    >>> ask_gate(found, violations=0)
    GateAnswer(is_open=True, reasons=())
    >>> ask_gate(found, violations=2).reasons
    ('rules_broken',)
    """
    reasons = list(evaluation.refusals)
    if not evaluation.estimates["DR"].gain.low > 0.0:
        reasons.append("gain_not_sure")
    if violations:
        reasons.append("rules_broken")
    return GateAnswer(not reasons, tuple(reasons))
