"""Reads of the pricing room."""

from pricing.selectors.demand import demand_curve, list_model_versions
from pricing.selectors.prices import (
    current_public_prices,
    floor_minor,
    list_kill_switches,
    list_price_history,
    reference_price,
    resolve_jurisdiction,
)
from pricing.selectors.quotes import QuoteNotFound, get_quote

__all__ = [
    "QuoteNotFound",
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
