"""The law of promotions as rules: a draft in, the rules it would break out, in two languages."""

from promotions.campaigns.core.claims import Claims
from promotions.law.core.depth import LawRow, find_law
from promotions.law.core.drafts import CoveredVariants, Draft, Window
from promotions.law.core.rules import RULES, judge_draft
from promotions.law.core.words import Violation, explain_rule

__all__ = [
    "RULES",
    "Claims",
    "CoveredVariants",
    "Draft",
    "LawRow",
    "Violation",
    "Window",
    "explain_rule",
    "find_law",
    "judge_draft",
]
