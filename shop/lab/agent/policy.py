"""The adaptive policy: learns demand while pricing, within the trust rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent.change import ChangeAlarm
from shop.lab.agent.choosing import (
    choose_alone,
    choose_together,
    count_stock,
    find_distant,
    find_next,
    spread_choices,
)
from shop.lab.agent.contract import LEAST_PROBABILITY, Context, Outcomes, Proposal
from shop.lab.agent.curves import CurveRequest, Curves, find_propensities
from shop.lab.agent.ladder import Ladder, build_ladder
from shop.lab.agent.learner import Learner
from shop.lab.agent.remembered import FELT, PriceMemory, find_felt, foresee_felt
from shop.lab.agent.seen import Seen
from shop.lab.agent.shelves import Shelves
from shop.lab.agent.stocking import StockWatch
from shop.lab.agent.storing import pack_policy, unpack_policy

LOG_RATIOS = (-4.0, 4.0)  # log prices beyond, in reference prices, count as these
DISTANCE = 0.18  # how far prices are moved to learn the slope all items share
MOST_SEARCH, LEAST_SEARCH = 0.45, 0.02  # share of prices so moved
# Variances of the mean log slope: none are moved below the first, most above the second.
CALM, DOUBT = 0.024, 0.048
KEPT = 0.25  # what visits from before a change of demand still count


class AdaptivePolicy:
    """Learn the choice model while pricing, and show each shopper the price it speaks for.

    Any number of named features of unknown meaning, one item or many substitutes a visit, items
    and features that appear midway. Without price points prices are discounts of at most `cap`,
    never above the public price; with price points they are price points. Never below cost * (1 +
    `margin`) where a price point allows it. `shocks` is the share of prices moved by one price
    point at random, which keeps the history causal; once slopes are known it shrinks, to 1 % at
    least.

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
    ) -> None:
        """Know nothing yet. The same `random_state` and history give the same prices."""
        self.cap, self.margin, self.shocks = cap, margin, shocks
        self.rng = np.random.default_rng(random_state)
        self.learner = Learner()
        self.alarm = ChangeAlarm()
        self.watch = StockWatch()
        self.remembered = PriceMemory()
        self.shelves = Shelves()
        self.slots: dict[int, int] = {}
        self.references = np.zeros(0)
        self.has_proposed = self.is_calm = False
        self.alarms = 0
        self._curves: Curves | None = None

    def propose(self, context: Context) -> Proposal:
        """Return a price for each shopper and item, with the probability it was drawn with."""
        prices = np.tile(context.public_prices, (context.shoppers, 1))
        probabilities = np.ones(prices.shape)
        self.has_proposed = True
        if not context.is_offered().any():
            return Proposal(prices, probabilities)
        slot = self._admit(context)
        self.watch.learn(context, slot)
        ladder = build_ladder(context, self.cap, self.margin)
        visit, column = np.nonzero(context.is_offered())
        shares = self._share_price_points(context, ladder, slot, (visit, column))
        at = (self.rng.random(len(visit))[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
        at = np.minimum(at, shares.shape[1] - 1)
        # Rounding of the cumulative sum must not land on a price point nobody drew.
        at = np.where(shares[np.arange(len(at)), at] > 0, at, shares.argmax(axis=1))
        prices[visit, column] = ladder.prices[column, at]
        probabilities[visit, column] = shares[np.arange(len(at)), at]
        return Proposal(prices, probabilities)

    def observe(self, outcomes: Outcomes) -> None:
        """Learn from what was shown and bought. Before the first proposal it counts as history."""
        context = outcomes.context
        if not context.is_offered().any():
            return
        slot = self._admit(context)
        if not self.has_proposed:
            self.watch.learn(context, slot)
        self._take_in(outcomes, slot)
        if self.has_proposed and self.learner.is_due():
            self._heed_change()
            self.learner.learn(self.slots, self.shelves)
            self._curves = None

    def to_arrays(self) -> dict[str, Any]:
        """Return all that was learned as arrays by name, for `numpy.savez` without pickle."""
        return pack_policy(self)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> AdaptivePolicy:
        """Return a policy that goes on exactly where the one of `to_arrays` stood."""
        policy = cls()
        unpack_policy(policy, arrays)
        return policy

    def _find_curves(self) -> Curves:
        """Return what the last fit says of all items known, new ones included."""
        fit = self.learner.fit or self.learner.learn(self.slots, self.shelves)
        if self._curves is None or len(self._curves.value) < len(self.slots):
            item = np.array(list(self.slots), dtype=np.int64)
            shelf = self.shelves.find(np.arange(len(item)))
            self._curves = Curves.of(fit, self.learner.plan, item, shelf)
        return self._curves

    def _heed_change(self) -> None:
        """Trust the past less where demand has changed; while a start searches, it has none."""
        sure, visits = self.alarm.find()
        if self.alarm.update(sure) and self.is_calm:
            self.alarms += 1
            self.learner.doubt_the_past(visits, KEPT)
            self.alarm.forget()

    def _admit(self, context: Context) -> IntArray:
        """Return the slots of the items, making room for new ones."""
        for item, price in zip(context.item_ids.tolist(), context.public_prices, strict=True):
            if item not in self.slots:
                self.slots[item] = len(self.slots)
                self.references = np.append(self.references, price)
        slot = np.array([self.slots[item] for item in context.item_ids.tolist()], dtype=np.int64)
        self.shelves.meet(slot, context.is_offered())
        return slot

    def _take_in(self, outcomes: Outcomes, slot: IntArray) -> None:
        """Remember what was seen, and hold what was bought against what was foretold."""
        context = outcomes.context
        order = np.argsort(context.item_ids, kind="stable")
        visit, place = np.nonzero(context.is_offered()[:, order])
        column = order[place]
        seen, set_of = np.unique(visit, return_inverse=True)
        ratio = outcomes.prices[visit, column] / self.references[slot][column]
        log_price = np.clip(np.log(ratio), *LOG_RATIOS)
        rival = self._find_rivals(context, slot)
        groups = self.remembered.find_groups(context)
        group = None if groups is None else groups[visit]
        remembered = self.remembered.recall(slot[column], group, context.time)
        self.remembered.learn(slot[column], group, log_price, context.time)
        felt = find_felt(log_price[:, None], remembered)
        told = Seen(
            features={name: values[seen] for name, values in context.features.items()},
            time=np.full(len(seen), context.time),
            history=np.full(len(seen), 0.0 if self.has_proposed else 1.0),
            trust=np.ones(len(seen)),
            set_of=set_of,
            item=context.item_ids[column],
            log_price=log_price,
            rival=rival[column],
            bought=(outcomes.chosen[visit] == column).astype(np.float64),
            felt=felt[:, 0],
        )
        self.learner.add(told)
        if self.has_proposed:
            x = self._encode(context)
            at = log_price[:, None]
            asked = CurveRequest(x, context.time, slot, visit, column, at, rival, felt)
            chance = find_propensities(self._find_curves().utilities(asked)[:, 0], visit)
            kind = np.zeros(len(visit), dtype=np.int64) if group is None else group
            self.alarm.watch(slot[column], kind, chance, told.bought, len(seen))

    def _encode(self, context: Context) -> FloatArray:
        return self._find_curves().plan.encode(context.features, context.shoppers)

    def _find_rivals(self, context: Context, slot: IntArray) -> FloatArray:
        """Return the log of competitors' prices over reference prices, (m,), NaN if unknown."""
        if context.competitor_prices is None:
            return np.full(context.items, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = np.log(context.competitor_prices / self.references[slot])
        return np.where(np.isfinite(gap), gap, np.nan)

    def _share_price_points(
        self, context: Context, ladder: Ladder, slot: IntArray, where: tuple[IntArray, IntArray]
    ) -> FloatArray:
        """Return the probability of every price point for each (visit, column) offered, (R, k)."""
        visit, column = where
        curves = self._find_curves()
        log_price = np.log(ladder.prices / self.references[slot][:, None])
        log_price = np.clip(log_price, *LOG_RATIOS)
        felt = np.zeros((0, ladder.prices.shape[1], FELT))
        if curves.plan.has_memory:
            groups = self.remembered.find_groups(context)
            group = None if groups is None else groups[visit]
            remembered = self.remembered.recall(slot[column], group, context.time)
            felt = foresee_felt(log_price[column], remembered)
        x = self._encode(context)
        rival = self._find_rivals(context, slot)
        asked = CurveRequest(x, context.time, slot, visit, column, log_price[column], rival, felt)
        utility = curves.utilities(asked)
        if context.stock is not None:
            expected = self.watch.expect_visits(slot, context.time)
            ladder = count_stock(ladder, column, utility, (expected, context.stock))
        if len(np.unique(visit)) == len(visit):
            best = choose_alone(utility, ladder, column)
        else:
            best = choose_together(utility, ladder, column, visit)
        return spread_choices(best, ladder, column, self._find_nudges(ladder))

    def _find_nudges(self, ladder: Ladder) -> list[tuple[float, IntArray]]:
        """Return which shares of prices move where, so that slopes can be learned.

        Only upward once slopes are known: a price that was lower yesterday teaches shoppers to
        wait, one that was higher does not. A search ends for good: after a change of demand what
        is still believed beats what a search costs.
        """
        doubt = self.learner.doubt
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
