"""Adjustments of campaigns in words and drawings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.offers.api import find_place
from promotions.tuning.api import AdjustmentRow, CampaignMetrics, read_group
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Series
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent, show_units

LEVERS: Mapping[str, Promise] = {
    "exposure": gettext_lazy("How often it is shown"),
    "depth": gettext_lazy("Depth"),
    "audience": gettext_lazy("Audience"),
    "window": gettext_lazy("End"),
    "pause": gettext_lazy("Pause"),
}
SOURCES: Mapping[str, Promise] = {
    "rule": gettext_lazy("rule"),
    "forecast": gettext_lazy("forecast"),
    "feedback": gettext_lazy("buyers' feedback"),
    "holdout": gettext_lazy("holdout"),
}
REASONS: Mapping[str, Promise] = {
    "loses_to_holdout": gettext_lazy(
        "It loses money against the shoppers who were left without it."
    ),
    "segment_loses": gettext_lazy("In this segment it loses money against those without it."),
    "tag_loses": gettext_lazy("Among shoppers with this tag it loses money against those without."),
    "tier_loses": gettext_lazy("In this tier it loses money against those without it."),
    "sold_below_cost": gettext_lazy("Its orders lose money after the discount."),
    "few_clicks": gettext_lazy("It is opened less than half as often as the other campaigns."),
    "many_clicks": gettext_lazy("It is opened half as often again as the other campaigns."),
    "budget_fast": gettext_lazy("Its budget is spent faster than its time passes."),
    "budget_slow": gettext_lazy("Its budget is spent more slowly than its time passes."),
    "budget_ends_first": gettext_lazy(
        "Its budget will run out before its end date: that is its real end."
    ),
    "deeper_earns_more": gettext_lazy("A deeper discount is expected to earn more."),
    "shallower_earns_more": gettext_lazy("A smaller discount is expected to earn more."),
    "buyers_are_sorry": gettext_lazy("Most of its buyers review it negatively."),
    "tone_fell": gettext_lazy("Its buyers review it worse than usual."),
    "tone_rose": gettext_lazy("Its buyers review it better than usual."),
    "many_returns": gettext_lazy("Its orders come back more than twice as often as usual."),
}
GROUPS: Mapping[str, Promise] = {
    "segments": gettext_lazy("with segment %(code)s"),
    "tags": gettext_lazy("with tag %(code)s"),
    "tiers": gettext_lazy("with tier %(code)s"),
}
BOUNDS: Mapping[str, Promise] = {
    "step": gettext_lazy("cut to one step"),
    "bounds": gettext_lazy("cut to the campaign's bounds"),
    "floor": gettext_lazy("half of its products would reach their floor"),
    "evidence": gettext_lazy("too little seen yet"),
    "cooldown": gettext_lazy("the last change is too recent"),
    "one_at_a_time": gettext_lazy("one change at a time"),
    "promise": gettext_lazy("it takes back what shoppers were told"),
    "budget": gettext_lazy("deeper without a budget"),
    "no_holdout": gettext_lazy("no holdout says what it would add"),
    "threshold": gettext_lazy("it moves more than the threshold"),
    "not_automatic": gettext_lazy("this campaign only proposes"),
    "person": gettext_lazy("it was rejected today"),
    "no_longer": gettext_lazy("it no longer holds"),
    "nothing_left": gettext_lazy("nothing is left to move"),
    "campaign": gettext_lazy("the campaign's own rules refused it"),
}
STATES: Mapping[str, tuple[Promise, str]] = {
    "waiting": (gettext_lazy("waits for you"), "amber"),
    "applied": (gettext_lazy("applied"), "green"),
    "refused": (gettext_lazy("held back"), "gray"),
    "rejected": (gettext_lazy("rejected"), "red"),
    "undone": (gettext_lazy("undone"), "gray"),
}
EVIDENCE: Mapping[str, Promise] = {
    "low_minor": gettext_lazy("at least, an order or shopper"),
    "high_minor": gettext_lazy("at most, an order or shopper"),
    "shoppers": gettext_lazy("shoppers"),
    "orders": gettext_lazy("orders"),
    "low": gettext_lazy("click rate, at least"),
    "high": gettext_lazy("click rate, at most"),
    "usual": gettext_lazy("usual click rate"),
    "impressions": gettext_lazy("impressions"),
    "clicks": gettext_lazy("clicks"),
    "pace": gettext_lazy("budget spent to time passed"),
    "elapsed": gettext_lazy("time passed"),
    "spent_minor": gettext_lazy("spent"),
    "runs_out": gettext_lazy("chance that the budget runs out"),
    "spend_low": gettext_lazy("still to be spent, at least"),
    "spend_high": gettext_lazy("still to be spent, at most"),
    "left_minor": gettext_lazy("left of the budget"),
    "chance": gettext_lazy("chance that it earns more"),
    "slope": gettext_lazy("odds of use, a percentage point more"),
    "slope_sd": gettext_lazy("its standard deviation"),
    "tone_low": gettext_lazy("positive reviews, at least"),
    "tone_high": gettext_lazy("positive reviews, at most"),
    "usual_tone": gettext_lazy("positive reviews, usually"),
    "reviews": gettext_lazy("reviews"),
    "returns_low": gettext_lazy("orders that come back, at least"),
    "usual_returns": gettext_lazy("orders that come back, usual"),
}
_MONEY = frozenset(
    {"low_minor", "high_minor", "spent_minor", "spend_low", "spend_high", "left_minor"}
)
_COUNTS = frozenset({"shoppers", "orders", "impressions", "clicks", "reviews"})
_PLAIN = frozenset({"pace", "slope", "slope_sd"})


@dataclass(frozen=True, slots=True)
class AdjustmentCard:
    """A change in words."""

    row: AdjustmentRow
    lever: str
    source: str
    why: str
    before: str
    after: str
    state: str
    tone: str
    bound_by: str
    expected: str
    evidence: tuple[tuple[str, str], ...]
    place: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody may still decide it."""
        return self.row.state == "waiting"

    @property
    def may_be_undone(self) -> bool:
        """Whether it is in force."""
        return self.row.state == "applied"


