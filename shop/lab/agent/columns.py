"""Columns of the choice model, computed from observed visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice import ChoiceFit, Columns, Impressions, find_doubt
from shop.lab.agent.contract import FeatureArray
from shop.lab.agent.features import Features
from shop.lab.agent.seen import Seen

# A bend or product is kept that moves so many logits, on average over families, and its posterior
# standard deviation so often.
EARNS, SURE = 0.03, 1.0
DEARER, HISTORY, MEMORY = "dearer", "history", ("usual", "loss", "waiting")
FARTHEST = 1.0  # log excess over the competitor's price; beyond, it counts as this
_SCALE = np.array([3.0, 3.0, 1.0])  # of what is felt: a log price counts as much as a usual slope


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns of a fit: positions of feature columns that move the level and the slope, and
    which of what need not be there is taken to be: a price response of the logged past's own,
    remembered prices, and that it hurts to be dearer than the competitor."""

    features: Features = field(default_factory=Features)
    level: tuple[int, ...] = ()
    slope: tuple[int, ...] = ()
    has_history: bool = False
    has_memory: bool = False
    has_rival: bool = False

    @staticmethod
    def of(seen: Seen) -> Plan:
        """Return the plan with all columns that features can have."""
        features = Features.of(seen.features)
        every = tuple(range(len(features.names)))
        return Plan(features, every, every, has_rival=bool(np.isfinite(seen.rival).any()))

    @property
    def names(self) -> Columns:
        """Return the names of the columns."""
        own = self.features.names
        history = (HISTORY,) * self.has_history
        return Columns(
            shopper=(*(own[at] for at in self.level), *history),
            public=(*(own[at] for at in self.slope), *history),
            goods=((DEARER,) * self.has_rival) + MEMORY * self.has_memory,
        )

    def prune(self, fit: ChoiceFit) -> Plan:
        """Return the plan without the bends and products of which `fit`, just made, is not sure
        that they move anything."""
        told = np.vstack([fit.at.family, fit.at.all[: fit.layout.family]])
        earned = np.sqrt((told**2).mean(axis=0))
        earned[earned < SURE * find_doubt(fit)] = 0.0
        level = self._earning(self.level, earned[2:])
        slope = self._earning(self.slope, earned[fit.layout.public])
        features = self.features.keep(level | slope)
        places = [
            tuple(at for at, name in enumerate(features.names) if name in one)
            for one in (level, slope)
        ]
        return replace(self, features=features, level=places[0], slope=places[1])

    def _earning(self, places: tuple[int, ...], earned: FloatArray) -> set[str]:
        """Return the names of the columns at `places` that are no bends or products, or earn."""
        named = [self.features.names[at] for at in places]
        return {
            name
            for name, one in zip(named, earned[: len(named)].tolist(), strict=True)
            if one >= EARNS or not ("*" in name or "~" in name)
        }

    def switch(self, extra: str, *, is_on: bool) -> Plan:
        """Return the plan with one of what need not be there, or without."""
        changed: dict[str, Any] = {extra: is_on}
        return replace(self, **changed)

    def encode(self, features: Mapping[str, FeatureArray], shoppers: int) -> FloatArray:
        """Return the feature columns of shoppers, (n, K); what is not told is unknown."""
        told = {
            one.name: features.get(one.name, np.full(shoppers, np.nan))
            for one in self.features.features
        }
        return self.features.columns(told) if told else np.zeros((shoppers, 0))

    def impressions(self, seen: Seen, x: FloatArray, shelf: IntArray) -> Impressions:
        """Return what was seen as impressions, of shoppers with feature columns `x` (T, K), of
        products on `shelf` (n,)."""
        history = seen.history[:, None][:, : int(self.has_history)]
        shopper = np.concatenate([x[:, list(self.level)], history], axis=1)
        public = np.concatenate([x[:, list(self.slope)], history], axis=1)
        products = [find_excess(seen.log_price, seen.rival)[:, None]] * self.has_rival
        products += [scale_felt(seen.felt)] * self.has_memory
        return Impressions(
            columns=self.names,
            weight=seen.trust,
            day=seen.time,
            shopper=shopper,
            public=public,
            set_of=seen.set_of,
            item=seen.item,
            category=shelf,
            family=shelf,
            log_price=seen.log_price,
            rival=seen.rival,
            moved=np.full(len(seen.item), np.nan),
            goods=np.concatenate([np.zeros((len(seen.item), 0)), *products], axis=1),
            response=np.zeros((len(seen.item), 0)),
            bought=seen.bought * seen.trust[seen.set_of],
        )


def find_excess(log_price: FloatArray, rival: FloatArray) -> FloatArray:
    """Return how far log prices lie above the competitor's, 0 where below or unknown.

    >>> find_excess(np.array([0.2, -0.1, 0.3]), np.array([0.1, 0.0, np.nan])).round(2).tolist()
    [0.1, 0.0, 0.0]
    """
    excess: FloatArray = np.clip(np.nan_to_num(log_price - rival), 0.0, FARTHEST)
    return excess


def scale_felt(felt: FloatArray) -> FloatArray:
    """Return what is felt (..., FELT) as columns with effects of much the same size."""
    scaled: FloatArray = felt * _SCALE
    return scaled


def hold_felt(effect: FloatArray, most: FloatArray) -> FloatArray:
    """Return the effects of felt columns (F, FELT) within what memory can be: the usual price
    counts for at most `most` (F,) logits of log price, and nobody likes to pay more than before."""
    held = np.minimum(effect, 0.0)
    held[:, 0] = np.maximum(held[:, 0], -most / _SCALE[0])
    return held
