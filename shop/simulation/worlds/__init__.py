"""Markets with known truth behind one interface (shop.simulation.market.Market)."""

from __future__ import annotations

from collections.abc import Callable

from shop.simulation.market import Market
from shop.simulation.setting import Setting
from shop.simulation.worlds.browsing import BrowsingMarket, FeatureMarket
from shop.simulation.worlds.memory import ReferenceMarket, WaitingMarket
from shop.simulation.worlds.moving import EndogenousMarket, ShiftingMarket, WarringMarket
from shop.simulation.worlds.plain import ElasticMarket, LogitMarket, MixedMarket, ProbitMarket
from shop.simulation.worlds.stock import StockMarket

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


def make_market(name: str, setting: Setting | None = None, *, seed: int = 0) -> Market:
    """Return the market of that name. Raises KeyError, naming those there are.

    >>> make_market("logit", seed=1).arrive().shoppers
    1000
    """
    if name not in WORLDS:
        raise KeyError(f"no world {name!r}; there are: {', '.join(WORLDS)}")
    return WORLDS[name](setting or Setting(), seed)