def describe_adjustment(row: AdjustmentRow, now: datetime, *, with_cost: bool) -> AdjustmentCard:
    """Return a change in the reader's words, with what was given and earned `with_cost`; of one
    that waits, to which place it would move its offers."""
    state, tone = STATES[row.state]
    return AdjustmentCard(
        row=row,
        lever=str(LEVERS[row.lever]),
        source=str(SOURCES[row.source]),
        why=str(REASONS.get(row.reason_code, row.reason_code)),
        before=show_setting(row.lever, row.before),
        after=show_setting(row.lever, row.after),
        state=str(state),
        tone=tone,
        bound_by=str(BOUNDS.get(row.bound_by, row.bound_by)),
        expected=show_minor(row.expected_minor) if with_cost and row.expected_minor else "",
        evidence=tuple(
            (str(EVIDENCE.get(name, name)), show_evidence(name, value))
            for name, value in row.evidence.items()
            if with_cost or name not in _MONEY
        ),
        place=_say_place(row, now),
    )


def _say_place(row: AdjustmentRow, now: datetime) -> str:
    """Return where the campaign's offers would stand on pages and in letters; empty where a change
    moves none, or was decided."""
    if row.lever != "exposure" or row.state != "waiting":
        return ""
    found = find_place(campaign_id=row.campaign_id, weight=float(row.after), now=now)
    if found is None:
        return _("It is not shown on its own, so its position does not change.")
    told = {"now": found.now, "then": found.then, "among": found.among}
    if found.is_own:
        return (
            _(
                "Among the %(among)s offers sent to shoppers, on pages and in the weekly e-mail: "
                "position %(now)s now, %(then)s afterwards, for shoppers whose preferences are "
                "unknown."
            )
            % told
        )
    return (
        _(
            "Among the %(among)s offers on pages for everybody: position %(now)s now, %(then)s "
            "afterwards, for shoppers whose preferences are unknown. E-mails hold personal "
            "offers only."
        )
        % told
    )


def show_setting(lever: str, value: Any) -> str:
    """Return where a lever stands, in words."""
    if lever == "exposure":
        return f"× {show_number(float(value))}"
    if lever == "depth":
        return f"{show_units(float(value))} %"
    if lever == "window":
        return f"{localtime(datetime.fromisoformat(str(value))):%Y-%m-%d %H:%M}"
    if lever == "audience":
        if value is None:
            return _("without them")
        word, code = read_group(str(value))
        return str(GROUPS[word]) % {"code": code}
    return {"live": _("runs"), "paused": _("paused")}.get(str(value), str(value))


def show_evidence(name: str, value: float | None) -> str:
    """Return a figure of the evidence; a dash for a bound there is none of."""
    if value is None:
        return EMPTY
    if name in _MONEY:
        return show_minor(value)
    if name in _COUNTS:
        return show_count(value)
    return show_units(value) if name in _PLAIN else show_percent(value)


def draw_pulse(pulse: CampaignMetrics) -> Chart:
    """Return orders of the last day by the hour."""
    return DayChart(
        title=_("Orders with “%(name)s”, the last 24 hours") % {"name": pulse.name},
        labels=tuple(f"{localtime(hour.at):%H:%M}" for hour in pulse.hours),
        show=show_count,
        bars=(Series(_("orders"), tuple(float(h.redemptions) for h in pulse.hours), 1),),
        label_title=_("Hour"),
    ).draw()
