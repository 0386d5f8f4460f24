"""Shelves of substitutes: one market with many settings, each named by what it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, FeatureArray, Outcomes
from shop.lab.market import Insight, Settlement
from shop.lab.setting import Setting, draw_truth
from shop.lab.substitutes import choose_best_price_points
from shop.lab.worlds.browsing import sweep_price_points
from shop.lab.worlds.substitutes import SubstituteMarket

CHANNELS = np.array(["app", "kiosk", "web"])
PERIODS = np.array([7.0, 91.0, 365.0])  # days of the seasons
PLENTY = 1_000.0


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a market has, beside shelves of several substitutes and shoppers with six features."""

    sizes: tuple[int, ...] = (5, 8, 12, 20)  # products of a shelf, over and over
    conversion: float = 0.25  # share of visits that buy at public prices
    evenness: float = 5.0  # of traffic over shelves: Dirichlet concentration
    spread: float = 0.5  # sd of goods' intercepts
    bends: float = 0.4  # strength of bent features and products, in level and slope
    price_bend: float = 0.0  # reach of Box-Cox exponents of the price beside 1, by family
    hidden: float = 0.0  # sd of the unseen log sensitivity of a shopper
    taste: float = 0.0  # sd of the unseen liking of one good by one shopper
    season: float = 0.1  # amplitude by family of each season, logits
    follows: bool = False  # the prices of history followed the seasons
    rivals: float = 0.0  # logits by which a rival's log price moves a family
    newcomers: float = 0.0  # share of products that come after `shift_after` visits
    gaps: float = 0.0  # share of days on which a good is sold out, at random
    drift: float = 0.0  # sd a day of each family's level, logits


@dataclass(slots=True)
class Visitors:
    """One day: what an agent sees of n shoppers, and what they are."""

    shelf: IntArray  # (n,) which family they look at
    features: dict[str, FeatureArray]
    interest: FloatArray  # (n,) added to the level, logits
    sensitivity: FloatArray  # (n,) multiplies every slope
    liking: FloatArray  # (n, w) of the products of the shelf, logits
    luck: FloatArray  # (n,)


