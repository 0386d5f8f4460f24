"""The scorecard of models: one verdict, the champion's card, and lights with words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from pricing.api import (
    AUDIT_STATES,
    ModelImpact,
    active_policy,
    count_drift_alarms,
    find_audit,
    home_place,
    list_model_versions,
    name_family,
    read_impact,
)
from pricing.base.core.values import ModelVersionRow
from shop.doors.backoffice.formats import show_age
from shop.doors.backoffice.learning.model_reports import show_share
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_number, show_settled, show_signed

type Text = str | Promise

# Refits come every night: an older model was kept or a night failed.
FRESH = timedelta(hours=36)
# How far a factor of slopes may lie from 1, in its standard deviations, and still be 1.
FACTOR_SDS = 2.0
# 90 % intervals should hold so many times, give or take.
COVERED, COVERED_WITHIN = 0.90, 0.05
A_WEEK = 7
A_DAY = timedelta(days=1)
# The newest versions that are read; the model in use is among them.
VERSIONS = 12


@dataclass(frozen=True, slots=True)
class Light:
    """One thing the model is judged by: its light and word, the figure, and what that means."""

    name: str
    tone: str
    word: str
    figure: str
    meaning: Text


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in use: its family, age, and what it earns in a week against the holdout."""

    version: int
    family: Text
    age: str
    trained_at: datetime
    week: str
    bounds: str


def say_verdict_of_models(rows: Sequence[ModelVersionRow]) -> tuple[str, str]:
    """Return in one sentence whether the champion keeps its place, and a tone."""
    in_use = _find_in_use(rows)
    if in_use is None:
        return _("No model is in use: everybody pays public prices."), "red"
    words: dict[str, Text] = {"family": name_family(in_use.kind)}
    board = _find_board(rows)
    if not board:
        return _("%(family)s is in use; no other family was compared yet.") % words, "gray"
    taker = find_taker(rows)
    if taker is not None:
        words["other"] = name_family(str(taker.get("name", "")))
        return _(
            "%(other)s may replace %(family)s: it is surely better on randomized prices."
        ) % words, "blue"
    if not any("slope_bought" in row for row in board):
        return _("%(family)s keeps its place: no randomized prices yet.") % words, "amber"
    return _(
        "%(family)s keeps its place: no other family is surely better on randomized prices."
    ) % words, "green"


def find_taker(rows: Sequence[ModelVersionRow]) -> Mapping[str, Any] | None:
    """Return the first family that may replace the model in use, as the newest comparison says."""
    board = _find_board(rows)
    return next((row for row in board if row.get("may_take") and not row.get("is_champion")), None)


def _find_board(rows: Sequence[ModelVersionRow]) -> Sequence[Mapping[str, Any]]:
    return next((row.metrics["leaderboard"] for row in rows if row.metrics.get("leaderboard")), ())


def describe_champion(rows: Sequence[ModelVersionRow], now: datetime) -> Champion | None:
    """Return the card of the model in use, None without one. Two queries."""
    in_use = _find_in_use(rows)
    if in_use is None:
        return None
    market, channel = home_place()
    week, bounds = _say_week(read_impact(model_version=in_use.id, market=market, channel=channel))
    return Champion(
        version=in_use.id,
        family=name_family(in_use.kind),
        age=show_age(in_use.trained_at, now),
        trained_at=in_use.trained_at,
        week=week,
        bounds=bounds,
    )


def _say_week(impact: ModelImpact | None) -> tuple[str, str]:
    """Return what a model earns in a week more than public prices would, and the bounds of that."""
    if impact is None:
        return EMPTY, _("it has quoted nobody yet")
    lift = impact.lift
    if not lift.holdout_visits:
        return EMPTY, _("nobody of the holdout has visited yet")
    days = (impact.last - impact.first).days + 1
    visits = lift.treated_visits / days * A_WEEK
    week = show_settled(lift.difference * visits, lift.low * visits, lift.high * visits, show_minor)
    if not isfinite(lift.low):
        return week, _("too few shoppers in the holdout")
    low, high = (show_signed(one * visits, show_minor) for one in (lift.low, lift.high))
    return week, _("between %(low)s and %(high)s") % {"low": low, "high": high}


