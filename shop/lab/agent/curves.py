"""Demand curves of a fitted choice model at candidate prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice import ChoiceFit
from pricing.demand.core.choice.impressions import clip_rival
from pricing.demand.core.choice.layout import bend_price
from shop.lab.agent.columns import Plan, find_excess, hold_felt, scale_felt

MOST_REMEMBERED = 0.6  # of a price's effect; more is not believed, or no price would be too high
LESS, MORE = 1.4, 2.0  # log slopes further below or above the usual one are not believed
LIMIT = 30.0  # of utilities


@dataclass(frozen=True, slots=True, eq=False)
class CurveRequest:
    """R rows of n shoppers and m products at k prices each: `visit` and `column` (R,), `slot` and
    `rival` (m,), `log_price` (R, k), `felt` (R, k, FELT), feature columns `x` (n, K)."""

    x: FloatArray
    time: float
    slot: IntArray
    visit: IntArray
    column: IntArray
    log_price: FloatArray
    rival: FloatArray
    felt: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The coefficients of every item by slot: whole level and log slope (m, 2), the place of its
    family (m,) among `effect` (F, .), those of all products last."""

    fit: ChoiceFit
    plan: Plan
    value: FloatArray
    family: IntArray
    effect: FloatArray
    usual: float

    @staticmethod
    def of(fit: ChoiceFit, plan: Plan, item: IntArray, shelf: IntArray) -> Curves:
        """Return the curves of items (m,) on shelves (m,), seen or not."""
        value, _, _ = fit.coefficients(item, shelf, shelf)
        effect = np.vstack([fit.at.family, fit.at.all[: fit.layout.family]])
        family = fit.tree.find("family", shelf)
        return Curves(fit, plan, value, family, effect, float(value[:, 1].mean()))

    def utilities(self, asked: CurveRequest) -> FloatArray:
        """Return utilities (R, k), at most as high as at any lower price before."""
        layout, plan = self.fit.layout, self.plan
        slot, visit, column = asked.slot[asked.column], asked.visit, asked.column
        family, value = self.family[slot], self.value[slot]
        liked, minded = self._of_shoppers(asked)
        gap, is_known = clip_rival(asked.rival)
        tall = self.effect[:, 2 + layout.wide : layout.public.start]
        level = value[:, 0] + liked[visit, family]
        level = level + tall[family, 0] * gap[column] + tall[family, 1] * is_known[column]
        log_slope = value[:, 1] + minded[visit, family]
        slope = np.exp(np.clip(log_slope, self.usual - LESS, self.usual + MORE))
        log_price = asked.log_price
        utility = level[:, None] - slope[:, None] * bend_price(log_price, self.fit.bend)[0]
        if plan.has_rival:
            excess = find_excess(log_price, asked.rival[column][:, None])
            utility += np.minimum(tall[family, 2], 0.0)[:, None] * excess
        if plan.has_memory:
            most = np.full(len(tall), MOST_REMEMBERED * np.exp(self.usual))
            felt = hold_felt(tall[:, 2 + plan.has_rival :], most)[family]
            utility += np.einsum("rkf,rf->rk", scale_felt(asked.felt), felt)
        np.minimum.accumulate(utility, axis=1, out=utility)
        held: FloatArray = np.clip(utility, -LIMIT, LIMIT, out=utility)
        return held

    def _of_shoppers(self, asked: CurveRequest) -> tuple[FloatArray, FloatArray]:
        """Return what shoppers and the day add to levels and log slopes of families, (n, F)."""
        layout, plan = self.fit.layout, self.plan
        names = len(layout.columns.shopper)
        season = layout.calendar.columns(np.array([asked.time]))[0]
        today = self.effect[:, 2 + names : 2 + layout.wide] @ season
        likes = self.effect[:, 2 : 2 + len(plan.level)]
        minds = self.effect[:, layout.public][:, : len(plan.slope)]
        liked = asked.x[:, list(plan.level)] @ likes.T + today
        return liked, asked.x[:, list(plan.slope)] @ minds.T


def find_propensities(utility: FloatArray, visit: IntArray) -> FloatArray:
    """Return the chance that each row (R,) is taken, of those with its visit.

    >>> find_propensities(np.zeros(3), np.array([4, 4, 7])).round(2).tolist()
    [0.33, 0.33, 0.5]
    """
    seen, group = np.unique(visit, return_inverse=True)
    if len(seen) == len(visit):
        alone: FloatArray = expit(utility)
        return alone
    odds = np.exp(utility)
    chance: FloatArray = odds / (1.0 + np.bincount(group, odds)[group])
    return chance
