"""Published ways to price, behind the interface of `pricing.core.learning`."""

from __future__ import annotations

from collections.abc import Callable

from pricing.core.learning import PricingAgent
from shop.simulation.baselines.pooled import LearnedUniform, PooledGreedy
from shop.simulation.baselines.rmlp import RegularisedLikelihood
from shop.simulation.baselines.shocks import RandomShocks
from shop.simulation.baselines.single import BetaThompson, LogitThompson, Static

BASELINES: dict[str, Callable[[int], PricingAgent]] = {
    "static": Static,
    "best_uniform": LearnedUniform,
    "beta_ts": BetaThompson,
    "logit_ts": LogitThompson,
    "pooled_greedy": PooledGreedy,
    "rps": RandomShocks,
    "rmlp": RegularisedLikelihood,
}
