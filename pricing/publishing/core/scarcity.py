"""Shadow price of stock that must last until the next delivery."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray
from pricing.base.core.values import Policy
from pricing.optimum.core.opportunity import stock_cost
from pricing.optimum.core.publish import reckoned_cost
from pricing.optimum.core.quote import VariantTerms

WEEK_DAYS = 7.0
MOST_OF_PRICE = 0.98


def scarce_cost(
    terms: VariantTerms,
    weekly: FloatArray,
    stock: FloatArray,
    policy: Policy,
    days: FloatArray | None = None,
) -> FloatArray:
    """Return the shadow price of stock that must last until it comes again, (m,) minor units.

    `weekly` units sell at the price now, `stock` are free to sell (NaN in either: no constraint).
    `days` until pieces come are those of the merchant, NaN where not known: then the policy's
    `restock_days`. Without `restock_days` nothing has to last.

    >>> from pricing.optimum.core.quote import example_terms
    >>> terms, one = example_terms(), np.ones(len(example_terms()))
    >>> by_policy = scarce_cost(terms, 7.0 * one, 3.0 * one, Policy(restock_days=14))
    >>> tomorrow = scarce_cost(terms, 7.0 * one, 3.0 * one, Policy(restock_days=14), one)
    >>> bool((by_policy > 0.0).all()), tomorrow.max().item()
    (True, 0.0)
    """
    if policy.restock_days == 0:
        return np.zeros(len(terms))
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    price = terms.public_minor.astype(np.float64)
    known = np.full(len(terms), np.nan) if days is None else days
    units = weekly * np.where(np.isfinite(known), known, policy.restock_days) / WEEK_DAYS
    return stock_cost(price, reckoned, terms.elasticity, units, stock)


def limit_cost(extra: FloatArray, terms: VariantTerms, policy: Policy) -> FloatArray:
    """Return additional costs (m,) that leave something to earn at the price now.

    A price at which nothing is earned could be weighed against no other.
    """
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    room = np.where(np.isfinite(reckoned), MOST_OF_PRICE * terms.public_minor - reckoned, 0.0)
    return np.minimum(extra, np.maximum(room, 0.0))
