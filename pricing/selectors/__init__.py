"""Reads of the pricing room."""

from pricing.selectors.demand import demand_curve
from pricing.selectors.prices import (
    active_policy,
    are_price_tests_off,
    current_public_prices,
    floor_minor,
    has_price_book,
    list_price_history,
    list_prices,
    list_ruled_places,
    reference_price,
    resolve_jurisdiction,
)
from pricing.selectors.proposals import (
    ProposalNotFound,
    count_proposals,
    get_proposal,
    list_overrides,
    list_proposals,
)
from pricing.selectors.quality import list_badges, list_quality
from pricing.selectors.quotes import QuoteNotFound, get_quote
from pricing.selectors.rules import list_kill_switches
from pricing.selectors.versions import list_model_versions

__all__ = [
    "ProposalNotFound",
    "QuoteNotFound",
    "active_policy",
    "are_price_tests_off",
    "count_proposals",
    "current_public_prices",
    "demand_curve",
    "floor_minor",
    "get_proposal",
    "get_quote",
    "has_price_book",
    "list_badges",
    "list_kill_switches",
    "list_model_versions",
    "list_overrides",
    "list_price_history",
    "list_prices",
    "list_proposals",
    "list_quality",
    "list_ruled_places",
    "reference_price",
    "resolve_jurisdiction",
]
