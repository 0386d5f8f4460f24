"""Every family by name, the champion among them: what a leaderboard compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pricing.core.demand.challengers import (
    BayesianDemand,
    BoostedDemand,
    LinearDemand,
    NeuralDemand,
    PolynomialDemand,
    SupportVectorDemand,
)
from pricing.core.demand.logit import HierarchicalLogit
from pricing.core.demand.pooled_demand import PooledDemand
from pricing.core.demand.softmax import SoftmaxDemand

CHAMPION = "pooled_poisson"


def _logit(*, features: Sequence[str] = ()) -> HierarchicalLogit:
    return HierarchicalLogit(context=tuple(features), overdispersed=True)


CHALLENGERS: dict[str, Callable[..., Any]] = {
    CHAMPION: PooledDemand,
    "hierarchical_logit": _logit,
    "linear": LinearDemand,
    "polynomial": PolynomialDemand,
    "trees": BoostedDemand,
    "support_vectors": SupportVectorDemand,
    "neural": NeuralDemand,
    "softmax": SoftmaxDemand,
    "bayesian": BayesianDemand,
}


def make_families(features: Sequence[str] = ()) -> dict[str, Any]:
    """Return one unfitted model of every family, with these columns as covariates.

    >>> sorted(make_families())[:3]
    ['bayesian', 'hierarchical_logit', 'linear']
    """
    return {name: family(features=tuple(features)) for name, family in CHALLENGERS.items()}
