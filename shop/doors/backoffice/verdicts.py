"""Verdicts on offers as a page lists them: what many offers are refused for stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from shop.doors.backoffice.previews import Verdict

FOLDED_FROM = 4


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A row of the list: one verdict, or all that say the same of offers that did not apply."""

    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Verdict:
        """Return the verdict whose words stand in the row."""
        return self.verdicts[0]

    @property
    def is_folded(self) -> bool:
        """Return whether the row stands for several offers."""
        return len(self.verdicts) > 1


def fold_verdicts(verdicts: Iterable[Verdict]) -> list[VerdictRow]:
    """Return a row for each verdict, and one at the end for each reason of four offers or more.

    What applied and what belongs to the campaign that is tried always has a row of its own; the
    reason of most offers comes last.
    """
    given = list(verdicts)
    alike = Counter(one.text for one in given if _may_fold(one))
    often = {text for text, count in alike.items() if count >= FOLDED_FROM}
    rows: list[VerdictRow] = []
    folded: dict[str, list[Verdict]] = {text: [] for text in often}
    for one in given:
        if _may_fold(one) and one.text in often:
            folded[one.text].append(one)
        else:
            rows.append(VerdictRow((one,)))
    ranked = sorted(folded.values(), key=lambda some: (len(some), some[0].text))
    return [*rows, *(VerdictRow(tuple(some)) for some in ranked)]


def _may_fold(one: Verdict) -> bool:
    return not one.is_applied and not one.is_draft
