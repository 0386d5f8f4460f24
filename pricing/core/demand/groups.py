"""Elasticities of groups of shoppers: how much steeper or flatter theirs is than everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray

STEPS, SETTLED = 30, 1e-9
# Below this groups are taken to differ by no more than that, whatever few sales say.
LEAST_SPREAD = 0.05
Z_90 = 1.645


@dataclass(frozen=True, slots=True)
class GroupElasticities:
    """Elasticities d ln q / d ln p (G,), negative, with 90 % intervals; `units` (G,) they rest on.

    `difference` (G,) is how much steeper (above 0) the group is than the rest, after shrinkage.
    """

    elasticity: FloatArray
    low: FloatArray
    high: FloatArray
    units: FloatArray
    difference: FloatArray


def group_elasticities(
    log_price: FloatArray,
    own: FloatArray,
    total: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
) -> GroupElasticities:
    """Return elasticities of G groups of shoppers from N items in T weeks.

    `log_price` (N, T) is centred on the item's usual one, `own` (G, N, T) are units of each group
    (groups may overlap), `total` (N, T) those of all shoppers, `elasticity` and `elasticity_sd`
    (N,) the magnitudes for everybody. Given that n_it units were sold, those of group g are
    binomial with

        logit p = a_ig - d_g x_it,    x = log price,

    so season, stock, promotion and the common elasticity e_i cancel (conditional logit, McFadden
    1974). A group with share s_i of the units then has e_i + (1 - s_i) d_g. d is shrunk to 0 by
    t / (t + se^2), t the method-of-moments variance between groups (DerSimonian and Laird 1986).

    >>> rng = np.random.default_rng(0)
    >>> x = rng.choice([0.0, -0.2], size=(80, 40))
    >>> calm, keen = (rng.poisson(30 * np.exp(-e * x)).astype(float) for e in (1.5, 2.5))
    >>> found = group_elasticities(
    ...     x, np.stack([calm, keen]), calm + keen, np.full(80, 2.0), np.full(80, 0.1))
    >>> bool(np.abs(found.elasticity - [-1.5, -2.5]).max() < 0.1)
    True
    """
    slopes = [_fit_difference(log_price, one, total) for one in own]
    raw, se = (np.array(column, dtype=np.float64) for column in zip(*slopes, strict=True))
    between = max(_spread_between(raw, se), LEAST_SPREAD**2)
    trust = between / (between + se**2)
    difference, variance = trust * raw, trust * se**2
    units = own.sum(axis=2)
    weight = units / np.maximum(units.sum(axis=1, keepdims=True), 1.0)
    share = units / np.maximum(total.sum(axis=1), 1.0)
    reach = (weight * (1.0 - share)).sum(axis=1)
    mean = weight @ elasticity + reach * difference
    # What items share through their families is not averaged away: half the variance is theirs.
    common = 0.5 * (weight**2 @ elasticity_sd**2) + 0.5 * (weight @ elasticity_sd) ** 2
    half = Z_90 * np.sqrt(common + reach**2 * variance)
    return GroupElasticities(
        elasticity=-mean,
        low=-mean - half,
        high=np.minimum(half - mean, 0.0),
        units=units.sum(axis=1),
        difference=difference,
    )


def describe_groups(
    codes: Sequence[str],
    shoppers: Sequence[int],
    found: GroupElasticities,
    causal_units: FloatArray,
) -> list[dict[str, Any]]:
    """Return one row per group for a model's metrics, steepest first.

    `causal_units` (G,) of its units are of items whose elasticity randomised prices back.

    >>> one = np.array([1.0])
    >>> found = GroupElasticities(-2 * one, -3 * one, -one, 50 * one, 0 * one)
    >>> describe_groups(["keen"], [30], found, 10 * one)[0]["causal_share"]
    0.2
    """
    rows: list[dict[str, Any]] = []
    for at in np.argsort(found.elasticity, kind="stable").tolist():
        units = float(found.units[at])
        rows.append(
            {
                "code": codes[at],
                "shoppers": shoppers[at],
                "units": round(units),
                "elasticity": round(float(found.elasticity[at]), 4),
                "low": round(float(found.low[at]), 4),
                "high": round(float(found.high[at]), 4),
                "difference": round(float(found.difference[at]), 4),
                "causal_share": round(float(causal_units[at]) / max(units, 1.0), 4),
            }
        )
    return rows


def _fit_difference(x: FloatArray, own: FloatArray, total: FloatArray) -> tuple[float, float]:
    """Return d and its standard error; item levels are profiled out, clumps widen the error."""
    rest = total - own
    says = (own.sum(axis=1) > 0) & (rest.sum(axis=1) > 0)
    if not says.any():
        return 0.0, 1e3
    x, own, total = x[says], own[says], total[says]
    level = np.log(own.sum(axis=1)) - np.log(rest[says].sum(axis=1))
    d = 0.0
    for _ in range(STEPS):
        chance = expit(level[:, None] - d * x)
        excess, weight = own - total * chance, total * chance * (1.0 - chance)
        by_level = np.maximum(weight.sum(axis=1), 1e-9)
        cross = -(weight * x).sum(axis=1)
        information = (weight * x**2).sum() - (cross**2 / by_level).sum() + 1e-9
        score = -(excess * x).sum() - (cross * excess.sum(axis=1) / by_level).sum()
        step = float(np.clip(score / information, -1.0, 1.0))
        move = (excess.sum(axis=1) - cross * step) / by_level
        d, level = d + step, level + np.clip(move, -2.0, 2.0)
        if abs(step) < SETTLED:
            break
    free = max(int((total > 0).sum()) - len(level) - 1, 1)
    pearson = (excess**2 / np.maximum(weight, 0.05)).sum() / free
    return d, float(np.sqrt(max(pearson, 1.0) / information))


def _spread_between(value: FloatArray, se: FloatArray) -> float:
    """Return the variance of the true values around their mean, by the method of moments."""
    precision = se**-2.0
    mean = (precision * value).sum() / precision.sum()
    excess = (precision * (value - mean) ** 2).sum() - (len(value) - 1)
    scale = precision.sum() - (precision**2).sum() / precision.sum()
    return max(0.0, float(excess / scale)) if scale > 0 else 0.0
