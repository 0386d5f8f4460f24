"""Trials of model versions in words: each step's figures, what logged prices say, what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from pricing.api import MANY, REFUSALS, RolloutRow, RolloutStep
from pricing.optimum.core.monitoring.ramp import LEAST_DECISIONS, LEAST_HOURS, SHARES
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_change, show_count, show_percent, show_signed


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a trial: `figure` is how far its prices lay in the shadow, later what its shoppers
    brought against the others (99 % at every look)."""

    step: RolloutStep
    share: str
    decisions: str
    figure: str


@dataclass(frozen=True, slots=True)
class LoggedVerdict:
    """What logged prices say of a version: the gain of a thousand decisions with its interval."""

    gain: str
    low: str
    high: str
    decisions: str
    purchases: str
    reasons: tuple[str, ...]
    tone: str


def describe_step(step: RolloutStep) -> StepLine:
    """Return a step with the figures it was judged by, dashes before anybody looked."""
    seen = step.evidence
    bounds = (seen.get("low"), seen.get("high"))
    known = [show_signed(float(one), show_minor) for one in bounds if one is not None]
    return StepLine(
        step=step,
        share=show_percent(step.share) if step.share else _("in the shadow"),
        decisions=show_count(seen["decisions"]) if "decisions" in seen else EMPTY,
        figure=" … ".join(known)
        if step.share and len(known) == 2
        else EMPTY
        if step.share
        else _("prices %(gap)s on average") % {"gap": show_change(seen.get("shadow_gap"))},
    )


def describe_logged(row: RolloutRow) -> LoggedVerdict | None:
    """Return the newest verdict of logged prices; None before there is one."""
    found = next((one.evidence["offline"] for one in row.steps if "offline" in one.evidence), None)
    if found is None or "gain" not in found:
        return None
    gain, low, high = (MANY * float(one) for one in found["gain"])
    return LoggedVerdict(
        gain=show_signed(gain, show_minor),
        low=show_signed(low, show_minor),
        high=show_signed(high, show_minor),
        decisions=show_count(found["exposures"]),
        purchases=show_count(found["purchases"]),
        reasons=tuple(str(REFUSALS.get(one, one)) for one in found["reasons"]),
        tone="green" if found["is_open"] else "red" if high < 0.0 else "amber",
    )


def say_next(row: RolloutRow) -> str:
    """Return what the newest step of an open trial still needs before it goes on by itself."""
    if row.ended_at is not None or not row.steps:
        return ""
    step = row.steps[0]
    at = SHARES.index(step.share) if step.share in SHARES else len(SHARES)
    if at >= len(LEAST_HOURS):
        return ""
    return _(
        "The next step needs %(hours)s hours and %(decisions)s decisions in this one;"
        " so far there were %(hours_seen)s hours and %(seen)s decisions."
    ) % {
        "hours": show_count(LEAST_HOURS[at]),
        "decisions": show_count(LEAST_DECISIONS[at]),
        "hours_seen": _count(step.evidence, "hours"),
        "seen": _count(step.evidence, "decisions"),
    }


def _count(seen: Mapping[str, Any], name: str) -> str:
    return show_count(float(seen.get(name) or 0))
