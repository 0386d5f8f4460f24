"""The shop's own way to a price as an agent, so that it can be judged where the truth is known.

Every step is the function of `pricing.core` that the shop's services call, in their order: a book
each morning (elasticities with the evidence of the day, limits, joint optimum, shocks of the week,
gate, screen), a quote for each visitor (signals, drawn rung, gate), each evening the outcomes, each
Monday a training. What a market has no counterpart for: docs/evaluation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.decide import Held, decide_rungs
from pricing.core.demand.design import OWN_PRICE
from pricing.core.demand.served import ServedDemand
from pricing.core.demand.training import (
    MIN_ITEMS,
    describe_slopes,
    find_refusal,
    fit_served,
    prior_model,
)
from pricing.core.exposures import look_out
from pricing.core.learning import Context, Outcomes, Proposal
from pricing.core.learning.stocking import StockWatch
from pricing.core.online import Evidence, Sightings, learn_from, take_in
from pricing.core.quote import VariantTerms, build_rungs
from pricing.core.signals import SignalWeights, sensitivity_boost
from pricing.core.thompson import DRAWS, draw_places, seed_of
from pricing.core.values import Policy
from shop.kernel.clock import epoch_ms
from shop.simulation.shop_path_book import Morning, Shelf, draft_book
from shop.simulation.shop_path_history import WEEK, History
from shop.simulation.shop_path_looks import count_looks, share_on_sale
from shop.simulation.shop_path_visitors import Visitors, group_shown_together

FAMILY, FIRST_CATEGORY = 1, 2
FIRST_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
WEEKS_APART, MOST_SEEDS = 530, 500
MINOR = 100.0
# Simulated shoppers do not come back because they bought: a purchase is worth its margin. Stock
# must last until the next delivery, or a week while the path has not seen two of them.
POLICY = Policy(won_purchase_share=0.0, restock_days=7)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Quotes of one day, arrays (P,) of shopper and item; `rung_minor` and `chance` (P, R)."""

    time: float
    shopper: IntArray
    item: IntArray
    boost: FloatArray
    public_minor: IntArray
    quoted_minor: IntArray
    rung_minor: IntArray
    chance: FloatArray
    is_decision: BoolArray


