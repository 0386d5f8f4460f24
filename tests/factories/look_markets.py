"""Goods whose slopes are known, and how often they were looked at and bought."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.look_cells import EVERYBODY, LookCells
from pricing.core.demand.look_logit import LookDemand, fit_looks, serve_looks
from pricing.core.demand.served import ServedDemand
from pricing.core.signals import SignalWeights

ITEMS, LISTED = 40, 1_000
# What weekly sales are taken to have said of every good.
WEEKLY = 1.5


def count(
    variant: IntArray,
    stratum: IntArray,
    price: IntArray,
    looks: FloatArray,
    bought: FloatArray,
    *,
    days: float = 7.0,
    usual: IntArray | None = None,
) -> LookCells:
    return LookCells.of(
        variant_id=variant,
        family_id=np.ones_like(variant),
        stratum=stratum,
        price_minor=price,
        usual=np.zeros_like(variant) if usual is None else usual,
        looks=looks,
        bought=bought,
        days=days,
    )


def make_market(seed: int, looks: float = 400.0) -> tuple[LookCells, FloatArray]:
    """Return cells of ITEMS goods at five prices, and their slopes."""
    rng = np.random.default_rng(seed)
    item, rung = (axis.ravel() for axis in np.meshgrid(np.arange(ITEMS), np.arange(5)))
    price = LISTED - 60 * rung
    slope = 3.0 + rng.normal(0.0, 0.8, ITEMS)
    level = -2.6 + rng.normal(0.0, 0.5, ITEMS)
    shown = rng.poisson(looks, len(item)).astype(np.float64)
    chance = expit(level[item] - slope[item] * (price / LISTED - 1.0))
    bought = rng.binomial(shown.astype(int), chance).astype(np.float64)
    return count(item, np.full(len(item), EVERYBODY), price, shown, bought), slope


def fit(cells: LookCells, weekly: float = WEEKLY) -> LookDemand:
    return fit_looks(cells, np.full(len(cells), float(LISTED)), np.full(len(cells), weekly))


def ask(
    model: LookDemand, price: float, weekly: float = WEEKLY
) -> tuple[FloatArray, FloatArray, FloatArray]:
    item, listed = np.arange(ITEMS), np.full(ITEMS, float(LISTED))
    return model.market(
        item, np.ones_like(item), np.full(ITEMS, price), listed, np.full(ITEMS, weekly)
    )


def serve(model: LookDemand, ids: IntArray, weekly: float = WEEKLY) -> ServedDemand:
    prices = np.full(len(ids), LISTED)
    return serve_looks(
        model,
        variant_id=ids,
        family_id=np.ones(len(ids), dtype=np.int64),
        price_minor=prices,
        reference_minor=prices,
        expected=np.full(len(ids), weekly),
        weights=SignalWeights(),
    )
