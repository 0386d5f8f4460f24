"""The interface of simulated markets, and markets whose visits are about one item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from scipy.special import expit

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.setting import Setting, Truth, draw_truth

Insight = Literal["clairvoyant", "uniform", "usual"]


class Settlement(NamedTuple):
    """What a batch of visits came to."""

    outcomes: Outcomes
    profit: FloatArray  # (n,) expected profit of each visit given its price, money


class Market(Protocol):
    """A market with known truth. One object is one run of history: it remembers what was shown.

    Two markets of the same name, setting and seed see the same shoppers with the same luck,
    whatever each is shown: differences between policies are differences of prices.
    """

    @property
    def name(self) -> str:
        """Return what the market is called."""
        ...

    def arrive(self) -> Context:
        """Return the next day's visits as an agent may see them."""
        ...

    def settle(self, prices: FloatArray) -> Settlement:
        """Return what the visits of the last `arrive` did at `prices` (n, m)."""
        ...

    def price(self, insight: Insight) -> FloatArray:
        """Return the prices (n, m) for those visits of somebody who knows the truth.

        `clairvoyant`: the best price point for each visit; `uniform`: the best price point that is
        the same for all shoppers at that moment; `usual`: the public price.
        """
        ...

    def live_through(self, visits: int) -> Iterator[Outcomes]:
        """Yield about `visits` visits of logged history, at the prices the shop set before."""
        ...


@dataclass(slots=True)
class Visits:
    """One batch in a market of single items: n visits, each to one item."""

    item: IntArray  # (n,)
    segment: IntArray  # (n,)
    luck: FloatArray  # (n,) uniform in [0, 1)


