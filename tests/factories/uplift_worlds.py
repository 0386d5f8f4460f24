"""Shoppers whose response to a discount is known, for uplift models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

FloatArray = NDArray[np.float64]
DEPTHS = np.array([0.05, 0.1, 0.15, 0.2, 0.25])
ARMS = np.concatenate([[0.0], DEPTHS])
CONTROL_SHARE = 0.2
FACE = 2.5  # the price of what is bought, in margins
LINKS = ("logit", "probit", "threshold")


@dataclass(frozen=True, slots=True)
class UpliftWorld:
    """n shoppers: features by name, the true chance to buy at each of ARMS (n, 6), the margin of
    what they would buy (n,), and a randomised trial: arm, depth, outcome and propensity, (n,)."""

    frame: dict[str, FloatArray]
    chance: FloatArray
    margin: FloatArray
    depth: FloatArray
    outcome: FloatArray
    propensity: FloatArray

    @property
    def uplift(self) -> FloatArray:
        """Return what each of DEPTHS adds, (n, 5)."""
        return self.chance[:, 1:] - self.chance[:, :1]


def make_world(shoppers: int, *, seed: int, link: str = "logit") -> UpliftWorld:
    """Return `shoppers` of a world.

    Who buys anyway and who listens to a discount depend on other features, on some of both, and
    not by straight lines. "logit": a discount moves log-odds evenly; "probit": the normal's
    quantile; "threshold": each shopper wakes up at a depth of their own (S-shaped).
    """
    rng = np.random.default_rng(seed)
    spend, orders = rng.lognormal(0.0, 0.8, shoppers), rng.poisson(2.0, shoppers).astype(float)
    frame = {
        "activity": rng.gamma(1.5, 1.0, shoppers),
        "spend": spend,
        "orders": orders,
        "purchases": orders * rng.gamma(4.0, 1.0, shoppers),
        "discounted": rng.beta(2.0, 3.0, shoppers),
        "offer_clicks": rng.poisson(0.7, shoppers).astype(float),
        "recency": rng.beta(2.0, 2.0, shoppers),
        "tenure_days": rng.uniform(0.0, 700.0, shoppers),
        "goods_affinity": rng.beta(1.2, 4.0, shoppers),
    }
    base = (
        -2.6
        + 0.9 * np.tanh(np.log(spend))
        + 0.35 * np.sqrt(orders)
        + 2.2 * frame["goods_affinity"]
        + 0.8 * (frame["recency"] - 0.5)
    )
    wish = (
        1.6 * (frame["discounted"] - 0.4)
        + 0.35 * np.minimum(frame["offer_clicks"], 3.0)
        - 0.45 * np.log(spend)
        + 1.5 * frame["goods_affinity"] * (frame["activity"] > 1.0)
        - 0.4 * (frame["tenure_days"] > 400.0)
    )
    chance = _respond(base, wish, link)
    arm = np.where(rng.random(shoppers) < CONTROL_SHARE, 0, rng.integers(1, len(ARMS), shoppers))
    rest = (1.0 - CONTROL_SHARE) / len(DEPTHS)
    return UpliftWorld(
        frame=frame,
        chance=chance,
        margin=np.exp(0.3 * np.log(spend) + 0.4 * rng.standard_normal(shoppers)) * 2.0,
        depth=ARMS[arm],
        outcome=(rng.random(shoppers) < chance[np.arange(shoppers), arm]).astype(float),
        propensity=np.where(arm == 0, CONTROL_SHARE, rest),
    )


def _respond(base: FloatArray, wish: FloatArray, link: str) -> FloatArray:
    slope = 5.0 * np.exp(0.7 * wish)
    if link == "logit":
        return np.asarray(expit(base[:, None] + slope[:, None] * ARMS))
    if link == "probit":
        return np.asarray(ndtr(0.6 * (base[:, None] + slope[:, None] * ARMS)))
    wakes = np.clip(0.18 - 0.05 * wish, 0.04, 0.3)[:, None]
    rise = expit((ARMS - wakes) / 0.03) - expit(-wakes / 0.03)
    stays = expit(base)[:, None]
    return np.asarray(stays + (1.0 - stays) * 0.35 * expit(wish - 0.3)[:, None] * rise)
