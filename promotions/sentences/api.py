"""The door of `sentences`, the only module of it that others import.

An offer said in words, English and Chinese.
"""

from promotions.sentences.core.changes import describe_change, describe_fault, order_changes
from promotions.sentences.core.conditions import say_condition
from promotions.sentences.core.plans import (
    GOAL_OF,
    Answers,
    Blank,
    Plan,
    Template,
    make_offer,
    make_snapshot,
    write_moment,
    write_percent,
)
from promotions.sentences.core.sentences import say_offer
from promotions.sentences.core.words import MOST_NAMED, Lexicon, list_ids, say_products
from promotions.sentences.selectors import (
    list_offer_terms,
    name_deals,
    name_filled,
    say_terms,
    speak,
)

__all__ = [
    "GOAL_OF",
    "MOST_NAMED",
    "Answers",
    "Blank",
    "Lexicon",
    "Plan",
    "Template",
    "describe_change",
    "describe_fault",
    "list_ids",
    "list_offer_terms",
    "make_offer",
    "make_snapshot",
    "name_deals",
    "name_filled",
    "order_changes",
    "say_condition",
    "say_offer",
    "say_products",
    "say_terms",
    "speak",
    "write_moment",
    "write_percent",
]
