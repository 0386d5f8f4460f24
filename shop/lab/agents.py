"""Every agent that can be named in an evaluation, and those that come from outside."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import dataclass

from shop.lab.agent import AdaptivePolicy, PricingAgent
from shop.lab.baselines import BASELINES
from shop.lab.baselines.refitted import RefittedLogit
from shop.lab.grid import MakeAgent
from shop.lab.shop_path import AT_LIST, SHOP, SHOP_AT_LIST, ShopPath

SHIPPED = "fairtag"
REFITTED = "refitted_mnl"  # the yardstick of shelves; no published agent


def make_shipped(seed: int) -> PricingAgent:
    """Return our agent for outside markets; the shop's own prices are those of `ShopPath`."""
    return AdaptivePolicy(random_state=seed)


def make_shop_at_list(seed: int) -> PricingAgent:
    """Return what the shop serves where no price may pass the list."""
    return ShopPath(seed, AT_LIST)


AGENTS: dict[str, MakeAgent] = {
    SHIPPED: make_shipped,
    SHOP: ShopPath,
    SHOP_AT_LIST: make_shop_at_list,
    **BASELINES,
    REFITTED: RefittedLogit,
}


@dataclass(frozen=True, slots=True)
class OutsideAgent:
    """Makes agents of a class that somebody else wrote, named as `module:Class`.

    The class is called with `random_state=seed` if it takes that, else with nothing. Anything
    that can be called and returns an agent will do. Processes find it by its name.

    >>> OutsideAgent("shop.lab.baselines.single:Static").name
    'Static'
    """

    path: str

    @property
    def name(self) -> str:
        """Return the name of the class."""
        return self.path.rpartition(":")[2]

    def __call__(self, seed: int) -> PricingAgent:
        """Return a new agent. Raises ValueError, naming what is missing."""
        # A name that a person typed, of code that is not ours: no layer check could see it anyway.
        try:
            make = pkgutil.resolve_name(self.path)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"{self.path!r} is no module:Class: {error}") from None
        if not callable(make):
            raise ValueError(f"{self.path!r} is no module:Class: it cannot be called")
        takes_seed = "random_state" in inspect.signature(make).parameters
        agent: PricingAgent = make(random_state=seed) if takes_seed else make()
        for method in ("propose", "observe"):
            if not callable(getattr(agent, method, None)):
                raise ValueError(f"{self.path!r} has no method {method!r}")
        return agent
