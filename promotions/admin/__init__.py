"""Staff tables of the promotions; Django looks for them here."""

from promotions.admin import (
    campaigns,
    code_imports,
    codes,
    groups,
    laws,
    offers,
    partners,
    points,
    pos,
    staff_tokens,
    terms,
)

__all__ = [
    "campaigns",
    "code_imports",
    "codes",
    "groups",
    "laws",
    "offers",
    "partners",
    "points",
    "pos",
    "staff_tokens",
    "terms",
]
