"""Markets without segments: continuous features, seasons, and substitutes shown together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent import Context, FeatureArray, Outcomes
from shop.lab.market import Insight, Settlement
from shop.lab.setting import Setting, draw_truth
from shop.lab.substitutes import choose_best_price_points
from shop.lab.worlds.substitutes import SubstituteMarket

CHANNELS = np.array(["app", "kiosk", "web"])


@dataclass(slots=True)
class Shoppers:
    """One batch: what an agent sees of n shoppers, and what they are."""

    family: IntArray  # (n,) which items they look at
    features: dict[str, FeatureArray]
    interest: FloatArray  # (n,) added to every intercept, logits
    sensitivity: FloatArray  # (n,) multiplies every slope
    luck: FloatArray  # (n,)


class BrowsingMarket(SubstituteMarket):
    """Each visit shows a family of substitutes; the shopper takes one or none (multinomial logit).

    v_j = exp(intercept_j + interest(x) + season - slope_j * sensitivity(x) * (ratio_j - 1)), the
    outside option has 1. Interest and sensitivity depend on five features through logarithms, an
    exponential and one product, so a model linear in the raw features is misspecified.
    """

    name: ClassVar[str] = "categories"
    family: ClassVar[int] = 5
    conversions: ClassVar[float] = 3.0  # times `setting.conversion`, of a whole family

    def __init__(self, setting: Setting, seed: int) -> None:
        """Draw the truth. `seed` fixes truth, traffic and luck, each by its own stream."""
        streams = [np.random.default_rng([seed, number]) for number in range(5)]
        truth_rng, self._traffic, self._luck, _, self._past = streams
        self.setting = setting
        truth = draw_truth(setting, truth_rng)
        self.families = -(-setting.items // self.family)
        self._of_item = np.arange(setting.items) // self.family
        self._popularity = np.bincount(self._of_item, weights=truth.popularity)
        self.public, self.cost, self.ladder = truth.public, truth.cost, truth.ladder
        self.slope = truth.slope.mean(axis=1)
        self._phase = truth_rng.uniform(0, 2 * np.pi, self.families)
        self._own = truth_rng.normal(0.0, 1.0, (2, self.families, 3))
        self._rungs = self.public[:, None] * self.ladder
        self.day = 0
        self.visits_seen = 0
        sample = self._draw(np.random.default_rng([seed, 9]), 2_000)
        self.intercept = self._reach_conversion(truth.intercept.mean(axis=1), sample)
        self._uniform = self._find_uniform(sample)
        self.now = sample

    def arrive(self) -> Context:
        """Return the next day's visits."""
        self.now = self._draw(self._traffic, self.setting.batch)
        return self.open_day(self.now.features, self._of_item == self.now.family[:, None])

    def settle(self, prices: FloatArray) -> Settlement:
        """Return choices and expected profits at `prices`."""
        items, season = self._items(), self._season()
        return self.settle_visits(
            prices,
            items,
            self.now.luck,
            lambda ratio: np.exp(self._index(self.now, items, season, ratio)),
        )

    def price(self, insight: Insight) -> FloatArray:
        """Return the prices of somebody who knows the truth, (n, m)."""
        prices = np.tile(self.public, (self.setting.batch, 1))
        rows, items = np.arange(len(prices))[:, None], self._items()
        if insight == "uniform":
            prices[rows, items] = self._rungs[items, self._uniform[items]]
        if insight == "clairvoyant":
            index = self._index(self.now, items, self._season(), self.ladder)
            margin = self.public[items][..., None] * (self.ladder - self.cost[items][..., None])
            price_points, _ = choose_best_price_points(np.exp(index), margin)
            prices[rows, items] = self._rungs[items, price_points]
        return prices

    def live_through(self, visits: int) -> Iterator[Outcomes]:
        """Yield logged history: each item on one of three price points a day, drawn by lot."""
        middle, reach = self.setting.rungs // 2, min(3, self.setting.rungs // 2)
        for _ in range(max(1, round(visits / self.setting.batch))):
            context = self.arrive()
            price_points = middle + reach * self._past.integers(-1, 2, self.setting.items)
            prices = self._rungs[np.arange(self.setting.items), price_points]
            yield self.settle(np.tile(prices, (context.shoppers, 1))).outcomes
        self.visits_seen = 0

    def _items(self) -> IntArray:
        """Return the items each shopper looks at, (n, family)."""
        first = self.now.family[:, None] * self.family
        return np.minimum(first + np.arange(self.family), self.setting.items - 1)

    def _draw(self, rng: np.random.Generator, size: int) -> Shoppers:
        family = rng.choice(self.families, size, p=self._popularity)
        visits, deals = rng.poisson(3.0, size), rng.beta(2.0, 3.0, size)
        recency, basket = rng.exponential(20.0, size), np.exp(rng.normal(3.5, 0.6, size))
        channel = rng.choice(3, size, p=[0.4, 0.1, 0.5])
        # Brought to mean about 0 and sd about 1 by the laws above.
        habit = (np.log1p(visits) - 1.28) / 0.5
        bargain = (deals - 0.4) / 0.2
        fresh = (np.exp(-recency / 14.0) - 0.41) / 0.3
        size_of_basket = (np.log(basket) - 3.5) / 0.6
        known = np.stack([habit, bargain, size_of_basket], axis=1)
        own = np.einsum("tnf,nf->tn", self._own[:, family], known)
        interest = 0.35 * habit + 0.25 * fresh - 0.15 * bargain
        interest += np.array([0.2, -0.3, 0.0])[channel] + 0.12 * own[0]
        steer = 0.30 * bargain - 0.18 * size_of_basket + 0.10 * habit * bargain + 0.06 * own[1]
        features: dict[str, FeatureArray] = {
            "visits_30d": visits,
            "deal_share": deals,
            "recency_days": recency,
            "basket_value": basket,
            "channel": CHANNELS[channel],
        }
        return Shoppers(family, features, interest, np.exp(steer), rng.random(size))

    def _season(self) -> FloatArray:
        """Return today's logits by family: a week and a quarter of a year."""
        week = 0.25 * np.sin(2 * np.pi * self.day / 7 + self._phase)
        return np.asarray(week + 0.20 * np.sin(2 * np.pi * self.day / 91 + self._phase))

    def _index(
        self, shoppers: Shoppers, items: IntArray, season: FloatArray, ratio: FloatArray
    ) -> FloatArray:
        """Return log v: (n, family) for ratios (n, family), (n, family, K) for a ladder (K,)."""
        level = self.intercept[items] + (shoppers.interest + season[shoppers.family])[:, None]
        slope = self.slope[items] * shoppers.sensitivity[:, None]
        if ratio.ndim == 1:
            level, slope = level[..., None], slope[..., None]
        return np.asarray(level - slope * (ratio - 1.0))

    def _reach_conversion(self, intercept: FloatArray, sample: Shoppers) -> FloatArray:
        """Return intercepts with which the sample converts as wanted at public prices."""
        self.intercept, self.now = intercept, sample
        items, wanted = self._items(), self.conversions * self.setting.conversion
        even = np.zeros(self.families)
        for _ in range(60):
            v = np.exp(self._index(sample, items, even, np.ones(items.shape))).sum(axis=1)
            share = float(np.mean(v / (1 + v)))
            self.intercept = self.intercept + np.log(wanted / share)
        return self.intercept

    def _find_uniform(self, sample: Shoppers) -> IntArray:
        """Return the best price point of each item for all shoppers of the sample alike: sweeps
        over the items of each family, one at a time, until nothing moves."""
        self.now = sample
        items = self._items()
        index = self._index(sample, items, np.zeros(self.families), self.ladder)
        margin = self.public[:, None] * (self.ladder - self.cost[:, None])
        price_points = np.full(self.setting.items, self.setting.rungs // 2)
        for family in range(self.families):
            those = sample.family == family
            if those.any():
                own = items[those][0]
                price_points[own] = sweep_price_points(np.exp(index[those]), margin[own])
        return price_points


class FeatureMarket(BrowsingMarket):
    """One item a visit, shoppers described by five features only."""

    name: ClassVar[str] = "features"
    family: ClassVar[int] = 1
    conversions: ClassVar[float] = 1.0


def sweep_price_points(attraction: FloatArray, margin: FloatArray, sweeps: int = 8) -> IntArray:
    """Return one price point per item, the same for all shoppers, by coordinate ascent.

    `attraction` (n, m, K) of multinomial logit, `margin` (m, K). Returns (m,).

    >>> sweep_price_points(np.array([[[0.5, 0.3], [0.4, 0.1]]]), np.array([[1.0, 2.0], [1.0, 2.0]]))
    array([1, 0])
    """
    m = attraction.shape[1]
    price_points = np.zeros(m, dtype=np.int64)
    for _ in range(sweeps):
        before = price_points.copy()
        for j in range(m):
            others = np.delete(np.arange(m), j)
            v = attraction[:, others, price_points[others]]
            earned = v @ margin[others, price_points[others]]
            profit = (earned[:, None] + attraction[:, j] * margin[j]) / (
                1 + v.sum(axis=1)[:, None] + attraction[:, j]
            )
            price_points[j] = int(profit.mean(axis=0).argmax())
        if np.array_equal(before, price_points):
            break
    return price_points
