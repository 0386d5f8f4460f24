"""Log-polynomial demand: a price curve per category; any solver."""

from __future__ import annotations

from pricing.demand.core.kinds.linear import LinearDemand


class PolynomialDemand(LinearDemand):
    """Log sales cubic in log price, one curve per category: the slope may change along it.

    Nothing holds it monotone: outside the prices seen it may rise. `predict` returns sales per
    exposure: see `Prediction`.

    >>> PolynomialDemand().powers
    (1, 2, 3)
    """

    powers = (1, 2, 3)
