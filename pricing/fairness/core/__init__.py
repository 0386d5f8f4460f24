"""Fairness of a model's prices: proxies of traits, and prices by group.

>>> from pricing.fairness.core.audit import audit_prices
>>> from pricing.fairness.core.groups import example_prices, read_traits
>>> rows = [(one, "household", "large" if one < 150 else "small") for one in range(300)]
>>> report = audit_prices({}, example_prices(300), read_traits(range(300), rows))
>>> [(group.group, group.members) for group in report.groups]
[('large', 150), ('small', 150)]
"""
