"""Demand: weekly units as a function of price, promotion, season and level, partially pooled.

    from pricing.core.demand import PooledPoisson, build_design

Fits on aggregated cells, never on raw shoppers; serves from plain arrays.
"""

from pricing.core.demand.design import COLUMNS, OWN_PRICE, build_design
from pricing.core.demand.metrics import mean_poisson_deviance, wmape
from pricing.core.demand.pooled import PooledPoisson

__all__ = [
    "COLUMNS",
    "OWN_PRICE",
    "PooledPoisson",
    "build_design",
    "mean_poisson_deviance",
    "wmape",
]
