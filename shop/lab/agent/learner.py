"""The choice model of everything seen: when it is fitted anew, and to which columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, IntArray
from pricing.demand.core.choice import (
    ChoiceFit,
    Compared,
    Impressions,
    draw_log_slopes,
    find_gains,
    fit_choice,
)
from shop.lab.agent.columns import Plan
from shop.lab.agent.seen import Seen, join_seen
from shop.lab.agent.shelves import Shelves

REFIT_EVERY, REFIT_LEAST = 0.05, 25  # growth of what was seen between two fits; visits, at least
SELECTED_FROM = 12_000  # visits of late that are asked which bends and products earn
SETTLED = 40_000  # visits after which columns stay as they are
# Extras are judged on days, at least so many, of which every other one is held out of a fit, when
# there are so many times the visits of the last time.
FOLDS, LEAST_DAYS, JUDGED_EVERY = 2, 5, 1.25
EXTRAS = ("has_memory", "has_history")
DRAWS = 200


class Learner:
    """A choice model that is fitted anew, to all visits, as they become more."""

    def __init__(self) -> None:
        """Know nothing."""
        self.seen = Seen.none()
        self.arrived: list[Seen] = []
        self.plan = Plan()
        self.fit: ChoiceFit | None = None
        self.doubt = np.inf  # variance of the mean log slope of what is seen
        self.visits = self.fitted = self.selected = self.judged = 0
        self._x = np.zeros((0, 0))

    def add(self, seen: Seen) -> None:
        """Remember visits."""
        self.arrived.append(seen)
        self.visits += seen.visits

    def is_due(self) -> bool:
        """Whether enough arrived since the last fit to fit again."""
        return self.visits - self.fitted >= max(REFIT_LEAST, REFIT_EVERY * self.visits)

    def consolidate(self) -> None:
        """Join what arrived with what is remembered."""
        if self.arrived:
            self.seen = join_seen([self.seen, *self.arrived])
            self.arrived = []

    def learn(self, slots: dict[int, int], shelves: Shelves) -> ChoiceFit:
        """Return the model fitted to everything seen of products with these slots."""
        self.consolidate()
        ids, at = np.unique(self.seen.item, return_inverse=True)
        slot = np.array([slots[item] for item in ids.tolist()], dtype=np.int64)
        shelf = shelves.find(slot)[at] if len(slot) else at
        if self._has_news():
            self._select(shelf)
        if self.visits >= JUDGED_EVERY * self.judged:
            self._judge(shelf)
        self.fit = fit_choice(self._describe(self.plan, shelf), start=self.fit)
        self.fitted = self.visits
        self.doubt = self._find_doubt()
        return self.fit

    def doubt_the_past(self, visits: int, part: float) -> None:
        """Let all but the last `visits` count only `part` of what they did."""
        self.consolidate()
        self.seen = self.seen.doubt_all_but(visits, part)

    def _has_news(self) -> bool:
        """Whether there may be columns worth having that the plan has not."""
        known = {one.name for one in self.plan.features.features}
        is_new = not known.issuperset(self.seen.features)
        is_new |= bool(np.isfinite(self.seen.rival).any()) > self.plan.has_rival
        return is_new or (2 * self.selected <= self.visits and self.selected < SETTLED)

    def _select(self, shelf: IntArray) -> None:
        """Make columns anew, and keep of the bends and products those that earn something."""
        before, self.selected = self.plan, self.visits
        extras: dict[str, Any] = {name: getattr(before, name) for name in EXTRAS}
        self.plan = replace(Plan.of(self.seen), **extras)
        if any("~" in name or "*" in name for name in self.plan.features.names):
            late = slice(max(self.seen.visits - SELECTED_FROM, 0), None)
            some = self.seen.take(late)
            x = self.plan.encode(some.features, some.visits)
            told = self.plan.impressions(some, x, shelf[len(shelf) - len(some.item) :])
            self.fit = fit_choice(told, start=self.fit)
            self.plan = self.plan.prune(self.fit)

    def _describe(self, plan: Plan, shelf: IntArray) -> Impressions:
        if len(self._x) != self.seen.visits or self._x.shape[1] != len(plan.features.names):
            self._x = plan.encode(self.seen.features, self.seen.visits)
        return plan.impressions(self.seen, self._x, shelf)

    def _judge(self, shelf: IntArray) -> None:
        """Take extras to be there only where days held out are surely predicted better with."""
        day = np.floor(self.seen.time)
        if len(np.unique(day)) < LEAST_DAYS:
            return
        self.judged = self.visits
        for name in EXTRAS:
            judges = self._find_judges(name)
            if not judges.any():
                continue
            told = [self._describe(self.plan.switch(name, is_on=on), shelf) for on in (False, True)]
            gains = []
            for fold in range(FOLDS):
                late = day % FOLDS == fold
                fits = [fit_choice(one.take_sets(~late), start=self.fit) for one in told]
                held_out = [one.take_sets(late & judges) for one in told]
                gains.append(find_gains(fits[0], fits[1], held_out[0], held_out[1]))
            found = Compared.of(np.concatenate(gains))
            self.plan = self.plan.switch(name, is_on=found.replaces)

    def _find_judges(self, name: str) -> BoolArray:
        """Return which visits tell of an extra: any of what is felt, our own of a past of others'
        if there was one."""
        if name == "has_memory":
            return np.full(self.seen.visits, self.seen.felt.any())
        ours: BoolArray = self.seen.history == 0.0
        return ours & bool(self.seen.history.any())

    def _find_doubt(self) -> float:
        """Return the variance of the mean log slope, products weighted by impressions."""
        if self.fit is None or not len(self.seen.item):
            return np.inf
        item, drawn = draw_log_slopes(self.fit, DRAWS, np.random.default_rng(0))
        weight = np.bincount(np.searchsorted(item, self.seen.item), minlength=len(item))
        return float((drawn @ (weight / weight.sum())).var())
