"""The interface of a pricing agent: its context, its answer, and the outcomes it learns from.

One shopper buys at most one of the items offered together (multinomial choice with an outside
option). One item, or a one-hot `offered`, makes items independent. A warm start is `observe` of
logged history before the first `propose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray

FeatureArray = NDArray[Any]
LEAST_PROBABILITY = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """One moment: n shoppers, each offered (some of) m items.

    Arrays are taken as they are or converted; a wrong shape, a repeated item, a public price that
    is not a positive number or an endless cost raises ValueError, which names the field. NaN in a
    numeric feature and None in a textual one mean "unknown" and are welcome.

    >>> context = Context(
    ...     item_ids=[7, 9], public_prices=[4.0, 2.5], costs=[2.0, float("nan")],
    ...     features={"age_days": [3, 40, 12], "channel": ["app", "web", "web"]}, shoppers=3,
    ... )
    >>> context.items, context.is_offered().shape
    (2, (3, 2))
    """

    item_ids: IntArray  # (m,) any integers, stable over time
    public_prices: FloatArray  # (m,) > 0: the price for everybody
    costs: FloatArray  # (m,) unit cost, NaN = unknown
    features: Mapping[str, FeatureArray] = field(repr=False)  # name -> (n,) numbers or strings
    shoppers: int  # n
    time: float = 0.0  # days since any origin, increasing
    competitor_prices: FloatArray | None = None  # (m,) NaN = none known
    stock: FloatArray | None = None  # (m,) units left, None = plenty
    offered: BoolArray | None = None  # (n, m) what each shopper sees together; None = all
    rungs: FloatArray | None = None  # (m, k) feasible prices, NaN-padded; None = agent's own

    @property
    def items(self) -> int:
        """Return m, the number of items."""
        return len(self.item_ids)

    def is_offered(self) -> BoolArray:
        """Return which items each shopper sees, (n, m): all where `offered` is None."""
        if self.offered is None:
            return np.ones((self.shoppers, self.items), dtype=np.bool_)
        return self.offered

    def __post_init__(self) -> None:
        """Convert the arrays and refuse wrong shapes."""
        if self.shoppers < 0 or not np.isfinite(self.time):
            raise ValueError("shoppers must be 0 or more, and time a finite number of days")
        ids = _convert("item_ids", self.item_ids, np.int64, (None,))
        if len(np.unique(ids)) != len(ids):
            raise ValueError("item_ids must not repeat")
        _set(self, "item_ids", ids)
        m, n = len(ids), self.shoppers
        _set(self, "public_prices", _convert("public_prices", self.public_prices, float, (m,)))
        _set(self, "costs", _convert("costs", self.costs, float, (m,)))
        for name in ("competitor_prices", "stock"):
            if getattr(self, name) is not None:
                _set(self, name, _convert(name, getattr(self, name), float, (m,)))
        if self.offered is not None:
            _set(self, "offered", _convert("offered", self.offered, np.bool_, (n, m)))
        if self.rungs is not None:
            _set(self, "rungs", _convert("rungs", self.rungs, float, (m, None)))
        _set(self, "features", _convert_features(self.features, n))
        self._check_values()

    def _check_values(self) -> None:
        prices = self.public_prices
        if not np.all(np.isfinite(prices) & (prices > 0)):
            raise ValueError("public_prices must be positive numbers")
        if np.any(np.isinf(self.costs) | (self.costs < 0)):
            raise ValueError("costs must be 0 or more, or NaN where unknown")
        if self.rungs is not None and self.items:
            if np.any(np.isinf(self.rungs) | (self.rungs <= 0)):
                raise ValueError("rungs must be positive prices, padded with NaN")
            if np.any(np.isnan(self.rungs).all(axis=1)):
                raise ValueError("rungs must hold at least one price for every item")


class Proposal(NamedTuple):
    """The price shown to each shopper for each item, and how likely that very price was."""

    prices: FloatArray  # (n, m)
    probabilities: FloatArray  # (n, m) 0 or >= LEAST_PROBABILITY; of the price shown, never 0


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What shoppers were shown and what they bought.

    Prices of items that were not offered are ignored (they may be NaN). A choice out of range or
    of an item that was not offered raises ValueError.

    >>> context = Context([7], [4.0], [2.0], features={}, shoppers=2)
    >>> Outcomes(context, prices=[[4.0], [3.8]], chosen=[-1, 0]).bought_prices().tolist()
    [3.8]
    """

    context: Context
    prices: FloatArray  # (n, m) what was shown
    chosen: IntArray  # (n,) column of the item bought, -1 = none

    def bought_prices(self) -> FloatArray:
        """Return the prices of the items that were bought, in the order of the shoppers."""
        buyers = np.flatnonzero(self.chosen >= 0)
        return self.prices[buyers, self.chosen[buyers]]

    def __post_init__(self) -> None:
        """Convert the arrays and refuse what cannot have happened."""
        n, m = self.context.shoppers, self.context.items
        _set(self, "prices", _convert("prices", self.prices, float, (n, m)))
        _set(self, "chosen", _convert("chosen", self.chosen, np.int64, (n,)))
        if np.any((self.chosen < -1) | (self.chosen >= m)):
            raise ValueError("chosen must be a column of the items, or -1 for none")
        is_priced = np.isfinite(self.prices) & (self.prices > 0)
        offered = self.context.offered
        if not (is_priced.all() if offered is None else np.all(is_priced | ~offered)):
            raise ValueError("prices must be positive numbers for every item offered")
        buyers = np.flatnonzero(self.chosen >= 0)
        if offered is not None and not offered[buyers, self.chosen[buyers]].all():
            raise ValueError("chosen names an item that was not offered to this shopper")


class PricingAgent(Protocol):
    """Anything that prices and learns: the adaptive policy, a baseline, or one from outside."""

    def propose(self, context: Context) -> Proposal:
        """Return a price for each shopper and item, with the probability it was drawn with."""
        ...

    def observe(self, outcomes: Outcomes) -> None:
        """Learn from what was shown and bought, whoever set those prices."""
        ...


def _set(target: object, name: str, value: object) -> None:
    object.__setattr__(target, name, value)


def _convert(
    name: str, values: object, dtype: type[Any], shape: tuple[int | None, ...]
) -> NDArray[Any]:
    """Return `values` as an array of that type; raise ValueError for another shape (None = any)."""
    array = np.asarray(values, dtype=dtype)
    fits = array.ndim == len(shape) and all(
        want is None or got == want for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have shape ({wanted}), got {array.shape}")
    return array


def _convert_features(features: Mapping[str, object], shoppers: int) -> Mapping[str, FeatureArray]:
    converted: dict[str, FeatureArray] = {}
    for name, values in features.items():
        array = np.asarray(values)
        if array.shape != (shoppers,):
            raise ValueError(f"feature {name!r} must have shape ({shoppers},), got {array.shape}")
        if array.dtype.kind not in "biufUSO":
            raise ValueError(f"feature {name!r} must hold numbers or strings, not {array.dtype}")
        converted[name] = array
    return MappingProxyType(converted)
