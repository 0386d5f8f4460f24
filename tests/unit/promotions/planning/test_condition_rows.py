"""Conditions as rows: what a clause built is found again, and rows are changed one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.planning.core.builder.clauses import CLAUSES
from promotions.planning.core.builder.rows import (
    INSIDE,
    Row,
    add_row,
    find_clause,
    list_rows,
    remove_row,
    replace_row,
    walk_rows,
)

ANSWERS: dict[str, Any] = {
    "cart_value": 4000,
    "pieces": 3,
    "spent": 2000,
    "products": 3,
    "orders": 2,
    "days": 90,
    "goods": {"categories": [3], "brands": [5]},
    "segments": ["loyal"],
    "tags": ["weekend"],
    "tiers": ["gold"],
    "groups": ["student"],
    "newness": "new",
    "weekday": [6, 7],
    "from": "17:00",
    "until": "20:30",
    "channel": ["store"],
    "regions": ["US-NY"],
    "markets": ["us"],
    "codes": ["EARLY"],
}
MEMBER, FIRST, WORTH = {"member": True}, {"first_order": True}, {"cart_value": 4000}


@pytest.mark.parametrize("code", CLAUSES)
def test_a_built_condition_is_found_again(code: str) -> None:
    clause = CLAUSES[code]
    answers = {blank.name: ANSWERS[blank.name] for blank in clause.blanks}
    assert find_clause(Row(clause.build(answers))) == (clause, answers)


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ({"categories": [3]}, ["goods"]),
        ({"different_products": 3}, ["different_products"]),
        ({"orders": {"days": 90, "at_least": 1, "at_most": 3}}, ["orders", "orders_most"]),
        ({"not": {"all": [MEMBER, {"first_order": False}]}}, ["all", "member", "first_order"]),
        (
            {"all": [WORTH, {"any": [MEMBER, FIRST]}]},
            ["cart_value", "any", "member", "first_order"],
        ),
        ({"products": [4]}, [""]),
    ],
)
def test_a_stored_condition_is_read_as_rows(condition: dict[str, Any], codes: list[str]) -> None:
    rows = [row for _path, row in walk_rows(list_rows(condition))]
    found = [find_clause(row) for row in rows]
    assert [
        row.bracket or ("" if one is None else one[0].code)
        for row, one in zip(rows, found, strict=True)
    ] == codes


def test_rows_join_split_and_leave() -> None:
    either = add_row(WORTH, Row(MEMBER), joint="or", path=(0,))
    assert either == {"any": [WORTH, MEMBER]}
    both = add_row(either, Row(FIRST, is_opposite=True), joint="and", path=(0, 1))
    assert both == {"any": [WORTH, {"all": [MEMBER, {"not": FIRST}]}]}
    more = add_row(both, Row({"cart_quantity": 2}), joint=INSIDE, path=(0,))
    assert more == {"any": [*both["any"], {"cart_quantity": 2}]}
    assert remove_row(both, (0, 1, 1)) == either
    assert remove_row(both, (0, 0)) == {"all": [MEMBER, {"not": FIRST}]}
    assert remove_row(WORTH, (0,)) == {}
    assert replace_row(either, (0, 0), Row({"cart_value": 5000})) == {
        "any": [{"cart_value": 5000}, MEMBER]
    }
    assert add_row(WORTH, Row(MEMBER)) == {"all": [WORTH, MEMBER]}


def test_a_way_to_no_row_changes_nothing() -> None:
    assert remove_row({"all": [WORTH, MEMBER]}, (7,)) == {"all": [WORTH, MEMBER]}
