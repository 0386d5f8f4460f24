"""The adaptive policy: learns demand while pricing, within the trust rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.change import ChangeAlarm
from pricing.core.learning.choosing import (
    Offer,
    choose_alone,
    choose_together,
    find_distant,
    find_next,
    find_utilities,
    spread_choices,
)
from pricing.core.learning.contract import LEAST_PROBABILITY, Context, Outcomes, Proposal
from pricing.core.learning.encoding import FeatureEncoder
from pricing.core.learning.ladder import Ladder, build_ladder
from pricing.core.learning.layout import FEATURES, GAP, INTERCEPT, build_season
from pricing.core.learning.model import ChoiceModel, Effort
from pricing.core.learning.offers import find_excess, find_gaps
from pricing.core.learning.remembered import PriceMemory, find_felt, foresee_felt
from pricing.core.learning.sightings import Sightings
from pricing.core.learning.snapshots import pack_policy, unpack_policy
from pricing.core.learning.stocking import StockWatch, value_units

LOG_RATIOS = (-4.0, 4.0)  # log prices beyond, in reference prices, count as these
DISTANCE = 0.18  # how far prices are moved to learn the slope all items share
MOST_SEARCH, LEAST_SEARCH = 0.45, 0.02  # share of prices so moved
# Variances of the usual log slope: none are moved below the first, most above the second.
CALM, DOUBT = 0.024, 0.048


class AdaptivePolicy:
    """Learn a choice model while pricing, and show each shopper the price it speaks for.

    Any number of named features of unknown meaning, one item or many substitutes a visit, items
    and features that appear midway. Without rungs prices are discounts of at most `cap`, never
    above the public price; with rungs they are rungs. Never below cost * (1 + `margin`) where a
    rung allows it. `shocks` is the share of prices moved by one rung at random, which keeps the
    history causal; once slopes are known it shrinks, to 1 % at least.

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
        shocks: float = 0.03,
        random_state: int = 0,
        effort: Effort | None = None,
    ) -> None:
        """Know nothing yet. The same `random_state` and history give the same prices."""
        self.cap, self.margin, self.shocks = cap, margin, shocks
        self.rng = np.random.default_rng(random_state)
        self.encoder = FeatureEncoder()
        self.model = ChoiceModel(effort or Effort())
        self.alarm = ChangeAlarm()
        self.watch = StockWatch()
        self.remembered = PriceMemory()
        self.slots: dict[int, int] = {}
        self.references = np.zeros(0)
        self.has_proposed = self.is_calm = False
        self.alarms = 0

    def propose(self, context: Context) -> Proposal:
        """Return a price for each shopper and item, with the probability it was drawn with."""
        prices = np.tile(context.public_prices, (context.shoppers, 1))
        probabilities = np.ones(prices.shape)
        self.has_proposed = True
        if not context.is_offered().any():
            return Proposal(prices, probabilities)
        slot = self._admit(context)
        self.watch.learn(context, slot)
        if not self.model.is_ready():
            self.model.fit()
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
        if not self.has_proposed:
            self.watch.learn(context, slot)
        sightings = self._sight(outcomes, slot)
        if not sightings.visits:
            return
        self.model.add(sightings)
        if self.has_proposed and self.model.is_due():
            self.model.fit()
            self._heed_change()

    def _heed_change(self) -> None:
        """Trust the past less where demand has changed; while a start searches, it has none."""
        change = self.model.find_change()
        if change and self.alarm.update(change.sure) and self.is_calm:
            self.alarms += 1
            self.model.forget(change.trust, change.visits)
            self.model.fit()

    def to_arrays(self) -> dict[str, Any]:
        """Return all that was learned as arrays by name, for `numpy.savez` without pickle."""
        return pack_policy(self)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, Any], *, effort: Effort | None = None
    ) -> AdaptivePolicy:
        """Return a policy that goes on exactly where the one of `to_arrays` stood."""
        policy = cls(effort=effort)
        unpack_policy(policy, arrays)
        return policy

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
        references = self.references[slot]
        log_ratio = np.log(outcomes.prices[seen[visit], column] / references[column])
        log_ratio = np.clip(log_ratio, *LOG_RATIOS)
        shown = np.log(outcomes.prices / context.public_prices)
        excess = find_excess(context, shown.T).T[seen[visit], column]
        groups = self.remembered.find_groups(context)
        group = None if groups is None else groups[seen[visit]]
        remembered = self.remembered.recall(slot[column], group, context.time)
        self.remembered.learn(slot[column], group, log_ratio, context.time)
        return Sightings(
            z,
            np.full(len(seen), context.time),
            np.ones(len(seen)),
            np.full(len(seen), 0.0 if self.has_proposed else 1.0),
            visit,
            slot[column],
            np.exp(log_ratio),
            find_gaps(context)[column],
            excess,
            (outcomes.chosen[seen[visit]] == column).astype(float),
            find_felt(log_ratio[:, None], remembered)[:, 0],
        )

    def _describe_offer(
        self, context: Context, ladder: Ladder, slot: IntArray, where: tuple[IntArray, IntArray]
    ) -> Offer:
        visit, column = where
        log_ratio = np.log(ladder.prices / self.references[slot][:, None])
        excess = find_excess(context, np.log(ladder.prices / context.public_prices[:, None]))
        season = build_season(np.array([context.time]), self.model.seasons_on())[0]
        log_ratio = np.clip(log_ratio, *LOG_RATIOS)
        groups = self.remembered.find_groups(context)
        group = None if groups is None else groups[visit]
        remembered = self.remembered.recall(slot[column], group, context.time)
        return Offer(slot, log_ratio, excess, foresee_felt(log_ratio[column], remembered), season)

    def _share_rungs(
        self, context: Context, ladder: Ladder, slot: IntArray, where: tuple[IntArray, IntArray]
    ) -> FloatArray:
        """Return the probability of every rung for each (visit, column) offered, (R, k)."""
        visit, column = where
        features = self.encoder.encode(context.features, context.shoppers)
        z = np.zeros((len(visit), FEATURES + features.shape[1]))
        z[:, INTERCEPT], z[:, GAP] = 1.0, find_gaps(context)[column]
        z[:, FEATURES:] = features[visit]
        offer = self._describe_offer(context, ladder, slot, where)
        utility = find_utilities(z, column, offer, self.model.acting, self.model.layout)
        if context.stock is not None:
            expected = self.watch.expect_visits(slot, context.time)
            ladder = count_stock(ladder, column, expit(utility), (expected, context.stock))
        if len(np.unique(visit)) == len(visit):
            best = choose_alone(utility, ladder, column)
        else:
            best = choose_together(utility, ladder, column, visit)
        return spread_choices(best, ladder, column, self._find_nudges(z, ladder))

    def _find_nudges(self, z: FloatArray, ladder: Ladder) -> list[tuple[float, IntArray]]:
        """Return which shares of prices move where, so that slopes can be learned.

        Only upward once slopes are known: a price that was lower yesterday teaches shoppers to
        wait, one that was higher does not. A search ends for good: after a change of demand what
        is still believed beats what a search costs.
        """
        doubt = self.model.find_doubt(z[:: len(z) // 200 + 1])
        shocks = self.shocks * min(doubt / CALM, 1.0)
        shocks = max(shocks, min(self.shocks, LEAST_PROBABILITY))
        nudges = [(shocks, find_next(ladder.is_feasible))]
        self.is_calm |= doubt < CALM
        search = MOST_SEARCH * float(np.clip((doubt - CALM) / (DOUBT - CALM), 0.0, 1.0))
        if search >= LEAST_SEARCH and not self.is_calm:
            nudges += [
                (search / 2.0, find_distant(ladder, factor))
                for factor in (1.0 - DISTANCE, 1.0 + DISTANCE)
            ]
        return nudges


def count_stock(
    ladder: Ladder, column: IntArray, chance: FloatArray, expected: tuple[FloatArray, FloatArray]
) -> Ladder:
    """Return the ladder with the worth of units that will be missing added to their costs.

    `chance` (R, k) of rows about the items in `column`; `expected`: visits to come and units left.
    """
    visits, stock = expected
    usual = np.zeros(ladder.prices.shape)
    np.add.at(usual, column, chance)
    usual /= np.maximum(np.bincount(column, minlength=len(stock)), 1)[:, None]
    margin = np.where(ladder.is_feasible, ladder.prices - ladder.costs[:, None], -np.inf)
    worth = value_units(usual, margin, visits, np.where(np.isnan(stock), np.inf, stock))
    return replace(ladder, costs=ladder.costs + worth)
