"""Shoppers and days that an experiment plan needs, from the last four weeks of its metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from profiles.experiments.api import (
    ArmDraft,
    Baseline,
    Design,
    estimate_need,
    read_baseline,
    spend_alpha,
)
from shop.doors.backoffice.experiments.experiment_forms import share_of_segments
from shop.doors.backoffice.experiments.experiments import show_value
from shop.ground.staff.numbers import show_count, show_percent

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan needs, in words; `units` of all arms are what is registered."""

    units: int
    lines: tuple[str, ...]
    is_long: bool = False


def estimate_plan(asked: dict[str, Any], arms: Sequence[ArmDraft], today: date) -> Plan:
    """Return what the design needs, with and without looking early and the past. Two queries a
    day and metric."""
    baseline = read_baseline(asked["primary_metric"], today)
    others = [arm.share for arm in arms if not arm.is_control]
    control = next((arm.share for arm in arms if arm.is_control), 0.5)
    if baseline.mean <= 0.0 or baseline.spread <= 0.0 or not others or min(others) <= 0.0:
        return Plan(1_000, (_("There is too little data from the last four weeks to plan with."),))
    alpha, _guard = spend_alpha(ALPHA, len(others), 1 if asked.get("guard") else 0)
    traffic = asked["traffic"] / 100.0 * share_of_segments(asked["segments"])

    def design(correlation: float) -> Design:
        return Design(
            mean=baseline.mean,
            spread=baseline.spread,
            effect=asked["minimum_effect"] / 100.0,
            daily_units=baseline.daily * traffic,
            control_share=control,
            treated_share=min(others),
            correlation=correlation,
            alpha=alpha,
        )

    plain, adjusted = (estimate_need(design(one)) for one in (0.0, baseline.correlation))
    once = estimate_need(design(baseline.correlation), is_anytime=False)
    return Plan(
        units=adjusted.total_units,
        lines=(
            _say_baseline(asked["primary_metric"], baseline),
            _("Looking at any time, adjusted by the past: %(count)s shoppers, %(days)s.")
            % {"count": show_count(adjusted.total_units), "days": _days(adjusted.days)},
            _("Without the past: %(count)s shoppers, %(days)s.")
            % {"count": show_count(plain.total_units), "days": _days(plain.days)},
            _("With one look at the end only: %(count)s shoppers, %(days)s.")
            % {"count": show_count(once.total_units), "days": _days(once.days)},
        ),
        is_long=adjusted.days > asked["planned_days"],
    )


def _say_baseline(metric: str, found: Baseline) -> str:
    return _(
        "In the last four weeks: %(value)s, from %(count)s shoppers; the four weeks before tell"
        " %(share)s of the differences between them."
    ) % {
        "value": show_value(metric, found.mean),
        "count": show_count(found.shoppers),
        "share": show_percent(found.correlation**2),
    }


def _days(days: float) -> str:
    if not isfinite(days):
        return _("never: there are no shoppers")
    return _("days: %(n)s") % {"n": show_count(max(1.0, days))}
