"""Settings of a simulated market: size, shopper heterogeneity, and the true parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri

from pricing.base.core.values import FloatArray

CALIBRATION = Path(__file__).with_name("calibration.json")
# The middle 80 % of a normal law is this many standard deviations wide.
_DECILES = 2.5631


@dataclass(frozen=True, slots=True)
class Setting:
    """Sizes and spreads of a market; prices are ratios to the public price unless said otherwise.

    The defaults are the reference setting of the targets: 50 items x 6 segments x 13 price points.
    With them, doing nothing earns about 0.86 of the clairvoyant profit if demand is logit and 0.71
    if its elasticity is constant.
    """

    items: int = 50
    segments: int = 6
    rungs: int = 13
    rung_step: float = 1.06  # each price point is 6 % above the one below; the middle one is public
    batch: int = 1_000  # visits a day
    conversion: float = 0.07  # share of visits that buy at public prices
    slope: float = 3.2  # median of -d logit(purchase) / d ratio
    item_spread: float = 0.34  # sd of log slopes between items
    segment_spread: float = 0.31  # sd of log slopes between segments
    cell_spread: float = 0.10  # sd of log slopes of one item in one segment beyond both
    interest_spread: float = 0.5  # sd of items' intercepts, in logits
    segment_interest: float = 0.4  # sd of segments' intercepts, in logits
    cost_share: float = 0.60  # mean unit cost as a share of the public price
    cost_spread: float = 0.05
    price_spread: float = 0.4  # sd of log public prices
    evenness: float = 5.0  # of traffic over items: Dirichlet concentration
    shift_after: int = 50_000  # visits until demand shifts, in the world where it does

    @property
    def ladder(self) -> FloatArray:
        """Return the feasible ratios to the public price, ascending, (price points,)."""
        return self.rung_step ** (np.arange(self.rungs) - self.rungs // 2).astype(float)


def read_calibration(path: Path = CALIBRATION) -> dict[str, Any]:
    """Return the figures that `manage.py calibrate_market` derived from a year of real sales."""
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return figures


def calibrate(setting: Setting, figures: dict[str, Any]) -> Setting:
    """Return `setting` with slopes, costs and prices as in a shop's own sales.

    At ratio 1 the elasticity of a logit is `slope * (1 - conversion)`. Log elasticities between
    the 10 % and 90 % quantile are read as a normal law, of which items take the part that
    segments do not. The cost is the one implied by an optimal price, 1 - 1 / elasticity (Rosse,
    "Estimating cost function parameters without using cost data", Econometrica 1970): sales data
    hold neither costs nor visits, so the conversion stays that of `setting`.
    """
    low, middle, high = (figures["elasticity"][name] for name in ("p10", "p50", "p90"))
    spread = float(np.log(high / low) / _DECILES)
    rest = spread**2 - setting.segment_spread**2 - setting.cell_spread**2
    return replace(
        setting,
        slope=middle / (1 - setting.conversion),
        item_spread=float(np.sqrt(max(rest, 0.0))),
        cost_share=figures["cost_share"],
        price_spread=figures["price_spread"],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What nobody in the market sees: I items, S segments, K price points."""

    intercept: FloatArray  # (I, S) logit of purchase at the public price
    slope: FloatArray  # (I, S) > 0
    popularity: FloatArray  # (I,) share of visits
    segment_share: FloatArray  # (S,)
    public: FloatArray  # (I,) public price, money
    cost: FloatArray  # (I,) as a share of the public price
    ladder: FloatArray  # (K,) ratios


def draw_truth(setting: Setting, rng: np.random.Generator) -> Truth:
    """Draw a market; the mean conversion at public prices is exactly `setting.conversion`."""
    shape = (setting.items, setting.segments)
    popularity = rng.dirichlet(np.full(setting.items, setting.evenness))
    segment_share = rng.dirichlet(np.full(setting.segments, 8.0))
    intercept = setting.interest_spread * shuffle_scores(shape[0], rng)[
        :, None
    ] + setting.segment_interest * shuffle_scores(shape[1], rng)
    log_slope = (
        setting.item_spread * shuffle_scores(shape[0], rng)[:, None]
        + setting.segment_spread * shuffle_scores(shape[1], rng)
        + rng.normal(0.0, setting.cell_spread, shape)
    )
    cost = rng.normal(setting.cost_share, setting.cost_spread, shape[0])
    weight = popularity[:, None] * segment_share
    return Truth(
        intercept=shift_to_conversion(intercept, weight, setting.conversion),
        slope=setting.slope * np.exp(log_slope),
        popularity=popularity,
        segment_share=segment_share,
        public=np.exp(np.log(5.0) + rng.normal(0.0, setting.price_spread, shape[0])),
        cost=np.clip(cost, 0.3, 0.9),
        ladder=setting.ladder,
    )


def shuffle_scores(count: int, rng: np.random.Generator) -> FloatArray:
    """Return normal scores (mean 0, sd 1) in random order.

    Every market has the same spread, only who has which value differs: with six segments drawn
    freely the seed would decide whether there is anything to learn.
    """
    if count == 1:
        return np.zeros(1)
    scores = ndtri((np.arange(count) + 0.5) / count)
    return rng.permutation(scores / scores.std())


def shift_to_conversion(logits: FloatArray, weight: FloatArray, conversion: float) -> FloatArray:
    """Return `logits` plus the constant that makes the weighted mean chance `conversion`."""
    shifted = logits + logit(conversion)
    for _ in range(60):
        shifted = shifted + logit(conversion) - logit(float(np.sum(weight * expit(shifted))))
    return shifted
