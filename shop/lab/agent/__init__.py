"""An agent for outside markets: what it is asked and told, and the adaptive policy.

It stands in the lab because the shop's own prices are not made by it: they come from proposals and
the price book (`shop.lab.shop_path`). It learns with the same choice model.

    from shop.lab.agent import AdaptivePolicy, Context, Outcomes, Proposal
"""

from shop.lab.agent.contract import (
    LEAST_PROBABILITY,
    Context,
    FeatureArray,
    Outcomes,
    PricingAgent,
    Proposal,
)
from shop.lab.agent.policy import AdaptivePolicy

__all__ = [
    "LEAST_PROBABILITY",
    "AdaptivePolicy",
    "Context",
    "FeatureArray",
    "Outcomes",
    "PricingAgent",
    "Proposal",
]
