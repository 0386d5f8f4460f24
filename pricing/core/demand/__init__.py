"""Demand: what sells at which price, partially pooled, with honest doubt.

    from pricing.core.demand import HierarchicalLogit, PooledPoisson, build_design

Fits on aggregated cells, never on raw shoppers; serves from plain arrays. No Django needed.
"""

from pricing.core.demand.causal import residualized_elasticity
from pricing.core.demand.debias import CausalElasticities, shock_debias
from pricing.core.demand.design import COLUMNS, OWN_PRICE, build_design
from pricing.core.demand.families import CHALLENGERS, make_families
from pricing.core.demand.frames import Prediction
from pricing.core.demand.groups import group_elasticities
from pricing.core.demand.latent import LatentClassLogit
from pricing.core.demand.leaderboard import ShockEvidence, Standing, compare, judge
from pricing.core.demand.logit import HierarchicalLogit
from pricing.core.demand.metrics import mean_poisson_deviance, wmape
from pricing.core.demand.multinomial import MultinomialLogit
from pricing.core.demand.offset import BoostedOffset
from pricing.core.demand.pooled import PooledPoisson
from pricing.core.demand.solvers import SOLVERS

__all__ = [
    "CHALLENGERS",
    "COLUMNS",
    "OWN_PRICE",
    "SOLVERS",
    "BoostedOffset",
    "CausalElasticities",
    "HierarchicalLogit",
    "LatentClassLogit",
    "MultinomialLogit",
    "PooledPoisson",
    "Prediction",
    "ShockEvidence",
    "Standing",
    "build_design",
    "compare",
    "group_elasticities",
    "judge",
    "make_families",
    "mean_poisson_deviance",
    "residualized_elasticity",
    "shock_debias",
    "wmape",
]
