"""Staff tables of the pricing room; Django looks for them here."""

from pricing.admin import (
    audits,
    changes,
    competitors,
    contests,
    models,
    overrides,
    policies,
    prices,
    quotes,
    rollouts,
    rules,
    safety,
)

__all__ = [
    "audits",
    "changes",
    "competitors",
    "contests",
    "models",
    "overrides",
    "policies",
    "prices",
    "quotes",
    "rollouts",
    "rules",
    "safety",
]
