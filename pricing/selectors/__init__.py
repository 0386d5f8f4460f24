"""Reads of the pricing room."""

from pricing.selectors.demand import demand_curve
from pricing.selectors.prices import (
    active_policy,
    current_public_prices,
    floor_minor,
    list_price_history,
    reference_price,
    resolve_jurisdiction,
)
from pricing.selectors.quotes import QuoteNotFound, get_quote
from pricing.selectors.rules import list_kill_switches
from pricing.selectors.versions import list_model_versions

__all__ = [
    "QuoteNotFound",
    "active_policy",
    "current_public_prices",
    "demand_curve",
    "floor_minor",
    "get_quote",
    "list_kill_switches",
    "list_model_versions",
    "list_price_history",
    "reference_price",
    "resolve_jurisdiction",
]
