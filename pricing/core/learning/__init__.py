"""Prices that learn: what an agent is asked and told.

from pricing.core.learning import Context, Outcomes, Proposal
"""

from pricing.core.learning.contract import (
    LEAST_PROBABILITY,
    Context,
    FeatureArray,
    Outcomes,
    PricingAgent,
    Proposal,
)

__all__ = [
    "LEAST_PROBABILITY",
    "Context",
    "FeatureArray",
    "Outcomes",
    "PricingAgent",
    "Proposal",
]
