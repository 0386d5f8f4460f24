"""Every agent that can be named in an evaluation, and those that come from outside."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import dataclass

from pricing.core.learning import AdaptivePolicy, PricingAgent
from shop.simulation.baselines import BASELINES
from shop.simulation.grid import MakeAgent
from shop.simulation.shop_figures import SHOP, SHOP_WEEKLY
from shop.simulation.shop_path import ShopPath
from shop.simulation.shop_path_looked import LookedShopPath

SHIPPED = "fairtag"


def make_shipped(seed: int) -> PricingAgent:
    """Return the agent that the shop ships."""
    return AdaptivePolicy(random_state=seed)


AGENTS: dict[str, MakeAgent] = {
    SHIPPED: make_shipped,
    SHOP: LookedShopPath,
    SHOP_WEEKLY: ShopPath,
    **BASELINES,
}


@dataclass(frozen=True, slots=True)
class OutsideAgent:
    """Makes agents of a class that somebody else wrote, named as `module:Class`.

    The class is called with `random_state=seed` if it takes that, else with nothing. Anything
    that can be called and returns an agent will do. Processes find it by its name.

    >>> OutsideAgent("shop.simulation.baselines.single:Static").name
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
