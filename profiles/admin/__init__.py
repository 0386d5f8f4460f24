"""Staff tables of the profiles; Django looks for them here."""

from profiles.admin import accounts, shoppers

__all__ = ["accounts", "shoppers"]
