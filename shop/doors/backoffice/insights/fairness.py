"""Fairness in plain words: what each group gets, what that means, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import (
    AUDIT_STATES,
    GroupTreatment,
    explain_findings,
    find_audit_in_use,
    list_treatments,
)
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent
from shop.ground.staff.phrases import name_value

type Text = str | Promise

MEANINGS: dict[str, tuple[Text, str]] = {
    "stops": (gettext_lazy("over the limit: stops the model"), "red"),
    "told": (gettext_lazy("over the limit: told to staff, does not stop the model"), "amber"),
    "chance": (gettext_lazy("over the limit, but may be chance"), "amber"),
    "alike": (gettext_lazy("treated alike within the limits"), "green"),
}


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in words: the share of lowered prices, ratios with intervals, what it means."""

    trait: str
    group: str
    people: str
    lowered: str
    offers: str
    paid: str
    meaning: Text
    tone: str


def read_fairness() -> dict[str, Any]:
    """Return what the page shows of the newest audit of the model in use. Three queries."""
    verdict = find_audit_in_use()
    if verdict is None:
        return {"verdict": None}
    said, tone = AUDIT_STATES[verdict.state]
    report = verdict.report or {}
    groups = list_treatments(report)
    return {
        "verdict": verdict,
        "said": said,
        "tone": tone,
        "people": show_count(verdict.people),
        "compared": show_count(verdict.compared),
        "groups": [_describe(one) for one in groups],
        "chart": _draw(groups) if groups else None,
        "reasons": verdict.reasons,
        "explained": explain_findings(report),
    }


def _describe(one: GroupTreatment) -> GroupLine:
    meaning, tone = MEANINGS[one.meaning]
    return GroupLine(
        trait=one.trait,
        group=one.group,
        people=show_count(one.members),
        lowered=EMPTY if one.lowered is None else show_percent(one.lowered),
        offers=_show_ratio(one.offers, 2),
        paid=_show_ratio(one.paid, 3),
        meaning=meaning,
        tone=tone,
    )


def _show_ratio(figure: Mapping[str, float | None], digits: int) -> str:
    value, low, high = (_show(figure[name], digits) for name in ("value", "low", "high"))
    return f"{value} ({low} – {high})"


def _show(number: float | None, digits: int) -> str:
    return "∞" if number is None else show_number(number, digits)


def _draw(groups: list[GroupTreatment]) -> Chart:
    known = [
        (one, value, low, high)
        for one in groups
        if (value := one.offers["value"]) is not None
        and (low := one.offers["low"]) is not None
        and (high := one.offers["high"]) is not None
    ]
    return IntervalChart(
        title=_("Lower prices of each group, against the group that gets most"),
        name_title=_("Group"),
        value_title=_("Ratio"),
        show=show_number,
        rows=tuple(
            Interval(name=name_value(one.trait, one.group), low=low, middle=value, high=high)
            for one, value, low, high in known
        ),
        reference=0.8,
        note=_("Marked: the limit of 0.80. The intervals hold for all groups together."),
    ).draw()
