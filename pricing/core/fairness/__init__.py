"""Fairness of a model's prices: can traits be told from them, and what do groups pay?

>>> from pricing.core.fairness import FairnessLimits, audit_prices, example_prices, read_traits
>>> rows = [(one, "household", "large" if one < 150 else "small") for one in range(300)]
>>> report = audit_prices({}, example_prices(300), read_traits(range(300), rows))
>>> [(group.group, group.members) for group in report.groups]
[('large', 150), ('small', 150)]
"""

from pricing.core.fairness.audit import STOPPING, FairnessReport, Finding, audit_prices
from pricing.core.fairness.groups import GroupPrices, PaidPrices, Ratio, example_prices
from pricing.core.fairness.limits import FairnessLimits
from pricing.core.fairness.proxy import Area
from pricing.core.fairness.traits import Trait, read_traits

__all__ = [
    "STOPPING",
    "Area",
    "FairnessLimits",
    "FairnessReport",
    "Finding",
    "GroupPrices",
    "PaidPrices",
    "Ratio",
    "Trait",
    "audit_prices",
    "example_prices",
    "read_traits",
]
