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
    pos,
    staff_tokens,
    terms,
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
    "pos",
    "staff_tokens",
    "terms",
]