class ShopPath:
    """What the shop serves, behind the interface of agents. It brings its own charm-ended rungs."""

    sets_own_rungs = True

    def __init__(self, random_state: int = 0, policy: Policy = POLICY) -> None:
        """Begin without any sale. `random_state` shifts the calendar, which all draws hang on."""
        self._rng = np.random.default_rng([random_state, 7])
        weeks = WEEKS_APART * (random_state % MOST_SEEDS)
        self._first = FIRST_MONDAY + timedelta(weeks=weeks // 10)
        self.policy = policy
        self.model: ServedDemand = prior_model(SignalWeights())
        self.evidence = Evidence.nothing()
        self._model_day, self._version, self._trained_week = 0, 0, -1
        # A shop knows when pieces come; here it sees how long deliveries last.
        self._watch = StockWatch()
        self._shelf: Shelf | None = None
        self._terms: VariantTerms | None = None
        self._sensitivity_mean: FloatArray = np.ones(0)
        self._day = -1
        self._seen_at: float | None = None
        self._shown: _Shown | None = None

    def propose(self, context: Context) -> Proposal:
        """Return today's quotes; the first proposal of a day publishes its book."""
        day = int(np.floor(context.time))
        shelf = self._open(context)
        if day != self._day or self._terms is None:
            self._terms = self._publish(context, shelf, day)
            self._day = day
        self._shown = self._quote(context, self._terms, day)
        return _answer(context, self._shown, shelf)

    def observe(self, outcomes: Outcomes) -> None:
        """Write down what was sold, and learn from what this agent drew."""
        context, chosen = outcomes.context, outcomes.chosen
        shelf, day = self._open(context), int(np.floor(context.time))
        days = 1.0 if self._seen_at is None else max(0.0, context.time - self._seen_at)
        self._seen_at = context.time
        if self._terms is None:
            self._watch.learn(context, np.arange(context.items))
        buyers = np.flatnonzero(chosen >= 0)
        paid = outcomes.bought_prices()
        count = len(shelf.list_minor)
        shown, self._shown = self._shown, None
        if shown is None or shown.time != context.time:
            seen = np.where(context.is_offered(), outcomes.prices, np.nan)
            looks = np.isfinite(seen).sum(axis=0)
            mean = np.nansum(seen, axis=0) / np.maximum(looks, 1)
            known = np.where(looks > 0, to_minor(mean), shelf.public_minor)
            self._history.note_prices(day, known)
        else:
            self._learn(shown, chosen, shelf, days)
        rivals = context.competitor_prices
        self._history.note_sales(
            day,
            np.bincount(chosen[buyers], minlength=count).astype(np.float64),
            np.bincount(chosen[buyers], paid * MINOR, count),
            None if rivals is None else rivals * MINOR,
            share_on_sale(context, chosen),
        )
        is_deal = np.zeros(context.shoppers)
        is_deal[buyers] = paid < context.public_prices[chosen[buyers]] * (1.0 - 1e-9)
        self._visitors.remember(context, chosen, is_deal, days)

    def _open(self, context: Context) -> Shelf:
        """Return the shelf; the first context says what is sold, and at which prices."""
        if self._shelf is not None:
            return self._shelf
        listed = to_minor(context.public_prices)
        known = np.isfinite(context.costs)
        none = np.zeros_like(listed)
        category = FIRST_CATEGORY + group_shown_together(context.is_offered())
        self._shelf = Shelf(
            variant_id=context.item_ids,
            category_id=category,
            family_id=np.full_like(listed, FAMILY),
            list_minor=listed,
            cost_minor=np.where(known, np.rint(np.where(known, context.costs, 0.0) * MINOR), -1),
            base_minor=listed,
            shocked_minor=none,
            changed_at=none,
        )
        self._history = History(context.item_ids, self._shelf.family_id)
        self._visitors = Visitors(category, FAMILY)
        return self._shelf

    def _now(self, day: int) -> datetime:
        return self._first + timedelta(days=day)

    def _publish(self, context: Context, shelf: Shelf, day: int) -> VariantTerms:
        """Train if a week is over, then make the book of the day."""
        self._watch.learn(context, np.arange(context.items))
        is_first, week = self._day < 0, day // WEEK
        if week != self._trained_week and len(self._history):
            self._train(day)
            self._trained_week = week
        is_monday = week != self._day // WEEK
        now, rivals = self._now(day), context.competitor_prices
        morning = Morning(
            policy=self.policy,
            served=self._believe(shelf),
            is_stale=self._is_stale(day),
            segments=self._visitors.mix(self.model.weights, self.policy.holdout_share),
            competitor_minor=None if rivals is None else rivals * MINOR,
            stock=context.stock,
            restock_days=self._watch.expect_days(np.arange(context.items), context.time),
            second=int(now.timestamp()),
            seed="market",
            week=now.date() if is_monday and not is_first else None,
            ends_shocks=is_monday,
        )
        self._sensitivity_mean = morning.segments.sensitivity_mean
        after, terms = draft_book(shelf, morning)
        self._history.note_prices(day, after.public_minor)
        if morning.week is not None:
            moved = np.log(after.public_minor / after.base_minor)
            self._history.note_shocks(day, np.where(after.shocked_minor > 0, moved, 0.0))
        self._shelf = after
        return terms

    def _believe(self, shelf: Shelf) -> ServedDemand:
        """Return the demand that the book of the day is made of."""
        return learn_from(self.model, self.evidence)

    def _is_stale(self, day: int) -> bool:
        return 24 * (day - self._model_day) > self.policy.max_model_age_hours

    def _train(self, day: int) -> None:
        """Fit the champion on whole weeks; what is refused does not replace the model in use."""
        cells = self._history.cells(day)
        weights = SignalWeights()
        if len(cells.variant_id) < MIN_ITEMS:
            self.model = prior_model(weights)
        else:
            fitted = fit_served(cells, weights)
            raw, dispersion = -fitted.model.coef_[:, OWN_PRICE], fitted.model.dispersion_
            figures = describe_slopes(cells, fitted.served, raw, dispersion)
            if find_refusal(fitted.served, figures):
                return
            self.model = fitted.served
        self._model_day = day
        self._version += 1

    def _quote(self, context: Context, book: VariantTerms, day: int) -> _Shown:
        """Decide about every pair of a visitor and an item they see."""
        shopper, item = np.nonzero(context.is_offered())
        now_ms, policy = epoch_ms(self._now(day)), self.policy
        terms = book.take(item)
        place = draw_places(seed_of(now_ms), book.variant_id)[item]
        rungs = build_rungs(terms, policy, place if policy.exploration > 0.0 else None)
        signals = self._visitors.signals(context, shopper, item)
        boost = sensitivity_boost(signals, self.model.weights)
        treated = (self._rng.random(context.shoppers) >= policy.holdout_share)[shopper]
        held, is_stale = Held.nothing(len(item)), self._is_stale(day)
        made = decide_rungs(
            terms,
            rungs,
            boost,
            policy,
            held=held,
            now_ms=now_ms,
            is_allowed=treated,
            is_stale=is_stale,
        )
        outlook = look_out(terms, rungs, boost, policy, held=held, now_ms=now_ms)
        has_choice = (rungs.minor < terms.public_minor[:, None]).any(axis=1) & rungs.is_open
        return _Shown(
            time=context.time,
            shopper=shopper,
            item=item,
            boost=boost[0],
            public_minor=terms.public_minor,
            quoted_minor=made.quoted_minor,
            rung_minor=outlook.shown_minor,
            chance=outlook.percent / DRAWS,
            is_decision=treated & has_choice & (boost[0] > 0.0) & (not is_stale),
        )

    def _learn(self, shown: _Shown, chosen: IntArray, shelf: Shelf, days: float) -> None:
        """Take in the outcomes of drawn decisions, as `learn_online` does once they are known."""
        at = np.flatnonzero(shown.is_decision)
        item = shown.item[at]
        others = np.flatnonzero(~shown.is_decision & (shown.quoted_minor == shown.public_minor))
        looked = shown.item[others]
        seen = Sightings.of_draws(
            variant_id=shelf.variant_id[item],
            family_id=shelf.family_id[item],
            boost=shown.boost[at],
            public_minor=shown.public_minor[at],
            shown_minor=shown.quoted_minor[at],
            rung_minor=shown.rung_minor[at],
            probability=shown.chance[at],
            bought=chosen[shown.shopper[at]] == item,
            anchor_minor=shelf.list_minor[item],
            mean_sensitivity=self._sensitivity_mean[item],
        )
        # Who buys takes one item, so that baskets hold no siblings.
        seen = seen.among(shelf.category_id[item], np.zeros(len(item)))
        looks = count_looks(shelf, looked, chosen[shown.shopper[others]] == looked)
        self.evidence, _ = take_in(
            self.evidence, seen.join(looks), self.model, model_version=self._version, days=days
        )


def _answer(context: Context, shown: _Shown, shelf: Shelf) -> Proposal:
    """Return quotes in money: the list price is exactly the market's public one."""
    share = shown.quoted_minor / shelf.list_minor[shown.item]
    prices = np.tile(context.public_prices, (context.shoppers, 1))
    prices[shown.shopper, shown.item] *= share
    is_shown = shown.rung_minor == shown.quoted_minor[:, None]
    chance = np.where(shown.is_decision, (shown.chance * is_shown).sum(axis=1), 1.0)
    probabilities = np.ones_like(prices)
    probabilities[shown.shopper, shown.item] = np.maximum(chance, 1.0 / DRAWS)
    return Proposal(prices, probabilities)


def to_minor(prices: FloatArray) -> IntArray:
    return np.maximum(np.rint(np.nan_to_num(prices) * MINOR), 1).astype(np.int64)
