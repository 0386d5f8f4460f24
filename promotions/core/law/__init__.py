"""The law of promotions as rules: a draft in, the rules it would break out, in two languages."""

from promotions.core.law.claims import Claims
from promotions.core.law.drafts import Draft, Goods, Window
from promotions.core.law.judge import judge_draft
from promotions.core.law.places import LawRow, find_law
from promotions.core.law.rules import RULES
from promotions.core.law.words import Violation, explain_rule

__all__ = [
    "RULES",
    "Claims",
    "Draft",
    "Goods",
    "LawRow",
    "Violation",
    "Window",
    "explain_rule",
    "find_law",
    "judge_draft",
]
