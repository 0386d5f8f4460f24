"""Judge a draft under the laws of every place it reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from promotions.core.law.details import WHERE
from promotions.core.law.drafts import Draft
from promotions.core.law.places import LawRow
from promotions.core.law.rules import RULES
from promotions.core.law.words import Violation


def judge_draft(draft: Draft, law: LawRow) -> tuple[Violation, ...]:
    """Return every rule that `draft` breaks under `law`, in the order of RULES; none: lawful.

    >>> from promotions.core.law.drafts import example_draft
    >>> judge_draft(example_draft(percent=10), LawRow("EU"))
    ()
    >>> [one.rule for one in judge_draft(example_draft(audience="personal", percent=40),
    ...                                  LawRow("EU"))]
    ['personal_above_cap']
    """
    found: list[Violation] = []
    for rule in RULES:
        detail = rule(draft, law)
        if detail is not None:
            said = {word: value for word, value in detail.items() if word != WHERE}
            goods = draft.goods.variant_id[detail[WHERE]].tolist() if WHERE in detail else ()
            found.append(Violation(rule.__name__, law.code, law.source, said, tuple(goods)))
    return tuple(found)


def merge_violations(found: Iterable[Violation]) -> tuple[Violation, ...]:
    """Return each rule once, with the first place it was broken in and the goods of all places.

    >>> merge_violations([Violation("a", "EU"), Violation("a", "DE")])
    (Violation(rule='a', place='EU', source='', detail={}),)
    """
    kept: dict[str, Violation] = {}
    goods: dict[str, set[int]] = {}
    for one in found:
        kept.setdefault(one.rule, one)
        goods.setdefault(one.rule, set()).update(one.variant_ids)
    return tuple(replace(one, variant_ids=tuple(sorted(goods[rule]))) for rule, one in kept.items())
