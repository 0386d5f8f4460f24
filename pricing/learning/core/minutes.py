"""Updates of the nightly fit with the impressions of each minute since.

The shop's minutes and the simulated ones are these. Always all since the night is taken in anew, on
top of what the night knew, so that nothing counts twice. Levels and slopes of products move; what
lies above them, what was never seen and every other coefficient wait for the night. An alarm
(CUSUM) rings where the market changes faster than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import (
    ChoiceFit,
    Impressions,
    ServedChoice,
    Usual,
    add_usual,
    predict,
    restate_served,
    update_choice,
    widen_doubt,
)
from pricing.demand.core.served import ServedDemand
from pricing.learning.core.shown import place_in_catalogue

# Half of the variance of an elasticity is common to its family.
SHARED = 0.5
# Shoppers of a variant and week share a draw and its surprises: a purchase counts for less.
OVERDISPERSION = 1.5


@dataclass(frozen=True, slots=True)
class RandomizedEvidence:
    """What drawn prices tell of the elasticity of each item (k,), ascending: its information."""

    item: IntArray
    told: FloatArray

    @staticmethod
    def of(seen: Impressions) -> RandomizedEvidence:
        """Return what impressions tell by what chance did to their prices.

        >>> seen = Impressions.of(
        ...     set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3], log_price=[-0.1, 0.1],
        ...     moved=[-0.1, np.nan], bought=[300.0, 500.0], weight=[2e3, 2e3],
        ... )
        >>> RandomizedEvidence.of(seen).told.round(3).tolist()
        [2.0]
        """
        moved = np.nan_to_num(seen.moved)
        return RandomizedEvidence.add_up(seen.item, seen.bought * moved**2)

    @staticmethod
    def add_up(item: IntArray, squares: FloatArray) -> RandomizedEvidence:
        """Return the sums over purchases (n,) of `item` of the squares of their drawn moves."""
        items, at = np.unique(item, return_inverse=True)
        told: FloatArray = np.bincount(at, squares, len(items)) / OVERDISPERSION
        return RandomizedEvidence(items, told)

    def backs(self, variant_id: IntArray, family_id: IntArray, served: ServedDemand) -> BoolArray:
        """Return of which variants (m,) of which families (m,) chance would halve by itself what
        `served` does not know of the family (a one-way random effects model).

        >>> from pricing.demand.core.served import example_served
        >>> two, served = np.array([7, 8]), example_served()
        >>> little, much = (RandomizedEvidence(two, np.full(2, told)) for told in (2.0, 20.0))
        >>> [told.backs(two, np.ones(2), served).tolist() for told in (little, much)]
        [[False, False], [True, True]]
        """
        told = np.zeros(len(variant_id))
        if len(self.item):
            at = np.minimum(np.searchsorted(self.item, variant_id), len(self.item) - 1)
            told = np.where(self.item[at] == variant_id, self.told[at], 0.0)
        unknown = np.full(len(variant_id), -1)
        variance = served.elasticities(unknown, family_id)[1] ** 2
        families, family = np.unique(family_id, return_inverse=True)
        apart = 1.0 + (1.0 - SHARED) * variance * told
        halved = np.bincount(family, SHARED * variance * told / apart, len(families)) >= 1.0
        backed: BoolArray = halved[family]
        return backed


# After an alarm the posterior sd of a family's products doubles until the next night.
WIDER_AFTER_ALARM = 4.0
ALARM_NUMBERS = 11  # of one `DriftAlarm`
# Which changes of an elasticity are worth another price, in sd.
MOVED_SDS, MOVED_SD_RATIO = 0.25, 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Alarms:
    """An alarm for each of F families (ascending): its `state` (F, 11), and whether it `rang` since
    the last night, (F,)."""

    family_id: IntArray
    state: FloatArray
    rang: BoolArray

    @staticmethod
    def nothing() -> Alarms:
        """Return no alarm."""
        none = np.zeros(0, dtype=np.int64)
        return Alarms(none, np.zeros((0, ALARM_NUMBERS)), none > 0)

    @property
    def ringing(self) -> IntArray:
        """The families that sold otherwise than the night forecast, (k,)."""
        return self.family_id[self.rang]

    def rest(self) -> Alarms:
        """Return the alarms after a night: none has price point."""
        return replace(self, rang=np.zeros_like(self.rang))

    def hear(self, fit: ChoiceFit, seen: Impressions) -> Alarms:
        """Return the alarms after impressions of known outcome, of products and columns of `fit`,
        the last night's: whether they were bought as it forecast.

        >>> from pricing.demand.core.choice import fit_choice
        >>> one = Impressions.of(
        ...     set_id=[0], item=[4], category=[7], family=[3], log_price=[0.0], bought=[80.0],
        ...     weight=[1e3],
        ... )
        >>> fit, alarms = fit_choice(one), Alarms.nothing()
        >>> for _ in range(20):
        ...     alarms = alarms.hear(fit, replace(one, bought=one.bought * 4))
        >>> alarms.ringing.tolist()
        [3]
        """
        if not len(seen):
            return self
        told = predict(fit, seen)
        frame = told.frame
        rows = frame.seen
        forecast = rows.weight[rows.set_of] * told.chance
        wrong, moved = rows.bought - forecast, np.nan_to_num(rows.moved)
        parts = (wrong, -wrong * moved, forecast, forecast * moved**2)
        count = len(frame.tree.family)
        sums = np.stack([np.bincount(frame.family, one, count) for one in parts], axis=1)
        wide = self._widen(frame.tree.family)
        state, rang = wide.state.copy(), wide.rang.copy()
        places = np.searchsorted(wide.family_id, frame.tree.family).tolist()
        for place, own in zip(places, sums, strict=True):
            alarm = DriftAlarm.from_array(state[place])
            rang[place] |= alarm.update(own[:2], OVERDISPERSION * own[2:])
            state[place] = alarm.to_array()
        return replace(wide, state=state, rang=rang)

    def _widen(self, family_id: IntArray) -> Alarms:
        """Return the alarms of more families."""
        every = np.union1d(self.family_id, family_id)
        at = np.searchsorted(every, self.family_id)
        state = np.tile(DriftAlarm().to_array(), (len(every), 1))
        rang = np.zeros(len(every), dtype=np.bool_)
        state[at], rang[at] = self.state, self.rang
        return Alarms(every, state, rang)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        return {f"alarm_{name}": getattr(self, name) for name in Alarms.__slots__}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Alarms:
        """Return the alarms that `arrays` was made from."""
        return Alarms(**{name: arrays[f"alarm_{name}"] for name in Alarms.__slots__})


def place_in_fit(fit: ChoiceFit, seen: Impressions, usual: Usual) -> Impressions:
    """Return impressions since a night as its fit takes them: of products that it knows, where
    these stand in its tree, with the column of what was `usual` after it."""
    tree = fit.tree
    order = np.argsort(tree.item)
    known = place_in_catalogue(
        seen,
        tree.item[order],
        tree.category[tree.category_of_item[order]],
        tree.family[tree.family_of_item[order]],
    )
    return add_usual(known, usual)[0]


def list_beside(fit: ChoiceFit, item: IntArray) -> IntArray:
    """Return the products of a fit that are solved together with some of `item` (k,): what is shown
    of others moves none of them.

    >>> from pricing.demand.core.choice import fit_choice
    >>> fit = fit_choice(Impressions.of(
    ...     set_id=[0, 0, 1], item=[4, 5, 6], category=[7, 7, 8], family=[3, 3, 3],
    ...     log_price=[0.0, 0.0, 0.0], bought=[1.0, 0.0, 0.0],
    ... ))
    >>> list_beside(fit, np.array([5, 99])).tolist()
    [4, 5]
    """
    at, blocks = fit.tree.find("item", item), fit.tree.block_of_item
    return fit.tree.item[np.isin(blocks, np.unique(blocks[at[at >= 0]]))]


def learn_minute(
    fit: ChoiceFit, served: ServedChoice, since: Impressions, alarms: Alarms
) -> ServedChoice:
    """Return the arrays that were `served` of the night's `fit` with all that was shown `since`
    (`place_in_fit`) in them; the very arrays where it tells nothing.

    >>> from pricing.demand.core.choice import fit_choice
    >>> from pricing.demand.core.choice.serve import example_choice
    >>> def see(bought):
    ...     return Impressions.of(
    ...         set_id=[0, 1], item=[7, 7], category=[5, 5], family=[1, 1], log_price=[-0.1, 0.1],
    ...         bought=bought, weight=[1e4, 1e4],
    ...     )
    >>> night, served = fit_choice(see([2_000.0, 1_000.0])), example_choice()
    >>> later = learn_minute(night, served, see([1_500.0, 1_000.0]), Alarms.nothing())
    >>> bool(later.elasticity[0] < served.elasticity[0])
    True
    """
    doubted = widen_doubt(fit, alarms.ringing, WIDER_AFTER_ALARM)
    return restate_served(served, fit, update_choice(doubted, since))


def find_moved_products(
    now: tuple[FloatArray, FloatArray], sent: tuple[FloatArray, FloatArray]
) -> BoolArray:
    """Return which elasticities (mean and sd, (m,) each) are no longer what was `sent` to be
    priced.

    >>> one = np.ones(2)
    >>> find_moved_products((np.array([2.0, 2.1]), 0.3 * one), (2.0 * one, 0.3 * one)).tolist()
    [False, True]
    """
    moved = np.abs(now[0] - sent[0]) > MOVED_SDS * sent[1]
    found: BoolArray = moved | (np.abs(now[1] / sent[1] - 1.0) > MOVED_SD_RATIO)
    return found


BLOCK = 30.0  # expected purchases that make one residual
SLACK, THRESHOLD = 0.5, 24.0  # seasons that the model misses stay below, new tastes do not
WARM_UP = 5


class DriftAlarm:
    """Two-sided CUSUM (Page 1954) on the level of sales and on their response to price.

    Residuals are summed until about BLOCK purchases were expected, then divided by their running
    scale, so that overdispersion alone rings no alarm.

    >>> alarm = DriftAlarm()
    >>> calm = [alarm.update(np.array([s, -s]), np.array([30.0, 30.0])) for s in (3.0, -3.0) * 9]
    >>> any(calm), any(alarm.update(np.array([25.0, 0.0]), np.ones(2) * 30.0) for _ in range(9))
    (False, True)
    """

    def __init__(self) -> None:
        """Start calm."""
        self.sums = np.zeros((2, 2))  # residual sum and variance of level, price
        self.cusum = np.zeros((2, 2))  # upward, downward
        self.scale = np.ones(2)  # running variance of standardised residuals
        self.blocks = 0

    def update(self, residual: FloatArray, variance: FloatArray) -> bool:
        """Take in residual sums (level, price) and their variances; return whether to alarm."""
        self.sums += np.stack([residual, variance])
        if self.sums[1, 0] < BLOCK:
            return False
        standard = self.sums[0] / np.sqrt(np.maximum(self.sums[1], 1e-9))
        calibrated = np.clip(standard / np.sqrt(np.maximum(self.scale, 1.0)), -5.0, 5.0)
        self.sums = np.zeros((2, 2))
        self.blocks += 1
        self.scale += (np.minimum(standard**2, 9.0 * self.scale) - self.scale) / 50.0
        if self.blocks <= WARM_UP:
            return False
        push = np.stack([calibrated, -calibrated]) - SLACK
        self.cusum = np.maximum(self.cusum + push, 0.0)
        if self.cusum.max() < THRESHOLD:
            return False
        self.cusum, self.blocks = np.zeros((2, 2)), 0
        return True

    def to_array(self) -> FloatArray:
        """Return the state as one array of 11 numbers."""
        return np.concatenate(
            [self.sums.ravel(), self.cusum.ravel(), self.scale, [float(self.blocks)]]
        )

    @classmethod
    def from_array(cls, state: FloatArray) -> DriftAlarm:
        """Return the alarm that `to_array` described."""
        alarm = cls()
        alarm.sums, alarm.cusum = state[:4].reshape(2, 2).copy(), state[4:8].reshape(2, 2).copy()
        alarm.scale, alarm.blocks = state[8:10].copy(), int(state[10])
        return alarm
