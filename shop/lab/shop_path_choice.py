"""Choice model fitted daily to a simulated market's impressions."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import ChoiceFit, Impressions, PricedVariants, ServedChoice, predict
from pricing.demand.core.served import ServedDemand
from pricing.learning.core.minutes import Alarms, RandomizedEvidence, learn_minute, place_in_fit
from pricing.learning.core.nights import Night, fit_night, has_enough, is_due
from pricing.learning.core.shown import HISTORY_DAYS
from shop.lab.agent import Context, Outcomes
from shop.lab.shop_path_book import Shelf
from shop.lab.shop_path_visitors import VisitorColumns

ALONE = 1  # the category of products that nobody sees beside others


class Morning(NamedTuple):
    """What the model says one morning: demand, and the mean (m,) of 1 + z over buyers."""

    served: ServedChoice
    sensitivity_mean: FloatArray


class ChoiceLearner:
    """All visits of a market as sets of what was on sale, and the model fitted to them."""

    def __init__(self, context: Context, shelf: Shelf) -> None:
        """Learn the columns of visitors from the first context."""
        self.visitors = VisitorColumns(context)
        self._shelf = shelf
        alone = np.bincount(shelf.category_id)[shelf.category_id] == 1
        self._category = np.where(alone, ALONE, shelf.category_id)
        self._days: list[Impressions] = []
        self._night: Night | None = None
        self._looks, self._fitted_at, self._bought = 0, 0, 0.0
        self._first_since = 0  # place of the first day after the fit
        self.fitted_day = 0  # the morning of the last fit
        self._alarms = Alarms.nothing()
        self._drawn: list[Impressions] = []  # at prices that chance moved

    @property
    def is_due(self) -> bool:
        """Say whether enough is new for a fit."""
        return has_enough(self._bought) and is_due(self._looks - self._fitted_at, self._looks)

    def note(
        self,
        outcomes: Outcomes,
        price_minor: IntArray,
        moved: FloatArray,
        on_sale: BoolArray,
        *,
        is_history: bool,
    ) -> None:
        """Take in a day: the price (P,) of each pair of a visitor and an item they saw, in order of
        `Context.is_offered`, what chance did to its log, and whether a piece was left."""
        context = outcomes.context
        shopper, item = np.nonzero(context.is_offered())
        shopper, item, price_minor = shopper[on_sale], item[on_sale], price_minor[on_sale]
        listed = self._shelf.list_minor[item]
        bought = (outcomes.chosen[shopper] == item).astype(np.float64)
        seen = Impressions.of(
            set_id=shopper,
            item=self._shelf.variant_id[item],
            category=self._category[item],
            family=self._shelf.family_id[item],
            log_price=np.log(price_minor / listed),
            bought=bought,
            day=np.full(len(item), context.time),
            moved=moved[on_sale],
            rival=self._rival(context)[item],
            shopper=self.visitors.shopper(context)[shopper],
            response=self.visitors.response(context)[shopper],
            public=np.full((len(item), 1), float(is_history)),
            columns=self.visitors.columns,
        )
        # The fit is not told what chance did: no days are held out to check its slopes by.
        self._days.append(replace(seen, moved=np.full(len(seen), np.nan)))
        self._drawn = [*self._drawn, seen][-int(HISTORY_DAYS) :]
        self._looks += len(seen)
        self._bought += float(bought.sum())
        if self._night is not None:
            night = self._night
            self._alarms = self._alarms.hear(night.fit, place_in_fit(night.fit, seen, night.usual))

    def fit(self, day: float) -> None:
        """Fit to everything, from where the last fit ended. Weekly sales tell nothing beside it:
        every purchase is among the impressions."""
        whole, last = self._days[0].join(*self._days[1:]), self._night
        self._night = fit_night(whole, weekly=None, start=last.fit if last else None, day=day)
        self._fitted_at, self._first_since = self._looks, len(self._days)
        self.fitted_day = int(np.floor(day))
        self._alarms = self._alarms.rest()

    def serve(self, context: Context, price_minor: IntArray, model: ServedDemand) -> Morning | None:
        """Return what the fit says at public prices (m,) of now, with what was shown since; None
        before the first fit."""
        night = self._night
        if night is None:
            return None
        shelf, rival = self._shelf, self._rival(context)
        products = PricedVariants(
            variant_id=shelf.variant_id,
            category_id=self._category,
            family_id=shelf.family_id,
            price_minor=price_minor.astype(np.float64),
            reference_minor=shelf.list_minor.astype(np.float64),
            rival=rival,
        )
        chance = RandomizedEvidence.of(self._drawn[0].join(*self._drawn[1:]))
        served = night.serve(products, day=context.time, served=model, chance=chance)
        days = self._days[self._first_since :]
        if days:
            since = place_in_fit(night.fit, days[0].join(*days[1:]), night.usual)
            served = learn_minute(night.fit, served, since, self._alarms)
        log_price = np.log(price_minor / shelf.list_minor)
        order = np.argsort(shelf.variant_id)
        now = night.scene.restate(
            shelf.variant_id[order], log_price[order], rival[order], context.time
        )
        return Morning(served, self._mean_sensitivity(night.fit, now))

    def _mean_sensitivity(self, fit: ChoiceFit, now: Impressions) -> FloatArray:
        """Return the mean of 1 + z over the buyers of each item, (m,); of all where none buys."""
        told = predict(fit, now)
        seen, boost = told.frame.seen, told.shares.boost
        sold = seen.weight[seen.set_of] * told.chance
        order = np.argsort(self._shelf.variant_id)
        at = order[np.searchsorted(self._shelf.variant_id[order], seen.item)]
        count = len(self._shelf.variant_id)
        every, pull = (np.bincount(at, one, count) for one in (sold, sold * boost))
        overall = float(pull.sum() / max(every.sum(), 1e-300))
        return np.where(every > 0.0, pull / np.maximum(every, 1e-300), overall)

    def _rival(self, context: Context) -> FloatArray:
        """Return the log of the competitor's price over the list price, NaN where none is known."""
        if context.competitor_prices is None:
            return np.full(context.items, np.nan)
        return np.asarray(np.log(context.competitor_prices / context.public_prices))
