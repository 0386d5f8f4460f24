"""Rules in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotions.core.law import words_en, words_zh


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule a draft breaks in `place`; `detail` fills its sentences.

    `variant_ids` are the goods concerned, ascending; none where it is not about goods.
    """

    rule: str
    place: str
    source: str = ""
    detail: Mapping[str, str | int | float] = field(default_factory=dict)
    variant_ids: tuple[int, ...] = field(default=(), compare=False, repr=False)


def explain_rule(violation: Violation, language: str) -> tuple[str, str]:
    """Return the rule and what to do, as sentences in `language` ("zh..." or anything else).

    >>> explain_rule(Violation("personal_not_allowed", "unknown"), "en")[0]
    'This place allows no personal prices or discounts.'
    """
    words = words_zh.WORDS if language.startswith("zh") else words_en.WORDS
    rule, remedy = words[violation.rule]
    return rule.format(**violation.detail), remedy.format(**violation.detail)
