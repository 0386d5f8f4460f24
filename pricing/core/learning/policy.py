"""The shipped agent: learns demand while pricing, within the trust rules."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.choosing import (
    choose_alone,
    choose_together,
    draw_curves,
    spread_choices,
)
from pricing.core.learning.contract import Context, Outcomes, Proposal
from pricing.core.learning.drift import DriftAlarm
from pricing.core.learning.encoding import FeatureEncoder
from pricing.core.learning.ladder import Ladder, build_ladder
from pricing.core.learning.layout import FEATURES, GAP, INTERCEPT, build_season
from pricing.core.learning.model import ChoiceModel, Effort
from pricing.core.learning.sightings import Sightings

RATIOS = (0.02, 50.0)  # prices beyond, in reference prices, count as these
INFLATION = 3.0  # of the posterior covariance after a drift alarm
CHUNK = 4_000_000  # (row, draw, rung) cells evaluated at once


class AdaptivePolicy:
    """Learn a choice model while pricing, and show each shopper the price it speaks for.

    Any number of named features of unknown meaning, one item or many substitutes a visit, items
    and features that appear midway. Without rungs prices are discounts of at most `cap`, never
    above the public price; with rungs they are rungs. Never below cost * (1 + `margin`) where a
    rung allows it. `shocks` is the share of prices moved by one rung at random, which keeps the
    history causal.

    >>> policy = AdaptivePolicy(random_state=1)
    >>> context = Context(
    ...     item_ids=[7], public_prices=[4.0], costs=[2.0],
    ...     features={"channel": ["app", "web", "web"]}, shoppers=3,
    ... )
    >>> prices, probabilities = policy.propose(context)
    >>> bool((prices <= 4.0).all()), bool((probabilities >= 0.01).all())
    (True, True)
    >>> policy.observe(Outcomes(context, prices, chosen=[-1, 0, -1]))
    """

    def __init__(
        self,
        *,
        cap: float = 0.30,
        margin: float = 0.0,
        shocks: float = 0.05,
        random_state: int = 0,
        effort: Effort | None = None,
    ) -> None:
        """Know nothing yet. The same `random_state` and history give the same prices."""
        self.cap, self.margin, self.shocks = cap, margin, shocks
        self.rng = np.random.default_rng(random_state)
        self.encoder = FeatureEncoder()
        self.model = ChoiceModel(effort or Effort())
        self.alarm = DriftAlarm()
        self.slots: dict[int, int] = {}
        self.references = np.zeros(0)
        self.has_proposed = False
        self.alarms = 0

    def propose(self, context: Context) -> Proposal:
        """Return a price for each shopper and item, with the probability it was drawn with."""
        prices = np.tile(context.public_prices, (context.shoppers, 1))
        probabilities = np.ones(prices.shape)
        self.has_proposed = True
        if not prices.size:
            return Proposal(prices, probabilities)
        slot = self._admit(context)
        if len(self.model.draws) == 0 or self.model.draws.shape[1:] != (
            self.model.items,
            self.model.layout.size,
        ):
            self.model.fit(self.rng)
        ladder = build_ladder(context, self.cap, self.margin)
        visit, column = np.nonzero(context.is_offered())
        shares = self._share_rungs(context, ladder, slot, (visit, column))
        at = (self.rng.random(len(visit))[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
        at = np.minimum(at, shares.shape[1] - 1)
        # Rounding of the cumulative sum must not land on a rung nobody drew.
        at = np.where(shares[np.arange(len(at)), at] > 0, at, shares.argmax(axis=1))
        prices[visit, column] = ladder.prices[column, at]
        probabilities[visit, column] = shares[np.arange(len(at)), at]
        return Proposal(prices, probabilities)

    def observe(self, outcomes: Outcomes) -> None:
        """Learn from what was shown and bought. Before the first proposal it counts as history."""
        context = outcomes.context
        if not context.shoppers or not context.items:
            return
        slot = self._admit(context, is_observed=True)
        sightings = self._sight(outcomes, slot)
        if not sightings.visits:
            return
        if self.model.fitted_visits > 0 and self.alarm.update(*self.model.measure(sightings)):
            self.alarms += 1
            self.model.forget(1.0 / INFLATION)
            self.model.fitted_visits = -np.inf
        self.model.add(sightings)
        if self.model.is_due() and len(self.model.draws):
            self.model.fit(self.rng)

    def _admit(self, context: Context, *, is_observed: bool = False) -> IntArray:
        """Return the slots of the items, making room for new items and features."""
        for item, price in zip(context.item_ids.tolist(), context.public_prices, strict=True):
            if item not in self.slots:
                self.slots[item] = len(self.slots)
                self.references = np.append(self.references, price)
        if is_observed or not self.encoder.is_settled() or not self.encoder.names:
            centre, scale = self.encoder.scales()
            self.encoder.learn(context.features, context.shoppers)
            new_centre, new_scale = self.encoder.scales()
            old = len(scale)
            if old and not (
                np.array_equal(centre, new_centre[:old]) and np.array_equal(scale, new_scale[:old])
            ):
                self.model.rescale(
                    scale / new_scale[:old], (centre - new_centre[:old]) / new_scale[:old]
                )
        self.model.fit_shape(len(self.slots), self.encoder.feature_of_columns())
        return np.array([self.slots[item] for item in context.item_ids.tolist()], dtype=np.int64)

    def _sight(self, outcomes: Outcomes, slot: IntArray) -> Sightings:
        context = outcomes.context
        visit, column = np.nonzero(context.is_offered())
        seen, visit = np.unique(visit, return_inverse=True)
        z = self.encoder.encode(context.features, context.shoppers)[seen]
        ratio = outcomes.prices[seen[visit], column] / self.references[slot[column]]
        return Sightings(
            z,
            np.full(len(seen), context.time),
            np.ones(len(seen)),
            np.full(len(seen), 0.0 if self.has_proposed else 1.0),
            visit,
            slot[column],
            np.clip(ratio, *RATIOS),
            find_gaps(context)[column],
            (outcomes.chosen[seen[visit]] == column).astype(float),
        )

    def _share_rungs(
        self, context: Context, ladder: Ladder, slot: IntArray, where: tuple[IntArray, IntArray]
    ) -> FloatArray:
        """Return the probability of every rung for each (visit, column) offered, (R, k)."""
        visit, column = where
        features = self.encoder.encode(context.features, context.shoppers)
        draws = self.model.draws
        cells = len(draws) * ladder.prices.shape[1]
        shares = np.empty((len(visit), ladder.prices.shape[1]))
        begin = 0
        while begin < len(visit):
            end = int(
                np.searchsorted(
                    visit, visit[min(begin + max(CHUNK // cells, 1), len(visit)) - 1], side="right"
                )
            )
            part = slice(begin, end)
            z = np.zeros((end - begin, FEATURES + features.shape[1]))
            z[:, INTERCEPT], z[:, GAP] = 1.0, find_gaps(context)[column[part]]
            z[:, FEATURES:] = features[visit[part]]
            season = build_season(np.array([context.time]), self.model.seasons_on())
            shares[part] = self._choose(
                z, np.repeat(season, len(z), axis=0), ladder, (visit[part], column[part], slot)
            )
            begin = end
        return shares

    def _choose(
        self,
        z: FloatArray,
        season: FloatArray,
        ladder: Ladder,
        places: tuple[IntArray, IntArray, IntArray],
    ) -> FloatArray:
        visit, column, slot = places
        _, first, count = np.unique(visit, return_index=True, return_counts=True)
        ratio = np.clip(ladder.prices[column] / self.references[slot[column]][:, None], *RATIOS)
        draws = self.model.draws
        if count.max() == 1:
            curves = draw_curves(z, slot[column], season, draws)
            rest = 1.0 / self.model.effort.temper**2 - 1.0
            best = choose_alone(curves, ladder, column, ratio, rest)
        else:
            curves = draw_curves(z, slot[column], season, draws[::2])
            steps = np.arange(count.max())
            table = np.where(steps < count[:, None], first[:, None] + steps, -1)
            best = choose_together(curves, ladder, column, ratio, table)
        return spread_choices(best, ladder, column, self.shocks)


def find_gaps(context: Context) -> FloatArray:
    """Return log(competitor price / public price), (m,), held within +-1; 0 where none is known."""
    if context.competitor_prices is None:
        return np.zeros(context.items)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(context.competitor_prices / context.public_prices)
    return np.clip(np.where(np.isfinite(gap), gap, 0.0), -1.0, 1.0)
