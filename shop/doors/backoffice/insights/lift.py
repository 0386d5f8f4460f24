"""The lift of personal prices over the holdout in words: verdict, figures, segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import (
    LiftDay,
    SegmentLift,
    find_visited_arms,
    home_place,
    list_lift,
    list_segment_lifts,
)
from profiles.experiments.api import LEAST_CLUSTERS
from profiles.segments.api import list_segments
from profiles.values import Lift
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.learning.learning import draw_lift, show_bounds
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import show_count, show_percent, show_settled, show_signed

LEVEL = 0.95
# A wall asks every ten seconds; visits are counted every ten minutes.
LIFT_SECONDS, SEGMENT_SECONDS = 8.0, 300.0


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """The lift in one segment, in words."""

    name: str
    difference: str
    bounds: str
    verdict: str
    tone: str
    treated: str
    holdout: str


@dataclass(frozen=True, slots=True)
class LiftStory:
    """What the lift says: one sentence, its tone, and the figures behind it."""

    verdict: str
    tone: str
    difference: str
    bounds: str
    treated: str
    holdout: str
    treated_visits: str
    holdout_visits: str
    treated_shoppers: str
    holdout_shoppers: str
    since: str
    level: str


def read_lift_page() -> dict[str, Any]:
    """Return what the lift page shows. Five queries, none within seconds of the last look; one
    more at every look before both arms were seen."""
    market, channel = home_place()
    days = list_lift_days()
    if not days:
        arms = find_visited_arms(market=market, channel=channel)
        return {"story": None, "missing": _say_missing(arms), "sheets": ()}
    segments = remember(
        ("lift by segment", market, channel),
        SEGMENT_SECONDS,
        lambda: list_segment_lifts(market=market, channel=channel, level=LEVEL),
    )
    names = _name_segments()
    by_day = draw_lift(days)
    lines = [_describe_segment(one, names) for one in segments]
    return {
        "story": tell_lift(days),
        "chart": by_day if len(days) > 1 else None,
        "segments": lines,
        "segment_chart": _draw_segments(segments, names),
        "sheets": (by_day, _tabulate(lines)),
    }


def list_lift_days() -> tuple[LiftDay, ...]:
    """Return the lift of the home market day by day, () before both arms were seen. Three
    queries, remembered for seconds."""
    market, channel = home_place()

    def read() -> tuple[LiftDay, ...]:
        if len(find_visited_arms(market=market, channel=channel)) < 2:
            return ()
        return list_lift(market=market, channel=channel, level=LEVEL)

    return remember(("lift", market, channel), LIFT_SECONDS, read)


def _say_missing(arms: frozenset[bool]) -> str:
    """Return which visits the lift waits for."""
    if arms == {False}:
        return _("Nobody of the holdout has visited yet.")
    if arms == {True}:
        return _("Nobody with personal prices has visited yet.")
    return _("No visit was counted yet.")


def tell_lift(days: Sequence[LiftDay]) -> LiftStory:
    """Return the newest lift of a record in words; `days` is not empty."""
    lift, first = days[-1].lift, days[0].day
    verdict, tone = judge_lift(lift)
    return LiftStory(
        verdict=verdict,
        tone=tone,
        difference=show_settled(lift.difference, lift.low, lift.high, show_minor),
        bounds=show_bounds(lift) if isfinite(lift.low) else _("none yet"),
        treated=show_minor(lift.treated),
        holdout=show_minor(lift.holdout),
        treated_visits=show_count(lift.treated_visits),
        holdout_visits=show_count(lift.holdout_visits),
        treated_shoppers=show_count(lift.treated_shoppers),
        holdout_shoppers=show_count(lift.holdout_shoppers),
        since=show_day(first),
        level=show_percent(LEVEL),
    )


def judge_lift(lift: Lift) -> tuple[str, str]:
    """Return what the bounds say in one sentence, and a tone."""
    if not isfinite(lift.low):
        fewest = min(lift.treated_shoppers, lift.holdout_shoppers)
        return _(
            "Not shown yet: the smaller group has %(count)s shoppers, and %(least)s are needed."
        ) % {"count": show_count(fewest), "least": show_count(LEAST_CLUSTERS)}, "gray"
    words = {
        "low": show_signed(lift.low, show_minor),
        "high": show_signed(lift.high, show_minor),
        "size": show_minor(abs(lift.difference)),
    }
    if lift.low > 0.0:
        return _(
            "Personal prices bring %(size)s more profit a visit, between %(low)s and %(high)s."
        ) % words, "green"
    if lift.high < 0.0:
        return _(
            "Personal prices lose %(size)s of profit a visit, between %(low)s and %(high)s."
        ) % words, "red"
    return _(
        "Not shown yet: the difference lies between %(low)s and %(high)s a visit."
    ) % words, "amber"


def _tabulate(lines: Sequence[SegmentLine]) -> Chart:
    """Return the table of segments as what a sheet is made of."""
    return Chart(
        title=_("By segment"),
        svg=SafeString(""),
        headers=(
            *(_("Segment"), _("Difference"), _("Bounds"), _("What it says")),
            *(_("Visits, personal prices"), _("Visits, holdout")),
        ),
        rows=tuple(
            (one.name, one.difference, one.bounds, one.verdict, one.treated, one.holdout)
            for one in lines
        ),
    )


def _name_segments() -> Mapping[str, str]:
    is_chinese = (get_language() or "").startswith("zh")
    return {
        one.code: (is_chinese and one.name_zh) or one.name or one.code for one in list_segments()
    }


def _name(one: SegmentLift, names: Mapping[str, str]) -> str:
    return names.get(one.segment, one.segment) or _("No segment yet")


def _describe_segment(one: SegmentLift, names: Mapping[str, str]) -> SegmentLine:
    lift = one.lift
    if not isfinite(lift.low):
        verdict, tone = _("too few shoppers"), "gray"
    elif lift.low > 0.0:
        verdict, tone = _("brings more"), "green"
    elif lift.high < 0.0:
        verdict, tone = _("brings less"), "red"
    else:
        verdict, tone = _("not shown yet"), "amber"
    return SegmentLine(
        name=_name(one, names),
        difference=show_settled(lift.difference, lift.low, lift.high, show_minor),
        bounds=show_bounds(lift),
        verdict=verdict,
        tone=tone,
        treated=show_count(lift.treated_visits),
        holdout=show_count(lift.holdout_visits),
    )


def _draw_segments(segments: Sequence[SegmentLift], names: Mapping[str, str]) -> Chart:
    return IntervalChart(
        title=_("Lift by segment: profit a visit"),
        name_title=_("Segment"),
        value_title=_("Difference"),
        show=show_minor,
        rows=tuple(
            Interval(
                name=_name(one, names),
                low=one.lift.low,
                middle=one.lift.difference,
                high=one.lift.high,
            )
            for one in segments
            if isfinite(one.lift.low)
        ),
        reference=0.0,
        note=_("The bounds hold for all segments together, and at every look."),
    ).draw()
