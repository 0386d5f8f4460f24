"""The choice model at the size of a whole shop: a night, a warm night, and a minute."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice import (
    Columns,
    Impressions,
    PricedVariants,
    add_usual,
    fit_choice,
    pack_fit,
    read_fit,
    serve_choice,
)
from pricing.learning.core.minutes import Alarms, learn_minute, place_in_fit
from pricing.optimum.core.signals import SignalWeights
from tests.benchmarks.measure import Figures

TARGETS = {
    "choice_first_night_seconds": ("<=", 60.0),
    "choice_night_seconds": ("<=", 60.0),
    "choice_minute_seconds": ("<=", 2.0),
    "choice_twenty_beside_seconds": ("<=", 10.0),
    "choice_peak_mib": ("<=", 2_048.0),
}
GOODS, CATEGORIES, FAMILIES, LARGEST, ROWS = 49_000, 2_000, 100, 325, 400_000
RESPONSE = (0.2, 0.1, 0.5, 0.0, 0.3)
MINUTE_SETS = 150


def measure() -> Figures:
    """Return seconds of a first night, of one from where the last ended, of a minute with what a
    day showed since (reading the night's arrays included), and of a refit of 100,000 visits to 20
    substitutes each."""
    rng = np.random.default_rng(0)
    category = np.sort(spread_products(rng))
    truth = rng.normal(-3.0, 0.6, GOODS), np.exp(rng.normal(np.log(2.5), 0.3, GOODS))
    seen, usual = add_usual(visit(rng, category, truth, ROWS))
    fit, first = _time(lambda: fit_choice(seen))
    again, night = _time(lambda: fit_choice(seen, start=fit))
    packed = pack_fit(again)
    new = visit(rng, category, truth, 10_000).take_sets(np.arange(MINUTE_SETS))
    served = serve_choice(
        again, seen, list_goods(category), day=90.0, days=28.0, weights=SignalWeights()
    )

    def learn() -> object:
        fit = read_fit(packed)
        return learn_minute(fit, served, place_in_fit(fit, new, usual), Alarms.nothing())

    _, minute = _time(learn)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    twenty = visit_all(rng, 20, 100_000)
    last = fit_choice(twenty.take_sets(np.arange(twenty.sets * 9 // 10)))
    _, refit = _time(lambda: fit_choice(twenty, start=last))
    return {
        "choice_rows": len(seen),
        "choice_goods": len(fit.tree.item),
        "choice_first_night_seconds": round(first, 1),
        "choice_night_seconds": round(night, 1),
        "choice_minute_seconds": round(minute, 2),
        "choice_stored_mib": round(sum(one.nbytes for one in packed.values()) / 2**20),
        "choice_peak_mib": round(peak / (1024 if sys.platform == "linux" else 1024**2)),
        "choice_twenty_beside_seconds": round(refit, 1),
    }


def spread_products(rng: np.random.Generator) -> IntArray:
    """Return the category of each good: many small ones, a few of LARGEST products."""
    share = rng.pareto(1.2, CATEGORIES) + 0.3
    size = np.minimum(1 + share / share.sum() * GOODS, LARGEST).astype(np.int64)
    while size.sum() < GOODS:
        size[rng.integers(0, CATEGORIES, GOODS - size.sum())] += 1
        size = np.minimum(size, LARGEST)
    return np.repeat(np.arange(CATEGORIES), size)[:GOODS]


def list_goods(category: IntArray) -> PricedVariants:
    """Return all products at their reference prices."""
    price = np.full(GOODS, 400.0)
    return PricedVariants(
        np.arange(GOODS), category, category % FAMILIES, price, price, np.full(GOODS, np.nan)
    )


def visit(
    rng: np.random.Generator, category: IntArray, truth: tuple[FloatArray, FloatArray], rows: int
) -> Impressions:
    """Return `rows` rows: pages of 1 to 24 products of one category, seen by some of 200 visits."""
    start = np.searchsorted(category, np.arange(CATEGORIES))
    size = np.bincount(category, minlength=CATEGORIES)
    of_set = category[rng.integers(0, GOODS, rows // 8)]
    wanted = np.minimum(rng.integers(1, 25, len(of_set)), size[of_set])
    sets = int(np.searchsorted(np.cumsum(wanted), rows))
    picked = zip(of_set[:sets].tolist(), wanted[:sets].tolist(), strict=True)
    item = np.concatenate([start[c] + rng.choice(size[c], k, replace=False) for c, k in picked])
    return _sell(rng, np.repeat(np.arange(sets), wanted[:sets]), item, category, truth)


def visit_all(rng: np.random.Generator, goods: int, visits: int) -> Impressions:
    """Return visits that saw all of `goods` substitutes, each visitor another one."""
    truth = rng.normal(-3.0, 0.6, goods), np.exp(rng.normal(np.log(2.5), 0.3, goods))
    item = np.tile(np.arange(goods), visits)
    none = np.zeros(goods, dtype=np.int64)
    return _sell(rng, np.repeat(np.arange(visits), goods), item, none, truth)


def _sell(
    rng: np.random.Generator,
    set_of: IntArray,
    item: IntArray,
    category: IntArray,
    truth: tuple[FloatArray, FloatArray],
) -> Impressions:
    sets = int(set_of[-1]) + 1
    level, slope = truth
    weight = rng.integers(1, 200, sets).astype(np.float64)
    price = np.log(rng.choice([0.85, 0.95, 1.0, 1.05, 1.15], len(item)))
    response = rng.random((sets, len(RESPONSE))) * (rng.random(sets) < 0.5)[:, None]
    boost = (1.0 + response @ RESPONSE)[set_of]
    grown = np.exp(level[item] - slope[item] * np.expm1(price) * boost)
    chance = grown / (1.0 + np.bincount(set_of, grown))[set_of]
    bought = rng.poisson(weight[set_of] * chance).astype(np.float64)
    weight = np.maximum(weight, np.bincount(set_of, bought))
    names = tuple("abcde")
    return Impressions.of(
        set_id=set_of,
        item=item,
        category=category[item],
        family=category[item] % FAMILIES,
        log_price=price,
        moved=price,
        bought=bought,
        weight=weight[set_of],
        day=rng.integers(0, 90, sets)[set_of],
        rival=np.where(rng.random(len(item)) < 0.7, np.nan, rng.normal(0.0, 0.1, len(item))),
        shopper=response[set_of],
        response=response[set_of],
        columns=Columns(shopper=names, response=names),
    )


def _time[T](work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    done = work()
    return done, time.perf_counter() - started
