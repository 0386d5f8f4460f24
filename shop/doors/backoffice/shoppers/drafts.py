"""The rule of a segment as its form sends it: groups of rows, each with a feature and a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from profiles.segments.api import FIELDS, LEAST, MOST, MOST_GROUPS, MOST_ROWS, Row, Rule
from shop.ground.kernel.money import BadAmount, read_amount, write_amount
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import show_percent, show_units
from shop.ground.staff.region import staff_currency

FIRST_FEATURE = "orders"
_FIELD = re.compile(r"^feature-(\d{1,2})-(\d{1,2})$")
PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A row as it is typed; `error` says what is wrong with its value."""

    group: int
    number: int
    feature: str
    comparison: str = LEAST
    text: str = ""
    error: str = ""

    @property
    def row(self) -> Row:
        """The row without its value."""
        return Row(self.feature, self.comparison, 1.0)

    @property
    def unit(self) -> str:
        """Unit of its value; "" for what needs none or is unknown."""
        is_known = self.feature in FIELDS or self.row.kind == "department"
        return self.row.unit if is_known else ""

    @property
    def suffix(self) -> str:
        """What stands behind the input."""
        suffixes = {"share": "%", "money": staff_currency(), "days": _("days")}
        return str(suffixes.get(self.unit, ""))


type Draft = list[list[DraftRow]]


def read_draft(sent: Mapping[str, Any]) -> Draft:
    """Return the rows that a form sent, as many as a rule may have, in their order."""
    places = sorted(
        (int(found[1]), int(found[2])) for name in sent if (found := _FIELD.match(name))
    )
    groups: dict[int, list[DraftRow]] = {}
    for group, number in places:
        name = f"{group}-{number}"
        groups.setdefault(group, []).append(
            DraftRow(
                group,
                number,
                feature=str(sent.get(f"feature-{name}", "")),
                comparison=MOST if sent.get(f"comparison-{name}") == MOST else LEAST,
                text=str(sent.get(f"value-{name}", "")).strip(),
            )
        )
    return [rows[:MOST_ROWS] for rows in groups.values()][:MOST_GROUPS]


def write_draft(rule: Rule) -> Draft:
    """Return a kept rule as rows to edit."""
    return [
        [
            DraftRow(group, number, row.feature, row.comparison, _write_value(row))
            for number, row in enumerate(rows)
        ]
        for group, rows in enumerate(rule)
    ]


def edit_draft(draft: Draft, sent: Mapping[str, Any]) -> Draft:
    """Return the draft after the pressed button: a row or a group more, or a row less."""
    if "drop_row" in sent:
        dropped = str(sent["drop_row"])
        rows = [[r for r in group if f"{r.group}-{r.number}" != dropped] for group in draft]
        draft = [group for group in rows if group]
    if "add_group" in sent and len(draft) < MOST_GROUPS:
        draft = [*draft, []]
        sent = {**sent, "add_row": str(len(draft) - 1)}
    numbered = [
        [_place(row, at, number) for number, row in enumerate(group)]
        for at, group in enumerate(draft)
    ]
    wanted = str(sent.get("add_row", ""))
    if wanted.isdecimal() and int(wanted) < len(numbered):
        rows_of = numbered[int(wanted)]
        if len(rows_of) < MOST_ROWS:
            rows_of.append(DraftRow(int(wanted), len(rows_of), FIRST_FEATURE))
    return numbered or [[DraftRow(0, 0, FIRST_FEATURE)]]


def judge_draft(draft: Draft) -> tuple[Draft, Rule | None]:
    """Return the draft with what is wrong at its rows, and its rule; None where something is."""
    judged = [[_judge(row) for row in group] for group in draft]
    marked = [[row for row, _value in group] for group in judged]
    if any(row.error for group in marked for row in group) or not marked:
        return marked, None
    rule = tuple(
        tuple(Row(row.feature, row.comparison, value) for row, value in group) for group in judged
    )
    return marked, rule


def _judge(row: DraftRow) -> tuple[DraftRow, float]:
    if row.row.is_yes_or_no:
        return row, 1.0 if row.comparison == LEAST else 0.0
    if not row.unit:
        return _mark(row, _("Segments may not ask for this.")), 0.0
    value = _read_value(row)
    if value is None:
        return _mark(row, _("Type a number from 0 on.")), 0.0
    if row.unit == "share" and value > 1.0:
        return _mark(row, _("At most 100 %.")), 0.0
    return row, value


def _read_value(row: DraftRow) -> float | None:
    text = row.text.replace("%", "").replace(" ", "")
    try:
        if row.unit == "money":
            return float(read_amount(text, staff_currency()))
        value = float(text.replace(",", "."))
    except (ValueError, BadAmount):
        return None
    if not 0.0 <= value < float("inf"):
        return None
    return value / PERCENT if row.unit == "share" else value


def _write_value(row: Row) -> str:
    if row.is_yes_or_no:
        return ""
    if row.unit == "money":
        return str(write_amount(int(row.value), staff_currency()))
    value = round(row.value * PERCENT if row.unit == "share" else row.value, 4)
    return str(int(value) if value.is_integer() else value)


def show_value(unit: str, value: float) -> str:
    """Return a value of a row as staff read it."""
    if unit == "share":
        return show_percent(value)
    if unit == "money":
        return show_minor(value)
    return show_units(value)


def _mark(row: DraftRow, error: str) -> DraftRow:
    return replace(row, error=error)


def _place(row: DraftRow, group: int, number: int) -> DraftRow:
    return replace(row, group=group, number=number)
