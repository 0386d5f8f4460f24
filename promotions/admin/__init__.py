"""Staff tables of the promotions; Django looks for them here."""

from promotions.admin import campaigns, coupons, offers, policy

__all__ = ["campaigns", "coupons", "offers", "policy"]