class SegmentMarket:
    """Visits to one item each, by shoppers of visible segments. Demand: `chance`."""

    name: ClassVar[str] = "logit"

    def __init__(self, setting: Setting, seed: int) -> None:
        """Draw the truth. `seed` fixes truth, traffic and luck, each by its own stream."""
        streams = [np.random.default_rng([seed, number]) for number in range(5)]
        self._truth_rng, self._traffic, self._luck, self._fate, self._past = streams
        self.setting = setting
        self.truth: Truth = draw_truth(setting, self._truth_rng)
        self.day = 0
        self.visits_seen = 0
        self._rungs = self.truth.public[:, None] * self.truth.ladder
        self._names = np.array([f"segment-{number}" for number in range(setting.segments)])
        self.now = Visits(*(np.empty(0, dtype=t) for t in (np.int64, np.int64, float)))

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability at `ratio`; the arguments are broadcast."""
        truth = self.truth
        return np.asarray(
            expit(truth.intercept[item, segment] - truth.slope[item, segment] * (ratio - 1.0))
        )

    def arrive(self) -> Context:
        """Return the next day's visits."""
        self._advance()
        size, truth = self.setting.batch, self.truth
        self.now = Visits(
            item=self._traffic.choice(len(truth.popularity), size, p=truth.popularity),
            segment=self._traffic.choice(len(truth.segment_share), size, p=truth.segment_share),
            luck=self._luck.random(size),
        )
        self._admit()
        context = self._describe()
        self.day += 1
        self.visits_seen += size
        return context

    def settle(self, prices: FloatArray) -> Settlement:
        """Return purchases and expected profits at `prices`."""
        visits, truth = self.now, self.truth
        rows = np.arange(len(visits.item))
        shown = np.asarray(prices, dtype=float)[rows, visits.item]
        if not np.all(np.isfinite(shown) & (shown > 0)):
            raise ValueError("a price shown must be a positive number")
        ratio = shown / truth.public[visits.item]
        chance = self.chance(visits.item, visits.segment, ratio) * self._is_willing(ratio)
        is_bought = visits.luck < chance
        is_served = self._serve(is_bought)
        is_bought &= is_served
        self._remember(ratio, is_bought)
        cost = truth.cost[visits.item] * truth.public[visits.item]
        chosen = np.where(is_bought, visits.item, -1)
        return Settlement(
            Outcomes(self._context, prices, chosen), chance * is_served * (shown - cost)
        )

    def price(self, insight: Insight) -> FloatArray:
        """Return the prices of somebody who knows the truth, (n, m)."""
        if insight == "usual":
            return np.broadcast_to(self.truth.public, (len(self.now.item), self.setting.items))
        price_points = (
            self.best_price_points() if insight == "clairvoyant" else self._uniform_price_points()
        )
        return self._show(price_points)

    def live_through(self, visits: int) -> Iterator[Outcomes]:
        """Yield logged history: each item on one of three price points a day, drawn by lot."""
        for _ in range(max(1, round(visits / self.setting.batch))):
            context = self.arrive()
            prices = self._rungs[np.arange(self.setting.items), self._past_price_points()]
            yield self.settle(np.tile(prices, (context.shoppers, 1))).outcomes
        self.visits_seen = 0

    def cell_profit(self) -> FloatArray:
        """Return the expected profit of a visit at each price point as a share of the public price,
        (I, S, K)."""
        items, segments, price_points = np.ogrid[
            : self.setting.items, : self.setting.segments, : self.setting.rungs
        ]
        ratio = self.truth.ladder[price_points]
        return self.chance(items, segments, ratio) * (ratio - self.truth.cost[items])

    def best_price_points(self) -> IntArray:
        """Return the price point for each visit."""
        return self.cell_profit().argmax(axis=2)[self.now.item, self.now.segment]

    def _uniform_price_points(self) -> IntArray:
        """Return the price point for each visit that is the same in all segments."""
        mean = np.einsum("isk,s->ik", self.cell_profit(), self.truth.segment_share)
        return mean.argmax(axis=1)[self.now.item]

    def _past_price_points(self) -> IntArray:
        """Return each item's price today in the logged past: 3 below, at, or 3 above public."""
        middle, reach = self.setting.rungs // 2, min(3, self.setting.rungs // 2)
        return middle + reach * self._past.integers(-1, 2, self.setting.items)

    def _show(self, rungs: IntArray) -> FloatArray:
        prices = np.tile(self.truth.public, (len(rungs), 1))
        prices[np.arange(len(rungs)), self.now.item] = self._rungs[self.now.item, rungs]
        return prices

    def _describe(self) -> Context:
        visits, truth = self.now, self.truth
        size = len(visits.item)
        offered = np.zeros((size, self.setting.items), dtype=bool)
        offered[np.arange(size), visits.item] = self._is_in_stock()[visits.item]
        self._context = Context(
            item_ids=np.arange(self.setting.items),
            public_prices=truth.public,
            costs=truth.cost * truth.public,
            features={"segment": self._names[visits.segment]},
            shoppers=size,
            time=float(self.day),
            competitor_prices=self._competitors(),
            stock=self._stock(),
            offered=offered,
            rungs=self._rungs,
        )
        return self._context

    # What a market may add; the plain one has none of it.

    def _advance(self) -> None:
        """Let a night pass: whatever changes by itself."""

    def _admit(self) -> None:
        """Change today's visits before anybody sees them."""

    def _competitors(self) -> FloatArray | None:
        return None

    def _stock(self) -> FloatArray | None:
        return None

    def _is_in_stock(self) -> BoolArray:
        return np.ones(self.setting.items, dtype=bool)

    def _is_willing(self, ratio: FloatArray) -> BoolArray:
        return np.ones(len(self.now.item), dtype=bool)

    def _serve(self, is_bought: BoolArray) -> BoolArray:
        """Return which visits find the item still there, in order of arrival."""
        return np.ones(len(is_bought), dtype=bool)

    def _remember(self, ratio: FloatArray, is_bought: BoolArray) -> None:
        """Let what was shown and bought change the days to come."""


class Insider:
    """An agent that knows the market: the clairvoyant, the best uniform price, or no change."""

    def __init__(self, market: Market, insight: Insight) -> None:
        """Price with `insight` in `market`, which must be the very one that is run."""
        self._market, self._insight = market, insight

    def propose(self, context: Context) -> Proposal:
        """Return the insider's prices, certain."""
        prices = self._market.price(self._insight)
        return Proposal(prices, np.ones((context.shoppers, context.items)))

    def observe(self, outcomes: Outcomes) -> None:
        """Learn nothing: everything is known."""
