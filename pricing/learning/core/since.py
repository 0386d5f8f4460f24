"""Impressions since the nightly fit whose outcome is known, and how late purchases come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice import Impressions
from pricing.learning.core.minutes import Alarms
from pricing.learning.core.shown import COLUMNS, find_reset, forget_products, take_rows

_SEEN = "seen"


@dataclass(frozen=True, slots=True, eq=False)
class Since:
    """Impressions of known outcome since `begin_ms`, window after window: `ends_ms` (n,) is the end
    of each row's; `anchors` (minor units, by variant) are what their prices are reckoned from."""

    begin_ms: int
    seen: Impressions = field(default_factory=lambda: Impressions.nothing(COLUMNS))
    ends_ms: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    anchors: Mapping[int, int] = field(default_factory=dict)

    def add(self, seen: Impressions, anchors: Mapping[int, int], end_ms: int) -> Since:
        """Return it with another window. What was seen before a merchant set another price goes:
        demand may have been why."""
        kept = ~np.isin(self.seen.item, find_reset(self.anchors, anchors))
        ends = np.full(len(seen), end_ms, dtype=np.int64)
        return Since(
            self.begin_ms,
            take_rows(self.seen, kept).join(seen),
            np.concatenate([self.ends_ms[kept], ends]),
            {**self.anchors, **anchors},
        )

    def forget(self, until_ms: int) -> Since:
        """Return it without windows that ended by a moment."""
        kept = self.ends_ms > until_ms
        return replace(
            self,
            begin_ms=max(self.begin_ms, until_ms),
            seen=take_rows(self.seen, kept),
            ends_ms=self.ends_ms[kept],
        )

    def after(self, night_ms: int, anchors: Mapping[int, int]) -> Impressions:
        """Return what was shown since a night that knew these anchors; products for which a
        merchant has set another price since then wait for the next one."""
        return forget_products(self.forget(night_ms).seen, find_reset(anchors, self.anchors))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        packed = {f"{_SEEN}_{name}": one for name, one in self.seen.arrays().items()}
        return packed | {
            "begin_ms": np.array([self.begin_ms], dtype=np.int64),
            "ends_ms": self.ends_ms,
            **pack_anchors(self.anchors),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Since:
        """Return what `arrays` was made from.

        >>> since = Since(5).add(Impressions.nothing(COLUMNS), {7: 400}, 9)
        >>> Since.from_arrays(since.arrays()).anchors
        {7: 400}
        """
        own = {
            name.removeprefix(f"{_SEEN}_"): one
            for name, one in arrays.items()
            if name.startswith(f"{_SEEN}_")
        }
        seen = Impressions.from_arrays(own)
        return Since(int(arrays["begin_ms"][0]), seen, arrays["ends_ms"], read_anchors(arrays))


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What a place knows between nights: what was shown `since`, how fast people buy, and the
    alarms, which are about the night `fit`."""

    since: Since
    delays: Delays
    alarms: Alarms
    fit: int = 0

    @staticmethod
    def nothing(begin_ms: int) -> Settled:
        """Return what is known before anything was shown."""
        return Settled(Since(begin_ms), Delays.unknown(), Alarms.nothing())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        parts = self.since.arrays() | self.delays.arrays() | self.alarms.arrays()
        return parts | {"of_fit": np.array([self.fit], dtype=np.int64)}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Settled:
        """Return what `arrays` was made from."""
        return Settled(
            Since.from_arrays(arrays),
            Delays.from_arrays(arrays),
            Alarms.from_arrays(arrays),
            int(arrays["of_fit"][0]),
        )


def pack_anchors(anchors: Mapping[int, int]) -> dict[str, NDArray[Any]]:
    """Return anchors by variant as two arrays; `read_anchors` reads them back."""
    ids = np.array(sorted(anchors), dtype=np.int64)
    minors = np.array([anchors[one] for one in ids.tolist()], dtype=np.int64)
    return {"anchor_id": ids, "anchor_minor": minors}


def read_anchors(arrays: Mapping[str, NDArray[Any]]) -> dict[int, int]:
    """Return what `pack_anchors` packed."""
    pairs = zip(arrays["anchor_id"].tolist(), arrays["anchor_minor"].tolist(), strict=True)
    return dict(pairs)


MINUTES = 1_440  # the longest delay that is told apart: a day
# Until purchases have shown better: twenty of them with a mean delay of twenty minutes.
PRIOR_PURCHASES, PRIOR_MEAN = 20.0, 20.0
HALF_LIFE_DAYS = 30.0
_NAME = "delay"


@dataclass(frozen=True, slots=True)
class Delays:
    """Purchases by whole minutes since the price was shown, (MINUTES,), older ones fading.

    A purchase by age a is one of all purchases with probability F(a), the distribution of delays.
    So what was bought by now has rate F(a) times the rate of the decision, and a decision of age a
    counts as the share F(a) of a decision: the score (bought by now) - F(a) x rate has mean zero at
    every age (a thinned Poisson process; Chapelle 2014 has the same for a logistic rate). It holds
    as far as the delay does not depend on the price. Where F is off, levels are for a while;
    elasticities are not, because their score is centered by the draw.
    """

    count: FloatArray

    @staticmethod
    def unknown() -> Delays:
        """Return what is believed before any purchase."""
        return Delays(np.zeros(MINUTES))

    def after(self, minutes: FloatArray, days: float = 0.0) -> Delays:
        """Return the delays with those of more purchases, `days` after the last ones.

        >>> Delays.unknown().after(np.array([2.5, 2.9, 70.0])).count[[2, 70]].tolist()
        [2.0, 1.0]
        """
        at = np.clip(minutes, 0.0, MINUTES - 1).astype(np.int64)
        kept = 0.5 ** (max(0.0, days) / HALF_LIFE_DAYS)
        return replace(self, count=self.count * kept + np.bincount(at, minlength=MINUTES))

    def share(self, age: FloatArray, horizon: float) -> FloatArray:
        """Return F: how much of a decision's purchases come within `age` minutes, of those within
        `horizon` minutes, after which none comes; (n,), in (0, 1].

        >>> few = Delays.unknown()
        >>> few.share(np.array([0.0, 20.0, 90.0, 500.0]), 90.0).round(3).tolist()
        [0.001, 0.639, 1.0, 1.0]
        >>> quick = few.after(np.full(1_000, 3.2))
        >>> quick.share(np.array([3.0, 4.0]), 90.0).round(2).tolist()
        [0.0, 0.98]
        """
        edges = np.arange(MINUTES + 1, dtype=np.float64)
        prior = PRIOR_PURCHASES * -np.expm1(-edges / PRIOR_MEAN)
        total = prior + np.concatenate([[0.0], np.cumsum(self.count)])
        end = min(max(horizon, 1.0), float(MINUTES))
        by_then = np.interp(np.clip(age, 0.0, end), edges, total)
        share: FloatArray = np.maximum(by_then / np.interp(end, edges, total), 1e-3)
        return share

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return them as a named array, to be kept beside the evidence."""
        return {_NAME: self.count}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Delays:
        """Return the delays in `arrays`; evidence of before they were kept has none."""
        return Delays(arrays[_NAME]) if _NAME in arrays else Delays.unknown()
