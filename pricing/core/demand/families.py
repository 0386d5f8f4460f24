"""Every family by name, the champion among them: what a leaderboard compares, and what serves."""

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
from pricing.core.demand.offset_logit import OffsetLogit
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

# The logit beside trees is no family of its own: on the board it stands only where it was trained.
WITH_OFFSET = "logit_with_offset"
SERVABLE: dict[str, Callable[..., Any]] = CHALLENGERS | {WITH_OFFSET: OffsetLogit}


def make_family(name: str, features: Sequence[str] = ()) -> Any:
    """Return one unfitted model of a family; KeyError for a name that is none.

    >>> type(make_family("trees")).__name__
    'BoostedDemand'
    """
    return SERVABLE[name](features=tuple(features))


def make_families(features: Sequence[str] = ()) -> dict[str, Any]:
    """Return one unfitted model of every family, with these columns as covariates.

    >>> sorted(make_families())[:3]
    ['bayesian', 'hierarchical_logit', 'linear']
    """
    return {name: family(features=tuple(features)) for name, family in CHALLENGERS.items()}
