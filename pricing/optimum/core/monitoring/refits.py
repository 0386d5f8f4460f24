"""A refit before it goes live: how far its prices are from those of the model in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.base.core.price_points import price_ladder


@dataclass(frozen=True, slots=True)
class RefitBounds:
    """What a refit may change by itself; beyond it people look at it first.

    `far_share` of variants may have a price more than one rung away, prices may differ by
    `price_p95` (log, 95th percentile over variants) and elasticities by `elasticity_median` (log);
    forecasts of held-out weeks may be worse by `worse_forecast` of the error of the model in use,
    90 % intervals hold `worse_coverage` less near .9. `shadow_gap` bounds the mean size (log)
    of the difference to the expected prices of decisions made lately, `lost_items` how many goods
    may lose a model of their own: sales that did not arrive look like that.
    """

    far_share: float = 0.05
    price_p95: float = 0.06
    elasticity_median: float = 0.20
    worse_forecast: float = 0.10
    worse_coverage: float = 0.05
    shadow_gap: float = 0.03
    lost_items: float = 0.20


USUAL = RefitBounds()


@dataclass(frozen=True, slots=True)
class RefitShift:
    """How a refit would change m variants: shares that move a rung and more, logs of price moves
    and of elasticities (absolute; median and 95th percentile)."""

    variants: int
    moved_share: float
    far_share: float
    price_median: float
    price_p95: float
    elasticity_median: float
    elasticity_p95: float

    def as_numbers(self) -> dict[str, float]:
        """Return the figures for a model's metrics."""
        return {name: round(float(value), 5) for name, value in asdict(self).items()}


def find_excess(code: str, value: float | None, limit: float) -> dict[str, Any] | None:
    """Return {code, value, limit} if `value` is beyond `limit`, None if it is not.

    What is no finite number is beyond every limit; its value is None then, as JSON knows no other.

    >>> find_excess("wmape", 0.4, 0.5), find_excess("wmape", float("nan"), 0.5)
    (None, {'code': 'wmape', 'value': None, 'limit': 0.5})
    """
    if value is None or not isfinite(value):
        return {"code": code, "value": None, "limit": round(limit, 4)}
    is_beyond = value > limit
    return {"code": code, "value": round(value, 4), "limit": round(limit, 4)} if is_beyond else None


def compare_refit(
    before: IntArray,
    after: IntArray,
    elasticities: tuple[FloatArray, FloatArray],
    exponent: int = 2,
) -> RefitShift:
    """Return how prices (m, P) and elasticity magnitudes (m,) of a refit differ from those before.

    A variant counts by the price of its P that moves furthest. Rungs are those of the ladder; a
    price between two of them stands on the lower one.

    >>> one = np.ones(2)
    >>> shift = compare_refit(np.array([[400], [399]]), np.array([[400], [369]]), (one, 1.1 * one))
    >>> shift.moved_share, shift.far_share, round(shift.elasticity_median, 4)
    (0.5, 0.5, 0.0953)
    """
    if not len(before):
        return RefitShift(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    ladder = price_ladder(exponent)
    place = (np.searchsorted(ladder, prices, side="right") for prices in (before, after))
    rungs = np.abs(np.subtract(*place)).max(axis=1)
    moves = np.abs(np.log(after / before)).max(axis=1)
    old, new = elasticities
    turned = np.abs(np.log(np.maximum(new, 1e-6) / np.maximum(old, 1e-6)))
    return RefitShift(
        variants=len(before),
        moved_share=float(np.mean(moves > 0)),
        far_share=float(np.mean(rungs > 1)),
        price_median=float(np.median(moves)),
        price_p95=float(np.percentile(moves, 95)),
        elasticity_median=float(np.median(turned)),
        elasticity_p95=float(np.percentile(turned, 95)),
    )


def judge_refit(
    shift: RefitShift,
    former: Mapping[str, Any],
    metrics: Mapping[str, Any],
    bounds: RefitBounds = USUAL,
) -> list[dict[str, Any]]:
    """Return what of a refit goes beyond its bounds: {code, value, limit} each, [] if nothing does.

    `former` and `metrics` are the figures of the model in use and of the refit: forecasts are
    compared where both have them. A value that is no finite number is None.

    >>> calm = RefitShift(10, 0.1, 0.0, 0.0, 0.02, 0.05, 0.3)
    >>> judge_refit(calm, {"wmape": 0.5}, {"wmape": 0.6})
    [{'code': 'wmape', 'value': 0.6, 'limit': 0.55}]
    """
    found = [
        find_excess(name, getattr(shift, name), getattr(bounds, name))
        for name in ("far_share", "price_p95", "elasticity_median")
    ]
    if metrics.get("items", 0) < (1.0 - bounds.lost_items) * former.get("items", 0):
        least = (1.0 - bounds.lost_items) * former["items"]
        found.append({"code": "items", "value": metrics.get("items", 0), "limit": least})
    for name in ("wmape", "deviance"):
        if former.get(name) and name in metrics:
            limit = (1.0 + bounds.worse_forecast) * former[name]
            found.append(find_excess(name, metrics[name], limit))
    if former.get("coverage_90") is not None and "coverage_90" in metrics:
        found.append(_find_coverage(former["coverage_90"], metrics["coverage_90"], bounds))
    return [one for one in found if one is not None]


def _find_coverage(former: float, held: float | None, bounds: RefitBounds) -> dict[str, Any] | None:
    """Return what is wrong with the share that 90 % intervals hold: too far from .9, either way."""
    limit = abs(former - 0.9) + bounds.worse_coverage
    distance = None if held is None else abs(held - 0.9)
    found = find_excess("coverage_90", distance, limit)
    if found is None:
        return None
    value = None if found["value"] is None else held
    return found | {"value": value, "limit": round(0.9 - limit, 4)}
