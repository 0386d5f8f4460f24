"""Staff tables of the promotions; Django looks for them here."""

from promotions.admin import (
    campaigns,
    code_imports,
    codes,
    coupons,
    groups,
    laws,
    offers,
    partners,
    points,
    policy,
    staff_tokens,
    terms,
    tills,
)

__all__ = [
    "campaigns",
    "code_imports",
    "codes",
    "coupons",
    "groups",
    "laws",
    "offers",
    "partners",
    "points",
    "policy",
    "staff_tokens",
    "terms",
    "tills",
]
