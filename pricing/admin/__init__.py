"""Staff tables of the pricing room; Django looks for them here."""

from pricing.admin import models, prices, quotes, rules

__all__ = ["models", "prices", "quotes", "rules"]
