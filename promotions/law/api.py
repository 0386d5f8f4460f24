"""The door of `law`, the only module of it that others import.

What the law of a place forbids of promotions, and the evidence.
"""

from promotions.law.core.claimed import protected_word
from promotions.law.core.depth import find_law
from promotions.law.core.rules import RULES
from promotions.law.core.words import Violation, explain_rule, title_rule
from promotions.law.selectors.products import covered_by
from promotions.law.selectors.violations import (
    FLOOR_RULES,
    HELD_IN_CARTS,
    PROMISES,
    Forbidden,
    find_forbidden,
    find_personal_cap,
    find_personal_rule,
    judge_campaign,
    label_personal,
    list_markets,
    list_reached_places,
    list_violations,
    load_laws,
    measure_reach,
)

__all__ = [
    "FLOOR_RULES",
    "HELD_IN_CARTS",
    "PROMISES",
    "RULES",
    "Forbidden",
    "Violation",
    "covered_by",
    "explain_rule",
    "find_forbidden",
    "find_law",
    "find_personal_cap",
    "find_personal_rule",
    "judge_campaign",
    "label_personal",
    "list_markets",
    "list_reached_places",
    "list_violations",
    "load_laws",
    "measure_reach",
    "protected_word",
    "title_rule",
]
