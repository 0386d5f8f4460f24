"""Staff tables of the promotions; Django looks for them here."""

from promotions.admin import campaigns, coupons, offers

__all__ = ["campaigns", "coupons", "offers"]
