"""Staff tables of the profiles; Django looks for them here."""

from profiles.admin import accounts, reviews, shoppers

__all__ = ["accounts", "reviews", "shoppers"]
