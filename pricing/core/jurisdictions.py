"""Which law's row holds for a place and a day. An unknown place gets the strictest row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pricing.core.values import STRICTEST, JurisdictionRule

_EEA_CODES = (
    "AT BE BG HR CY CZ DE DK EE EEA ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
)
EEA = frozenset(_EEA_CODES.split())


def candidate_codes(code: str) -> tuple[str, ...]:
    """Return the rows to look for, most special first.

    >>> candidate_codes("US-NY"), candidate_codes("FR"), candidate_codes("GB")
    (('US-NY', 'US-other'), ('FR', 'EU'), ('GB', 'UK'))
    """
    if code.startswith("US"):
        return (code, "US-other")
    if code == "GB":
        return (code, "UK")
    if code in EEA:
        return (code, "EU")
    return (code,)


def find_rule(rows: Sequence[JurisdictionRule], code: str, day: date) -> JurisdictionRule:
    """Return the row of `code` that holds on `day` (half-open periods), or the strictest.

    A place with rows of its own of which none holds yet (or any more) is unknown for that day; it
    does not fall back to a laxer neighbour.

    >>> find_rule([], "US-NY", date(2026, 11, 25)).personal_allowed
    False
    """
    for candidate in candidate_codes(code):
        own = [row for row in rows if row.code == candidate]
        if own:
            return next((row for row in own if _holds(row, day)), STRICTEST)
    return STRICTEST


def _holds(row: JurisdictionRule, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