def list_lights(rows: Sequence[ModelVersionRow], now: datetime) -> list[Light]:
    """Return slope, calibration, fairness and freshness of the model in use. Two queries, three
    where several places have audits."""
    in_use = _find_in_use(rows)
    if in_use is None:
        return []
    board = in_use.metrics.get("leaderboard") or ()
    own: dict[str, Any] = next((row for row in board if row.get("name") == in_use.kind), {})
    return [
        _light_slope(own),
        _light_calibration(in_use.metrics),
        _light_fairness(in_use),
        _light_freshness(in_use, now),
    ]


def list_alarms(now: datetime) -> list[str]:
    """Return what is wrong with the model in use by name: lights that are not green, and drift of
    the last day. Four queries.
    """
    lights = list_lights(list_model_versions(limit=VERSIONS), now)
    if not lights:
        return []
    names = [one.name for one in lights if one.tone in ("amber", "red")]
    market, channel = home_place()
    if count_drift_alarms(since=now - A_DAY, market=market, channel=channel):
        names.append(_("Drift"))
    return names


def _light_slope(own: Mapping[str, Any]) -> Light:
    name = _("Slope")
    if "slope_factor" not in own:
        meaning = _("No randomized prices yet: nothing tells whether its elasticities are right.")
        return Light(name, "gray", _("unknown"), EMPTY, meaning)
    factor, sd = float(own["slope_factor"]), float(own["slope_sd"])
    figure = f"{show_number(factor)} ± {show_number(sd)}"
    if abs(factor - 1.0) <= FACTOR_SDS * sd and FACTOR_SDS * sd > 1.0:
        meaning = _(
            "Too few randomized sales: no response at all and twice the response would look alike."
        )
        return Light(name, "gray", _("unknown"), figure, meaning)
    if abs(factor - 1.0) <= FACTOR_SDS * sd:
        meaning = _("Randomized prices agree with its elasticities.")
        return Light(name, "green", _("good"), figure, meaning)
    meaning = (
        _("Shoppers respond more strongly than it believes: discounts are too small.")
        if factor > 1.0
        else _("Shoppers respond less strongly than it believes: discounts are too large.")
    )
    return Light(name, "amber", _("look"), figure, meaning)


def _light_calibration(metrics: Mapping[str, Any]) -> Light:
    name, covered = _("Calibration"), metrics.get("coverage_90")
    if not isinstance(covered, int | float):
        meaning = _("It was not compared with weeks it had not seen.")
        return Light(name, "gray", _("unknown"), EMPTY, meaning)
    figure = show_share(covered)
    if abs(covered - COVERED) <= COVERED_WITHIN:
        meaning = _("Its 90 % intervals hold about 90 % of what sold.")
        return Light(name, "green", _("good"), figure, meaning)
    meaning = (
        _("Its 90 % intervals are too narrow: it is less sure than it says.")
        if covered < COVERED
        else _("Its 90 % intervals are too wide: it is surer than it says.")
    )
    return Light(name, "amber", _("look"), figure, meaning)


def _light_fairness(in_use: ModelVersionRow) -> Light:
    said, tone = AUDIT_STATES[find_audit(model_id=in_use.id, sha256=in_use.sha256).state]
    words = {"green": _("good"), "amber": _("look"), "red": _("act")}
    return Light(_("Fairness"), tone, words[tone], EMPTY, said)


def _light_freshness(in_use: ModelVersionRow, now: datetime) -> Light:
    age = now - in_use.trained_at
    limit = timedelta(hours=active_policy().max_model_age_hours)
    figure, name = show_age(in_use.trained_at, now), _("Freshness")
    if age > limit:
        meaning = _("Too old: shoppers pay public prices until a newer model is in use.")
        return Light(name, "red", _("act"), figure, meaning)
    if age > FRESH:
        meaning = _("Older than a night: a refit failed, or somebody rolled back.")
        return Light(name, "amber", _("look"), figure, meaning)
    return Light(name, "green", _("good"), figure, _("Trained on the newest sales."))


def _find_in_use(rows: Sequence[ModelVersionRow]) -> ModelVersionRow | None:
    return next((row for row in rows if row.status == "active"), None)
