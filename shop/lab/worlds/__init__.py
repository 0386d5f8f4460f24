"""Markets with known truth behind one interface (shop.lab.market.Market)."""

from __future__ import annotations

from collections.abc import Callable

from shop.lab.market import Market
from shop.lab.setting import Setting
from shop.lab.worlds.browsing import BrowsingMarket, FeatureMarket
from shop.lab.worlds.memory import ReferenceMarket, WaitingMarket
from shop.lab.worlds.moving import EndogenousMarket, ShiftingMarket, WarringMarket
from shop.lab.worlds.plain import ElasticMarket, LogitMarket, MixedMarket, ProbitMarket
from shop.lab.worlds.shelves import SHELF_WORLDS, SHELVES
from shop.lab.worlds.stock import StockMarket

WORLDS: dict[str, Callable[[Setting, int], Market]] = {
    market.name: market
    for market in (
        LogitMarket,
        ProbitMarket,
        ElasticMarket,
        MixedMarket,
        ReferenceMarket,
        StockMarket,
        WaitingMarket,
        ShiftingMarket,
        WarringMarket,
        EndogenousMarket,
        FeatureMarket,
        BrowsingMarket,
    )
}

# What is best there does not move, beyond seasons, and is not moved by what was shown before.
STATIONARY = frozenset(
    {
        *("logit", "probit", "constant_elasticity", "mixed_logit"),
        *("endogenous_history", "features", "categories"),
        *(name for name, has in SHELVES.items() if not (has.drift or has.newcomers)),
    }
)


def make_market(name: str, setting: Setting | None = None, *, seed: int = 0) -> Market:
    """Return the market of that name. Raises KeyError, naming those there are.

    >>> make_market("logit", seed=1).arrive().shoppers
    1000
    """
    worlds = WORLDS | SHELF_WORLDS
    if name not in worlds:
        raise KeyError(f"no world {name!r}; there are: {', '.join(worlds)}")
    return worlds[name](setting or Setting(), seed)
