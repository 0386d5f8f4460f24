"""Published ways to price, behind the interface of `shop.lab.agent`."""

from __future__ import annotations

from collections.abc import Callable

from shop.lab.agent import PricingAgent
from shop.lab.baselines.pooled import LearnedUniform, PooledGreedy
from shop.lab.baselines.price_tests import RandomPriceTests
from shop.lab.baselines.rmlp import RegularisedLikelihood
from shop.lab.baselines.single import BetaThompson, LogitThompson, Static

BASELINES: dict[str, Callable[[int], PricingAgent]] = {
    "static": Static,
    "best_uniform": LearnedUniform,
    "beta_ts": BetaThompson,
    "logit_ts": LogitThompson,
    "pooled_greedy": PooledGreedy,
    "rps": RandomPriceTests,
    "rmlp": RegularisedLikelihood,
}
