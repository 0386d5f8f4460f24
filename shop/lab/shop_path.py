"""The shop's own way to a price as an agent, so that it can be judged where the truth is known.

Every step is the function of the pricing room that the shop's services call, in their order; nights
fit the choice model if enough is new, Mondays train on weekly sales. What a market has no
counterpart for: docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pricing.base.core.impressions import HOUR_MS, find_propensities
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.training import (
    MIN_ITEMS,
    describe_slopes,
    find_refusal,
    fit_served,
    prior_model,
)
from pricing.demand.core.training_cells import OWN_PRICE
from pricing.learning.core.shown import find_moved
from pricing.learning.core.taught import find_learned, teach
from pricing.ledger.core.exposures import look_out
from pricing.optimum.core.decide import HeldQuotes, decide_price_points
from pricing.optimum.core.joint import Segments, one_segment
from pricing.optimum.core.quote import VariantTerms, build_price_points
from pricing.optimum.core.signals import SignalWeights
from pricing.optimum.core.thompson import DRAWS, draw_places
from shop.ground.kernel.clock import epoch_ms
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.agent.stocking import StockWatch
from shop.lab.shop_path_book import Morning, Shelf, draft_book
from shop.lab.shop_path_choice import ChoiceLearner
from shop.lab.shop_path_history import WEEK, History
from shop.lab.shop_path_visitors import group_shown_together

# Daily impressions of a simulated market, as the shop counts them.

MINOR = 100.0


def find_on_sale(item: IntArray, bought: BoolArray, stock: FloatArray | None) -> BoolArray:
    """Return which impressions (n,), in order of arrival, found a piece left; all without known
    stock.

    Nobody can buy what is sold out: such a look tells nothing about the price.

    >>> three = np.array([0, 0, 0])
    >>> find_on_sale(three, np.array([False, True, False]), np.array([1.0])).tolist()
    [True, True, False]
    """
    if stock is None:
        return np.ones(len(item), dtype=np.bool_)
    order = np.argsort(item, kind="stable")
    sold = np.cumsum(bought[order])
    first = np.searchsorted(item[order], item[order])
    before = np.concatenate([[0], sold])[first]
    on_sale = np.empty(len(item), dtype=np.bool_)
    taken = sold - bought[order] - before
    known = stock[item[order]]
    on_sale[order] = ~(taken >= known)
    return on_sale


def share_on_sale(context: Context, chosen: IntArray) -> FloatArray:
    """Return which share of a day's looks at each item found a piece left, (m,); where nobody
    looked, whether one lay there in the morning."""
    stock = context.stock
    if stock is None:
        return np.ones(context.items)
    shopper, item = np.nonzero(context.is_offered())
    found = find_on_sale(item, chosen[shopper] == item, stock)
    impressions = np.bincount(item, minlength=context.items)
    share = np.bincount(item[found], minlength=context.items) / np.maximum(impressions, 1)
    return np.where(impressions > 0, share, (stock > 0).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Shown:
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


def find_drawn(shown: Shown, shelf: Shelf) -> FloatArray:
    """Return what chance did to the log of each quote, (P,): a personal draw to a decision, the
    week's draw to everybody's price, NaN where it could do nothing."""
    decided = find_moved(shown.quoted_minor, shown.rung_minor, shown.chance)
    pairs = zip(shelf.variant_id.tolist(), shelf.public_minor.tolist(), strict=True)
    chances = [find_propensities(shelf.draw, one, price, 0) for one, price in pairs]
    price_points = _pad([one.rungs for one in chances]).astype(np.int64)
    everybody = find_moved(
        shelf.public_minor, price_points, _pad([one.probabilities for one in chances])
    )[shown.item]
    everybody = np.where(shown.quoted_minor == shown.public_minor, everybody, np.nan)
    return np.where(shown.is_decision, decided, everybody)


def _pad(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Return rows of different lengths as one array (n, 3), padded with 0."""
    padded = np.zeros((len(rows), 3))
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded


def answer(context: Context, shown: Shown, shelf: Shelf) -> Proposal:
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
    """Return money in minor units, at least one."""
    return np.maximum(np.rint(np.nan_to_num(prices) * MINOR), 1).astype(np.int64)


