"""A market written apart from ours: other curves, other features, substitutes, unseen tastes."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, PricingAgent

LADDER = np.linspace(0.70, 1.0, 13)


class OutsideMarket:
    """Families of three substitutes. Shoppers' hidden taste for one of them, a weekly season and a
    competitor move utility; the response to log price is a logistic curve of age and basket."""

    def __init__(self, seed: int, items: int = 12, shoppers: int = 1_000) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.items, self.shoppers, self.day = items, shoppers, 0
        self.public = np.exp(rng.normal(2.0, 0.7, items))
        self.cost = self.public * rng.uniform(0.35, 0.6, items)
        self.appeal = rng.normal(-3.0, 0.5, items)
        self.steepness = rng.uniform(0.8, 1.3, items)
        self.family = np.arange(items) // 3

    def arrive(self) -> Context:
        rng, n = self.rng, self.shoppers
        self.age = rng.normal(45.0, 14.0, n)
        self.basket = rng.gamma(2.0, 20.0, n)
        self.plan = rng.choice(["none", "plus", "pro"], n, p=[0.6, 0.3, 0.1])
        self.taste = rng.gumbel(0.0, 0.4, (n, self.items))
        self.rival = np.where(
            rng.random(self.items) < 0.3, np.nan, self.public * rng.uniform(0.8, 1.2, self.items)
        )
        self.day += 1
        return Context(
            item_ids=np.arange(self.items) + 100,
            public_prices=self.public,
            costs=self.cost,
            features={
                "age": np.where(rng.random(n) < 0.1, np.nan, self.age),
                "basket": self.basket,
                "plan": self.plan,
                "noise": rng.normal(size=n),
            },
            shoppers=n,
            time=float(self.day),
            competitor_prices=self.rival,
            offered=self.family == rng.integers(0, self.items // 3, n)[:, None],
        )

    def utility(self, context: Context, prices: FloatArray) -> FloatArray:
        """Return (n, m, ...) for prices (n, m, ...) or (m, k), -inf where not offered."""
        bargain = 1.0 / (1.0 + np.exp(-(45.0 - self.age) / 10.0 - 0.6 * (self.plan == "none")))
        slope = (1.2 + 4.5 * bargain) * np.where(self.basket > 60.0, 0.7, 1.0)
        ratio = prices / (self.public[:, None] if prices.ndim == 3 else self.public)
        gap = np.nan_to_num(np.log(self.rival / self.public))
        level = self.appeal + 0.8 * gap + 0.3 * np.sin(2 * np.pi * self.day / 7) + self.taste
        level = level + 0.3 * (self.plan == "pro")[:, None]
        response = slope[:, None] * self.steepness
        if prices.ndim == 3:
            utility = level[..., None] - response[..., None] * np.log(ratio)
            return np.where(context.is_offered()[..., None], utility, -np.inf)
        return np.where(context.is_offered(), level - response * np.log(ratio), -np.inf)

    def earn(self, context: Context, prices: FloatArray) -> FloatArray:
        """Return the expected profit of each visit."""
        odds = np.exp(self.utility(context, prices))
        margin = np.where(context.is_offered(), prices - self.cost, 0.0)
        return (odds * margin).sum(axis=1) / (1.0 + odds.sum(axis=1))

    def choose(self, context: Context, prices: FloatArray) -> IntArray:
        odds = np.exp(self.utility(context, prices))
        reached = np.cumsum(odds / (1.0 + odds.sum(axis=1, keepdims=True)), axis=1)
        luck = self.rng.random(len(prices))[:, None]
        return np.where((luck < reached).any(axis=1), (luck < reached).argmax(axis=1), -1)

    def price_knowingly(self, context: Context) -> FloatArray:
        """Return the best discounts of who knows everything but the hidden taste of the moment."""
        taste, self.taste = self.taste, np.full_like(self.taste, 0.23)
        ladder = np.tile(self.public[:, None] * LADDER, (len(taste), 1, 1))
        odds, profit = np.exp(self.utility(context, ladder)), np.zeros((len(taste), 1, 1))
        margin = ladder - self.cost[:, None]
        for _ in range(6):
            best = ((margin - profit) * odds).argmax(axis=2)[..., None]
            mine, earned = (np.take_along_axis(part, best, 2) for part in (odds, odds * margin))
            profit = earned.sum(axis=1, keepdims=True) / (1.0 + mine.sum(axis=1, keepdims=True))
        self.taste = taste
        return np.take_along_axis(ladder, best, 2)[..., 0]


def run_outside(agent: PricingAgent, *, seed: int, days: int, warm_days: int) -> dict[str, float]:
    """Return the profit of the agent, of no change, of the best uniform discount, and knowingly."""
    market = OutsideMarket(seed)
    for _ in range(warm_days):
        context = market.arrive()
        day = market.public * market.rng.choice([0.8, 0.9, 1.0], market.items)
        prices = np.tile(day, (context.shoppers, 1))
        agent.observe(Outcomes(context, prices, market.choose(context, prices)))
    sums = {"agent": 0.0, "usual": 0.0, "known": 0.0}
    uniform = np.zeros(len(LADDER))
    for _ in range(days):
        context = market.arrive()
        proposal = agent.propose(context)
        public = np.tile(market.public, (context.shoppers, 1))
        sums["agent"] += market.earn(context, proposal.prices).sum()
        sums["usual"] += market.earn(context, public).sum()
        sums["known"] += market.earn(context, market.price_knowingly(context)).sum()
        uniform += [market.earn(context, public * share).sum() for share in LADDER]
        agent.observe(Outcomes(context, proposal.prices, market.choose(context, proposal.prices)))
    return sums | {"uniform": float(uniform.max())}