class ShelfMarket(SubstituteMarket):
    """Each visit shows all products of a family that are there; the shopper takes one or none.

    v_j = exp(a_j + interest(x) + season_f + drift_f + rivals_f log(rival_j) + liking_hj
              - slope_j sensitivity_f(x) T_f(ratio_j)), the outside option has 1;
    T_f(r) = (r^k_f - 1) / k_f with k_f = 1 unless prices are bent. The clairvoyant knows
    everything about a visitor, the unseen taste too; nothing that is shown changes the days to
    come, so that the best price points of each visit (Dinkelbach) are exactly the best.
    """

    def __init__(self, has: Shelves, name: str, setting: Setting, seed: int) -> None:
        """Draw the truth. `seed` fixes truth, traffic, luck and fate, each by its own stream."""
        self.name, self.has, self.setting = name, has, setting
        streams = [np.random.default_rng([seed, 31, number]) for number in range(6)]
        rng, self._traffic, self._luck, self._fate, self._past, sample = streams
        # Products differ by `spread` here, not by the setting's own.
        truth = draw_truth(replace(setting, interest_spread=has.spread), rng)
        self.public, self.cost, self.ladder = truth.public, truth.cost, truth.ladder
        self.slope, self._level = truth.slope.mean(axis=1), truth.intercept.mean(axis=1)
        self._rungs = self.public[:, None] * self.ladder
        self._columns, self._is_good = fill_shelves(has.sizes, setting.items)
        self.shelves = len(self._columns)
        self._shelf_of = np.zeros(setting.items, dtype=np.int64)
        self._shelf_of[self._columns[self._is_good]] = np.nonzero(self._is_good)[0]
        self._draw_families(rng)
        self._comes_late = rng.random(setting.items) < has.newcomers
        self._drifted = np.zeros(self.shelves)
        self._gap = self._fate.normal(0.0, 0.12, self.shelves)
        self._is_gone = self._fate.random(setting.items) < has.gaps
        self.day = self.visits_seen = 0
        self._reach_conversion(self._draw(sample, 2_000))

    def _draw_families(self, rng: np.random.Generator) -> None:
        count, has = self.shelves, self.has
        self._traffic_share = rng.dirichlet(np.full(count, has.evenness))
        self._phase = rng.uniform(0, 2 * np.pi, (3, count))
        self._amplitude = has.season * rng.uniform(0.5, 1.5, (3, count))
        self._likes = 1.0 + 0.5 * rng.normal(size=(count, 6))
        self._minds = 1.0 + 0.5 * rng.normal(size=(count, 6))
        self._bend = 1.0 + has.price_bend * rng.uniform(-1.0, 1.0, count)
        self._rival_weight = has.rivals * rng.uniform(0.5, 1.5, count)
        self._rival_usual = np.exp(rng.normal(0.0, 0.06, self.setting.items))
        is_known = rng.random(self.setting.items) < 0.8
        self._has_rival = is_known & (has.rivals > 0.0)

    def arrive(self) -> Context:
        """Return the next day's visits."""
        self._pass_night()
        self.now = self._draw(self._traffic, self.setting.batch)
        self._there = self._products_there()
        return self.open_day(
            self.now.features,
            (self._shelf_of == self.now.shelf[:, None]) & self._there,
            competitor_prices=self._rival_prices() if self.has.rivals else None,
            stock=np.where(self._is_gone, 0.0, PLENTY) if self.has.gaps else None,
        )

    def settle(self, prices: FloatArray) -> Settlement:
        """Return choices and expected profits at `prices`."""
        products = self._columns[self.now.shelf]
        return self.settle_visits(
            prices, products, self.now.luck, lambda ratio: self.attraction(ratio[..., None])[..., 0]
        )

    def price(self, insight: Insight) -> FloatArray:
        """Return the prices of somebody who knows the truth, (n, m)."""
        prices = np.tile(self.public, (self.setting.batch, 1))
        if insight == "usual":
            return prices
        products = self._columns[self.now.shelf]
        v = self.attraction(self.ladder)
        margin = self.public[products][..., None] * (self.ladder - self.cost[products][..., None])
        if insight == "clairvoyant":
            price_points, _ = choose_best_price_points(v, margin)
        else:
            price_points = self._sweep(v)[self.now.shelf]
        # Empty places of a shelf name a good too: it must not be priced by them.
        row, place = np.nonzero(self._is_good[self.now.shelf])
        item = products[row, place]
        prices[row, item] = self._rungs[item, price_points[row, place]]
        return prices

    def live_through(self, visits: int) -> Iterator[Outcomes]:
        """Yield logged history: each item on one of three price points a day, drawn by lot, or up
        while its family sells well and down while it does not, where prices followed the
        seasons."""
        middle, reach = self.setting.rungs // 2, min(3, self.setting.rungs // 2)
        for _ in range(max(1, round(visits / self.setting.batch))):
            context = self.arrive()
            step = self._past.integers(-1, 2, self.setting.items)
            if self.has.follows:
                seen = self._season()[self._shelf_of]
                seen = seen + self._past.normal(0.0, 0.5 * self.has.season, len(seen))
                step = np.sign(seen).astype(np.int64)
            prices = self._rungs[np.arange(self.setting.items), middle + reach * step]
            yield self.settle(np.tile(prices, (context.shoppers, 1))).outcomes
        self.visits_seen = 0

    def attraction(self, ratio: FloatArray) -> FloatArray:
        """Return v, (n, w, K), of today's visitors for ratios (n, w, K) or a ladder (K,); 0 where a
        good is not there."""
        now, products = self.now, self._columns[self.now.shelf]
        level = self._level[products] + self._today()[products] + now.interest[:, None] + now.liking
        slope = self.slope[products] * now.sensitivity[:, None]
        bend = self._bend[now.shelf][:, None, None]
        felt = np.where(np.abs(bend) < 1e-6, np.log(ratio), np.expm1(bend * np.log(ratio)) / bend)
        is_there = self._is_good[now.shelf] & self._there[products]
        return np.asarray(np.exp(level[..., None] - slope[..., None] * felt) * is_there[..., None])

    def _sweep(self, v: FloatArray) -> IntArray:
        """Return the price points (shelves, w) that are best for all visitors of today alike."""
        price_points = np.full(self._columns.shape, self.setting.rungs // 2)
        for shelf, products in enumerate(self._columns):
            those = self.now.shelf == shelf
            if those.any():
                margin = self.public[products][:, None] * (
                    self.ladder - self.cost[products][:, None]
                )
                price_points[shelf] = sweep_price_points(v[those], margin)
        return price_points

    def _pass_night(self) -> None:
        """Let rivals, drift and deliveries move: fate does not ask what was shown."""
        fate, has = self._fate, self.has
        self._gap = 0.93 * self._gap + fate.normal(0.0, 0.045, self.shelves)
        self._drifted = self._drifted + has.drift * fate.normal(size=self.shelves)
        luck = fate.random(self.setting.items)
        back = 1.0 / 3.0  # sold out for three days on average
        goes = back * has.gaps / max(1.0 - has.gaps, 1e-9)
        self._is_gone = np.where(self._is_gone, luck > back, luck < goes)

    def _products_there(self) -> BoolArray:
        is_new = self._comes_late & (self.visits_seen < self.setting.shift_after)
        return ~is_new & ~self._is_gone

    def _season(self) -> FloatArray:
        """Return today's logits of season by family."""
        angle = 2 * np.pi * self.day / PERIODS[:, None] + self._phase
        return np.asarray((self._amplitude * np.sin(angle)).sum(axis=0))

    def _rival_prices(self) -> FloatArray:
        prices = self.public * self._rival_usual * np.exp(self._gap[self._shelf_of])
        return np.where(self._has_rival, prices, np.nan)

    def _today(self) -> FloatArray:
        """Return what today adds to the level of each item, (m,)."""
        rival = np.where(self._has_rival, np.log(self._rival_usual), 0.0)
        rival = rival + self._has_rival * self._gap[self._shelf_of]
        today = (self._season() + self._drifted)[self._shelf_of]
        return np.asarray(today + self._rival_weight[self._shelf_of] * rival)

    def _draw(self, rng: np.random.Generator, size: int) -> Visitors:
        shelf = rng.choice(self.shelves, size, p=self._traffic_share)
        visits, deals = rng.poisson(3.0, size), rng.beta(2.0, 3.0, size)
        tenure, basket = rng.exponential(300.0, size), np.exp(rng.normal(3.5, 0.6, size))
        hours, channel = rng.uniform(0.0, 72.0, size), rng.choice(3, size, p=[0.4, 0.1, 0.5])
        bent = np.stack(
            [
                (visits / (visits + 2.0) - 0.55) / 0.2,  # saturates
                (np.log1p(tenure) - 5.1) / 1.3,
                np.where(hours < 24.0, 1.4, -0.7),  # a step
                (np.log(basket) - 3.5) / 0.6,
                np.where(deals > 0.5, 1.4, -0.6) + (deals - 0.4),  # a step on a slope
                np.array([0.8, -1.2, -0.4])[channel],
            ]
        )
        likes, minds = self._likes[shelf].T * bent, self._minds[shelf].T * bent
        interest = 0.7 * likes[0] + 0.4 * likes[1] + 0.4 * likes[2] + 0.5 * bent[0] * likes[5]
        steer = 0.7 * minds[4] - 0.4 * minds[3] + 0.35 * bent[4] * minds[0] - 0.25 * minds[5]
        unseen = self.has.hidden * rng.normal(size=size)
        features: dict[str, FeatureArray] = {
            "visits_30d": visits,
            "tenure_days": tenure,
            "hours_since": hours,
            "basket_value": basket,
            "deal_share": deals,
            "channel": CHANNELS[channel],
        }
        return Visitors(
            shelf=shelf,
            features=features,
            interest=self.has.bends * interest,
            sensitivity=np.exp(self.has.bends * steer + unseen),
            liking=self.has.taste * rng.normal(size=(size, self._columns.shape[1])),
            luck=self._luck.random(size),
        )

    def _reach_conversion(self, sample: Visitors) -> None:
        """Shift the level so that the sample converts as wanted at public prices."""
        self.now, self._there = sample, np.ones(self.setting.items, dtype=np.bool_)
        wanted = self.has.conversion
        for _ in range(60):
            v = self.attraction(np.ones(1))[..., 0].sum(axis=1)
            self._level = self._level + np.log(wanted / float(np.mean(v / (1.0 + v))))


def fill_shelves(sizes: tuple[int, ...], items: int) -> tuple[IntArray, BoolArray]:
    """Return which items stand on each shelf, (shelves, widest), and which places are taken.

    >>> columns, is_good = fill_shelves((2, 3), 6)
    >>> columns.tolist(), is_good.sum(axis=1).tolist()
    ([[0, 1, 0], [2, 3, 4], [5, 0, 0]], [2, 3, 1])
    """
    counts, left, sizes_again = [], items, cycle(sizes)
    while left > 0:
        counts.append(min(next(sizes_again), left))
        left -= counts[-1]
    is_good = np.arange(max(counts)) < np.array(counts)[:, None]
    columns = np.zeros(is_good.shape, dtype=np.int64)
    columns[is_good] = np.arange(items)
    return columns, is_good


_SOME = Shelves(evenness=1.5, spread=0.9, price_bend=1.0, hidden=0.15, taste=0.3)
SHELVES = {
    "wide_shelves": Shelves(sizes=(20,), bends=0.2),
    "bent_features": Shelves(bends=0.5),
    "bent_prices": Shelves(price_bend=2.0),
    "hidden_taste": Shelves(hidden=0.3, taste=0.7),
    "family_seasons": Shelves(season=0.4),
    "seasonal_history": Shelves(season=0.4, follows=True),
    "family_rivals": Shelves(rivals=3.0),
    "rare_goods": Shelves(evenness=0.7, spread=1.3),
    "new_goods": Shelves(newcomers=0.3),
    "gaps_in_stock": Shelves(gaps=0.15),
    "drifting_levels": Shelves(drift=0.05),
    "whole_shop": replace(_SOME, season=0.2, rivals=1.5, gaps=0.05, drift=0.02),
}
SHELF_WORLDS = {name: partial(ShelfMarket, has, name) for name, has in SHELVES.items()}
