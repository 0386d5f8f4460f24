"""Promotion law by jurisdiction and date. An unknown jurisdiction gets the strictest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class LawRow:
    """A row of the table of promotion laws; periods are half-open.

    `pause_days`: how long an offer must rest before it comes again with a new end. `raise_days`:
    how long a price must have stood before a cut from it is announced. `percent_is_claim`: "-10 %"
    is reckoned from the reference price even where no old price is named. `members_count`: what
    members pay lowers the reference price too. `personal_cap` and `gift_kinds`, `banned_kinds`
    (goods that may not be given away, or not be promoted at all) bound what may be offered;
    `minimum_prices` are minor units a piece by kind of goods.
    """

    code: str
    pause_days: int = 30
    raise_days: int = 30
    percent_is_claim: bool = True
    members_count: bool = True
    personal_cap: float = 30.0
    below_cost_allowed: bool = False
    gift_kinds: frozenset[str] = frozenset({"restricted", "child_directed"})
    banned_kinds: frozenset[str] = frozenset()
    minimum_prices: tuple[tuple[str, int], ...] = ()
    stock_days: int = 2
    up_to_share: float = 0.20
    points_notice_days: int = 30
    terms_language: str = ""
    groups_allowed: frozenset[str] = frozenset()
    source: str = ""
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None

    def looks_at_references(self, audience: str, *, names_was: bool) -> bool:
        """Return whether a rule compares with reference prices; else drafts may have any.

        They are long to reckon for many goods.
        """
        return names_was or (audience == "public" and self.percent_is_claim)


STRICTEST = LawRow(code="unknown")


def find_law(rows: Sequence[LawRow], codes: Sequence[str], day: date) -> LawRow:
    """Return the row that holds on `day` in a place, or the strictest.

    `codes` name the place, most special first, as pricing's `candidate_codes` lists them. A place
    with rows of its own of which none holds yet or any more does not fall back to a laxer
    neighbour.

    >>> find_law([LawRow("UK", pause_days=28)], ("GB", "UK"), date(2026, 11, 26)).pause_days
    28
    >>> find_law([], ("XX",), date(2026, 11, 26)).code
    'unknown'
    """
    for code in codes:
        own = [row for row in rows if row.code == code]
        if own:
            return next((row for row in own if _holds(row, day)), STRICTEST)
    return STRICTEST


def _holds(row: LawRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
