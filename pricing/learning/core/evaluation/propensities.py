"""Outcome model of the DR estimator: cross-fitted purchase probability at each price point."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray


def cross_fit_chances(
    features: FloatArray,
    log_ratio: FloatArray,
    *,
    chosen: IntArray,
    bought: BoolArray,
    cluster: IntArray,
    folds: int = 5,
) -> FloatArray:
    """Return the chance to buy at each rung, (n, k), from a logit fitted on other clusters.

    `features` (n, d) describe the moment, `log_ratio` (n, k) = log(rung / public price), `chosen`
    (n,) is the rung shown. The logit has the features, the log price ratio and their products, so
    that price response may differ by shopper; it is penalised (C = 1 on standardised columns). DR
    needs it to be neither right nor unbiased, only not to have seen the rewards it predicts
    (cross-fitting, Chernozhukov et al. 2018). Where a fold bought nothing, or always, its mean.

    >>> rng = np.random.default_rng(1)
    >>> x, ladder = rng.normal(size=(4_000, 1)), np.tile([0.0, -0.1], (4_000, 1))
    >>> chosen = rng.integers(0, 2, 4_000)
    >>> bought = rng.random(4_000) < np.where(chosen == 1, 0.4, 0.2)
    >>> found = cross_fit_chances(
    ...     x, ladder, chosen=chosen, bought=bought, cluster=np.arange(4_000)
    ... )
    >>> found.mean(axis=0).round(1).tolist()
    [0.2, 0.4]
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only workers that train load it
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415  # only workers that train load it
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  # only workers that train load it

    n, k = log_ratio.shape
    chance = np.empty((n, k))
    x = StandardScaler().fit_transform(features)
    shown = log_ratio[np.arange(n), chosen]
    spread = float(shown.std()) or 1.0
    groups = len(np.unique(cluster))
    if groups < 2:
        return np.full((n, k), float(bought.mean()))
    for fit, rest in GroupKFold(min(folds, groups)).split(x, groups=cluster):
        if bought[fit].all() or not bought[fit].any():
            chance[rest] = float(bought[fit].mean())
            continue
        model = LogisticRegression(C=1.0, max_iter=200)
        model.fit(_design(x[fit], shown[fit] / spread), bought[fit])
        for column in range(k):
            design = _design(x[rest], log_ratio[rest, column] / spread)
            chance[rest, column] = model.predict_proba(design)[:, 1]
    return chance


def _design(x: FloatArray, price: FloatArray) -> FloatArray:
    return np.concatenate([x, price[:, None], x * price[:, None]], axis=1)
