"""Prices that learn: what an agent is asked and told, and the adaptive policy.

from pricing.core.learning import AdaptivePolicy, Context, Outcomes, Proposal
"""

from pricing.core.learning.contract import (
    LEAST_PROBABILITY,
    Context,
    FeatureArray,
    Outcomes,
    PricingAgent,
    Proposal,
)
from pricing.core.learning.policy import AdaptivePolicy

__all__ = [
    "LEAST_PROBABILITY",
    "AdaptivePolicy",
    "Context",
    "FeatureArray",
    "Outcomes",
    "PricingAgent",
    "Proposal",
]
