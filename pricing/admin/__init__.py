"""Staff tables of the pricing room; Django looks for them here."""

from pricing.admin import changes, models, overrides, prices, quotes, rules

__all__ = ["changes", "models", "overrides", "prices", "quotes", "rules"]
