"""Staff tables of the pricing room; Django looks for them here."""

from pricing.admin import changes, competitors, models, overrides, prices, quotes, rules

__all__ = ["changes", "competitors", "models", "overrides", "prices", "quotes", "rules"]
