"""What a sale costs beside its unit cost where stock must last: a shadow price."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.demand.served import ServedDemand
from pricing.core.optimum.opportunity import stock_cost
from pricing.core.publish import reckoned_cost
from pricing.core.quote import VariantTerms
from pricing.core.values import Policy

WEEK_DAYS = 7.0
MOST_OF_PRICE = 0.98


def weekly_units(served: ServedDemand, terms: VariantTerms) -> FloatArray:
    """Return expected units a week at the public price now, (m,); NaN where never modelled.

    q = exp(base) (p / usual)^-e of the item's own fit.

    >>> from dataclasses import replace
    >>> from pricing.core.demand.served import example_served
    >>> from pricing.core.quote import example_terms
    >>> terms = replace(example_terms(), variant_id=np.array([7]), elasticity=np.array([2.0]))
    >>> weekly_units(example_served(), terms).round(2).tolist()
    [20.09]
    """
    units = np.full(len(terms), np.nan)
    if not len(served.variant_id):
        return units
    at = np.searchsorted(served.variant_id, terms.variant_id)
    at = np.minimum(at, len(served.variant_id) - 1)
    is_known = served.variant_id[at] == terms.variant_id
    away = np.log(terms.public_minor / served.usual_minor[at])
    expected = np.exp(served.base_log[at] - terms.elasticity * away)
    return np.where(is_known, expected, units)


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

    >>> from pricing.core.quote import example_terms
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
