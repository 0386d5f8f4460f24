"""Demand: what sells at which price, partially pooled, with honest doubt.

    from pricing.demand.core import HierarchicalLogit, PooledPoisson, build_design

Fits on aggregated cells, never on raw shoppers; serves from plain arrays. No Django needed.
"""

from pricing.demand.core.families import CHALLENGERS, make_families
from pricing.demand.core.frames import Prediction
from pricing.demand.core.leaderboard import Standing, compare, judge
from pricing.demand.core.logit import HierarchicalLogit
from pricing.demand.core.metrics import mean_poisson_deviance, wmape
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.slopes import Shown
from pricing.demand.core.solvers import SOLVERS
from pricing.demand.core.training_cells import COLUMNS, OWN_PRICE, build_design

__all__ = [
    "CHALLENGERS",
    "COLUMNS",
    "OWN_PRICE",
    "SOLVERS",
    "HierarchicalLogit",
    "PooledPoisson",
    "Prediction",
    "Shown",
    "Standing",
    "build_design",
    "compare",
    "judge",
    "make_families",
    "mean_poisson_deviance",
    "wmape",
]
