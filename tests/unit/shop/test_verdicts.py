"""A list of verdicts says once what many offers are refused for."""

from __future__ import annotations

import re

from django.template.loader import render_to_string
from django.utils.translation import override

from shop.doors.backoffice.rehearsals.previews import Verdict, fold_verdicts

CODE, AIM = "This offer needs a code.", "Add $4.00 more to get it."


def judge(number: int, text: str, *, gave: bool = False, is_draft: bool = False) -> Verdict:
    return Verdict(number, 100 + number, f"offer {number}", gave, text, is_draft)


def test_reasons_of_four_offers_or_more_are_folded() -> None:
    verdicts = [
        judge(1, CODE, is_draft=True),
        judge(2, "$2.00", gave=True),
        *(judge(10 + n, CODE) for n in range(90)),
        *(judge(200 + n, AIM) for n in range(3)),
        *(judge(300 + n, "$1.00", gave=True) for n in range(5)),
        *(judge(400 + n, "This offer starts on 2026-12-01.") for n in range(4)),
    ]
    rows = fold_verdicts(verdicts)
    assert [len(one.verdicts) for one in rows] == [*[1] * (2 + 3 + 5), 4, 90]
    assert [one.first.text for one in rows[-2:]] == ["This offer starts on 2026-12-01.", CODE]
    assert sorted(each.offer_id for row in rows for each in row.verdicts) == sorted(
        one.offer_id for one in verdicts
    )


def test_a_folded_row_names_every_offer_behind_its_count() -> None:
    rows = fold_verdicts([judge(1, "$2.00", gave=True), *(judge(10 + n, CODE) for n in range(90))])
    with override("en"):
        page = render_to_string("admin/parts/verdicts.html", {"verdicts": rows})
    assert len(re.findall("<tr", page)) == 1 + 2
    assert "<summary>90 offers</summary>" in page
    assert page.count(CODE) == 1
    assert page.count("<li>") == 90
