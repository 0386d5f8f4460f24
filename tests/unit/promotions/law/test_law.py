"""Twenty and more illegal drafts, each blocked by the rule it breaks, each beside a legal twin."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from promotions.law.core.depth import KINDS, LawRow, find_law
from promotions.law.core.drafts import Draft, Window, example_draft
from promotions.law.core.rules import RULES, judge_draft
from promotions.law.core.words import SENTENCES, explain_rule
from tests.factories.law_depths import DEPTHS
from tests.factories.law_drafts import CLOCK, LAW, SINGLE, STARTS

# rule, an illegal draft, its legal twin, and under which law
DRAFTS = (*SINGLE, *((*row, LAW) for row in DEPTHS))


@pytest.mark.parametrize(
    ("rule", "illegal", "legal", "law"), DRAFTS, ids=[f"{n}-{d[0]}" for n, d in enumerate(DRAFTS)]
)
def test_an_illegal_draft_is_blocked_and_its_twin_passes(
    rule: str, illegal: Draft, legal: Draft, law: LawRow
) -> None:
    found = judge_draft(illegal, law)
    assert [one.rule for one in found] == [rule]
    assert (found[0].place, found[0].source) == (law.code, "the law of the test")
    assert judge_draft(legal, law) == ()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("rule", "illegal", "law"), [(rule, illegal, law) for rule, illegal, _, law in DRAFTS]
)
def test_every_violation_is_said_with_what_to_do(
    rule: str, illegal: Draft, law: LawRow, language: str
) -> None:
    told = explain_rule(judge_draft(illegal, law)[0], language)
    assert all(told)
    assert not any(brace in text for text in told for brace in "{}")
    is_chinese = [any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in told]
    assert is_chinese == [language != "en"] * 2


def test_every_rule_has_a_draft_and_words_in_both_languages() -> None:
    names = {rule.__name__ for rule in RULES}
    assert len(DRAFTS) >= 20
    assert {rule for rule, *_ in DRAFTS} == names
    assert set(SENTENCES) == names


def test_laws_that_forbid_less_let_the_same_draft_pass() -> None:
    lax = LawRow(
        "US-other",
        pause_days=0,
        percent_is_claim=False,
        below_cost_allowed=True,
        banned_kinds=frozenset(),
    )
    drafts = {rule: illegal for rule, illegal, *_ in reversed(DRAFTS)}
    free = (
        "percent_not_from_reference",
        "window_without_pause",
        "timer_restarts",
        "below_cost",
        "banned_promotion",
        "terms_not_in_language",
    )
    assert [judge_draft(drafts[rule], lax) for rule in free] == [()] * len(free)


@pytest.mark.parametrize("is_claim", [True, False])
def test_where_no_rule_looks_at_references_they_change_nothing(*, is_claim: bool) -> None:
    looked, changed = 0, 0
    for _, illegal, legal, law in DRAFTS:
        place = replace(law, percent_is_claim=is_claim)
        for draft in (illegal, legal):
            prices = draft.goods.public_minor
            found = {
                str(
                    judge_draft(
                        replace(draft, goods=replace(draft.goods, reference_minor=each)), place
                    )
                )
                for each in (draft.goods.reference_minor, prices * 0 + 1, prices * 1_000)
            }
            was = draft.claims.was_minor is not None
            is_asked = place.looks_at_references(draft.audience, names_was=was)
            assert is_asked or len(found) == 1
            looked, changed = looked + is_asked, changed + (len(found) > 1)
    assert changed > 3
    assert (looked > 40) is is_claim


def test_an_unknown_place_or_day_gets_the_strictest_law() -> None:
    rows = [LawRow("UK", pause_days=28, valid_from=date(2025, 4, 6))]
    assert find_law(rows, ("GB", "UK"), date(2025, 4, 6)).pause_days == 28
    assert find_law(rows, ("GB", "UK"), date(2025, 4, 5)).code == "unknown"
    assert find_law(rows, ("BR",), date(2026, 1, 1)).code == "unknown"


def test_a_window_that_begins_later_is_no_restart() -> None:
    window = Window("next-time", STARTS + timedelta(days=1), STARTS + timedelta(days=5))
    assert judge_draft(example_draft(windows=(window,), claims=CLOCK), LAW) == ()


def test_the_document_lists_every_rule_and_kind_in_order() -> None:
    text = (Path(__file__).parents[4] / "docs/promotions-law.md").read_text()
    kinds, rules = (
        re.findall(
            r"^\| `(\w+)` \|",
            text.partition(f"\n## {name}\n")[2].partition("\n## ")[0],
            re.MULTILINE,
        )
        for name in ("How deep an offer goes", "Rules")
    )
    assert (kinds, rules) == (list(KINDS), [rule.__name__ for rule in RULES])
