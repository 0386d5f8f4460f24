"""The older path of what now lives in `pricing.core.optimum`."""

from pricing.core.optimum.closed_forms import (
    MIN_ELASTICITY,
    constant_elasticity_price,
    implied_cost,
    logit_price,
)
from pricing.core.optimum.payoff import (
    expected_demand_ratio,
    expected_payoff_ratio,
    improvement_probability,
)

__all__ = [
    "MIN_ELASTICITY",
    "constant_elasticity_price",
    "expected_demand_ratio",
    "expected_payoff_ratio",
    "implied_cost",
    "improvement_probability",
    "logit_price",
]