FAMILY, FIRST_CATEGORY, WEEKS_APART, MOST_SEEDS = 1, 2, 530, 500
FIRST_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
# Simulated shoppers do not come back because they bought: a purchase is worth its margin. Stock
# must last until the next delivery, or a week while the path has not seen two of them. Prices may
# pass the list by as much as the demo's may, and beside that by nothing.
POLICY = Policy(won_purchase_share=0.0, restock_days=7, ceiling_over_list=0.10)
AT_LIST = replace(POLICY, ceiling_over_list=0.0)
SHOP, SHOP_AT_LIST = "shop", "shop_at_list"
POLICIES = {SHOP: POLICY, SHOP_AT_LIST: AT_LIST}


class ShopPath:
    """What the shop serves, behind the agents' interface. It brings its own charm-ended prices."""

    sets_own_rungs = True

    def __init__(self, random_state: int = 0, policy: Policy = POLICY) -> None:
        """Begin without any sale. `random_state` shifts the calendar, which all draws hang on."""
        self._rng = np.random.default_rng([random_state, 7])
        weeks = WEEKS_APART * (random_state % MOST_SEEDS)
        self._first = FIRST_MONDAY + timedelta(weeks=weeks // 10)
        self.policy = policy
        self.model: ServedDemand = prior_model(SignalWeights())
        self._model_day, self._trained_week, self._learned_ms = 0, -1, 0
        # A shop knows when pieces come; here it sees how long deliveries last.
        self._watch = StockWatch()
        self._shelf: Shelf | None = None
        self._terms: VariantTerms | None = None
        self._sensitivity_mean: FloatArray = np.ones(0)
        self._response: FloatArray | None = None
        self._day = -1
        self._shown: Shown | None = None

    def propose(self, context: Context) -> Proposal:
        """Return today's quotes; the first proposal of a day publishes its book."""
        day = int(np.floor(context.time))
        shelf = self._open(context)
        if day != self._day or self._terms is None:
            self._terms = self._publish(context, shelf, day)
            self._day = day
        self._shown = self._quote(context, self._terms, day)
        return answer(context, self._shown, shelf)

    def observe(self, outcomes: Outcomes) -> None:
        """Write down what was shown, what chance did to it, and what was sold."""
        context, chosen = outcomes.context, outcomes.chosen
        shelf, day = self._open(context), int(np.floor(context.time))
        if self._terms is None:
            self._watch.learn(context, np.arange(context.items))
        shown, self._shown = self._shown, None
        if shown is not None and shown.time != context.time:
            shown = None
        self._note(outcomes, shown, shelf)
        buyers = np.flatnonzero(chosen >= 0)
        paid = outcomes.bought_prices()
        count = len(shelf.list_minor)
        if shown is None:
            seen = np.where(context.is_offered(), outcomes.prices, np.nan)
            impressions = np.isfinite(seen).sum(axis=0)
            mean = np.nansum(seen, axis=0) / np.maximum(impressions, 1)
            known = np.where(impressions > 0, to_minor(mean), shelf.public_minor)
            self._history.note_prices(day, known)
            self._shelf = shelf.see(known)
        rivals = context.competitor_prices
        self._history.note_sales(
            day,
            np.bincount(chosen[buyers], minlength=count).astype(np.float64),
            np.bincount(chosen[buyers], paid * MINOR, count),
            None if rivals is None else rivals * MINOR,
            share_on_sale(context, chosen),
        )

    def _note(self, outcomes: Outcomes, shown: Shown | None, shelf: Shelf) -> None:
        """Keep what each visitor saw together, at which price, and what they took."""
        context = outcomes.context
        shopper, item = np.nonzero(context.is_offered())
        on_sale = find_on_sale(item, outcomes.chosen[shopper] == item, context.stock)
        self._learner.note(
            outcomes,
            to_minor(outcomes.prices[shopper, item]),
            np.full(len(item), np.nan) if shown is None else find_drawn(shown, shelf),
            on_sale,
            is_history=self._terms is None,
        )

    def _open(self, context: Context) -> Shelf:
        """Return the shelf; the first context says what is sold, and at which prices."""
        if self._shelf is not None:
            return self._shelf
        listed = to_minor(context.public_prices)
        known = np.isfinite(context.costs)
        none = np.zeros_like(listed)
        group = group_shown_together(context.is_offered())
        category = FIRST_CATEGORY + group
        is_alone = np.bincount(group, minlength=len(group))[group] == 1
        self._shelf = Shelf(
            variant_id=context.item_ids,
            category_id=category,
            family_id=np.where(is_alone, FAMILY, category),
            list_minor=listed,
            cost_minor=np.where(known, np.rint(np.where(known, context.costs, 0.0) * MINOR), -1),
            base_minor=listed,
            shocked_minor=none,
            changed_at=none,
        )
        self._history = History(context.item_ids, self._shelf.family_id)
        self._learner = ChoiceLearner(context, self._shelf)
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
        served = self._believe(context, shelf)
        self._learned_ms = find_learned(epoch_ms(self._now(self._model_day)), served)
        morning = Morning(
            policy=self.policy,
            served=served,
            has_model=served is not self.model or len(self.model.variant_id) > 0,
            is_stale=self._is_stale(day),
            segments=self._buyers(),
            competitor_minor=None if rivals is None else rivals * MINOR,
            stock=context.stock,
            restock_days=self._watch.expect_days(np.arange(context.items), context.time),
            second=int(now.timestamp()),
            seed="market",
            week=now.date() if is_monday and not is_first else None,
            ends_shocks=is_monday,
        )
        after, terms = draft_book(shelf, morning)
        self._history.note_prices(day, after.public_minor)
        self._shelf = after
        return terms

    def _believe(self, context: Context, shelf: Shelf) -> ServedDemand:
        """Return the demand that the book of the day is made of: the choice model where it knows
        anything, and what was learned by the minute since."""
        learner = self._learner
        self._sensitivity_mean = np.ones(len(shelf.list_minor))
        if learner.is_due:
            learner.fit(context.time)
        found = learner.serve(context, shelf.base_minor, self.model)
        if found is None:
            return self.model
        self._sensitivity_mean, self._response = found.sensitivity_mean, found.served.response
        return teach(self.model, found.served, until_ms=epoch_ms(self._now(learner.fitted_day)))

    def _buyers(self) -> Segments:
        """Return buyers as one segment: a public price does not ask who they are."""
        segments = one_segment(len(self._sensitivity_mean))
        return replace(segments, sensitivity_mean=self._sensitivity_mean)

    def _is_stale(self, day: int) -> bool:
        age_ms = epoch_ms(self._now(day)) - self._learned_ms
        return age_ms > self.policy.max_model_age_hours * HOUR_MS

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

    def _quote(self, context: Context, book: VariantTerms, day: int) -> Shown:
        """Decide about every pair of a visitor and an item they see."""
        shopper, item = np.nonzero(context.is_offered())
        now_ms, policy = epoch_ms(self._now(day)), self.policy
        terms = book.take(item)
        place = draw_places(now_ms, book.variant_id)[item]
        price_points = build_price_points(
            terms, policy, place if policy.exploration > 0.0 else None
        )
        boost = self._boost(context)[None, shopper]
        treated = (self._rng.random(context.shoppers) >= policy.holdout_share)[shopper]
        held, is_stale = HeldQuotes.nothing(len(item)), self._is_stale(day)
        made = decide_price_points(
            terms,
            price_points,
            boost,
            policy,
            held=held,
            now_ms=now_ms,
            is_allowed=treated,
            is_stale=is_stale,
        )
        outlook = look_out(terms, price_points, boost, policy, held=held, now_ms=now_ms)
        has_choice = (price_points.minor < terms.public_minor[:, None]).any(
            axis=1
        ) & price_points.is_open
        return Shown(
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

    def _boost(self, context: Context) -> FloatArray:
        """Return by how much each visitor minds a price more than one of whom nothing is known."""
        if self._response is None:
            return np.zeros(context.shoppers)
        return self._learner.visitors.response(context) @ self._response
