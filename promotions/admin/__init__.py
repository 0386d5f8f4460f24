"""Staff tables of the promotions; Django looks for them here."""

from promotions.admin import (
    campaigns,
    codes,
    coupons,
    groups,
    laws,
    offers,
    partners,
    points,
    policy,
    terms,
)

__all__ = [
    "campaigns",
    "codes",
    "coupons",
    "groups",
    "laws",
    "offers",
    "partners",
    "points",
    "policy",
    "terms",
]
