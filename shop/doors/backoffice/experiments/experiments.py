"""Experiments in words: what was found, how sure it is, what it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from profiles.experiments.api import METRIC_NAMES, METRICS, OUTCOMES, ArmPlan, ExperimentRow
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import (
    EMPTY,
    show_chance,
    show_change,
    show_count,
    show_percent,
    show_units,
)
from shop.ground.staff.phrases import join_names

type Text = str | Promise

STATES: dict[str, tuple[Text, str]] = {
    "draft": (gettext_lazy("draft"), "gray"),
    "running": (gettext_lazy("running"), "blue"),
    "stopped": (gettext_lazy("stopped"), "amber"),
    "decided": (gettext_lazy("decided"), "green"),
}
SUBJECTS: dict[str, Text] = {
    "offers": gettext_lazy("offers of a campaign"),
    "recommendations": gettext_lazy("recommendations"),
    "prices": gettext_lazy("personal prices"),
    "public_prices": gettext_lazy("public prices"),
    "allocator": gettext_lazy("who gets which offer"),
    "pages": gettext_lazy("what a page shows"),
}
VERDICTS: dict[str, tuple[Text, str]] = {
    "mismatch": (gettext_lazy("arms are not comparable"), "red"),
    "harmed": (gettext_lazy("a guard is harmed"), "red"),
    "wins": (gettext_lazy("a winner"), "green"),
    "loses": (gettext_lazy("worse than the control arm"), "red"),
    "few": (gettext_lazy("too few shoppers to say anything yet"), "gray"),
    "open": (gettext_lazy("no difference proven yet"), "amber"),
}
STOPPED_BY_ITSELF = ("mismatch", "harmed")
# Verdicts that waiting does not change.
PROVEN = ("wins", "loses", "harmed", "mismatch")
# Why turns of products may not be read.
FAULTS: dict[str, Text] = {
    "coins": gettext_lazy(
        "The cheaper turn of each pair was not drawn evenly. Do not use the results of these "
        "turns: check the randomization."
    ),
    "hours": gettext_lazy(
        "Products were not shown at the price of their turn for more than a tenth of its hours. "
        "The results cannot be used: check why price books were not published when turns changed."
    ),
    "looks": gettext_lazy(
        "The arms were shown so differently that no price explains it. The results cannot be "
        "used: check for pages that are cached too long, or for lost impressions."
    ),
}
REASONS: dict[str, Text] = {
    "mismatch": gettext_lazy("It stopped by itself: the arms did not get their shoppers."),
    "harmed": gettext_lazy("It stopped by itself: a guard was certainly worse than it may be."),
    "completed": gettext_lazy("It ended by itself after its turns: prices are back."),
}


def name_of(row: ExperimentRow | ArmPlan) -> str:
    """Return a name in the reader's language."""
    return row.name_zh if (get_language() or "").startswith("zh") and row.name_zh else row.name


def name_metric(code: str) -> str:
    """Return a metric's name."""
    return str(METRIC_NAMES.get(code, code))


def name_outcome(row: ExperimentRow) -> str:
    """Return the name of what an experiment is read by."""
    code = row.primary_metric
    return str(OUTCOMES.get(code, code)) if row.unit == "cluster" else name_metric(code)


def name_guard(row: ExperimentRow, code: str) -> str:
    """Return the name of what an experiment is guarded by."""
    return str(OUTCOMES.get(code, code)) if row.unit == "cluster" else name_metric(code)


def show_value(metric: str, number: float | None) -> str:
    """Return a value of a metric: money, a share, or a plain number."""
    if number is None:
        return EMPTY
    found = METRICS[metric]
    if found.is_money:
        return show_minor(number)
    if found.base in ("one", "orders") and metric != "conversion":
        return show_units(number)
    return show_percent(number)


def judge(row: ExperimentRow, now: datetime) -> tuple[str, str]:
    """Return what follows from the newest read-out as one sentence, and a tone."""
    if row.newest is None:
        return _("No results yet: the first come within ten minutes."), "gray"
    figures = row.newest.figures
    verdict = figures["verdict"]
    words, tone = VERDICTS[verdict]
    if figures["kind"] == "clusters":
        return _say_cells(row, figures, str(words)), tone
    if verdict == "wins":
        return _say_winner(row, figures), tone
    if verdict == "open" and _is_over(row, now):
        effect = show_percent(abs(row.minimum_effect))
        return _(
            "The planned time is over and no difference is proven: if there is one, it is likely "
            "smaller than the %(effect)s worth detecting."
        ) % {"effect": effect}, tone
    sentences = {
        "mismatch": _(
            "The arms did not get the shoppers they were meant to get. The results cannot be "
            "used: check where exposures are logged or lost."
        ),
        "harmed": _("An arm is certainly worse in a guard metric than it may be."),
        "loses": _("Every other arm is certainly worse than the control."),
        "few": _("There are fewer than 100 shoppers in an arm: it is too early for a result."),
        "open": _("No difference is proven yet. You may look as often as you like."),
    }
    return sentences[verdict], tone


def _say_winner(row: ExperimentRow, figures: Mapping[str, Any]) -> str:
    names = {arm.code: name_of(arm) for arm in row.arms}
    best = next(one for one in figures["primary"] if one["arm"] == figures["winner"])
    return _(
        "“%(arm)s” is better than the control arm: %(metric)s %(change)s, certainly between "
        "%(low)s and %(high)s."
    ) % {
        "arm": names[best["arm"]],
        "metric": name_metric(best["metric"]),
        "change": show_change(best["relative"]),
        "low": show_change(best["relative_low"]),
        "high": show_change(best["relative_high"]),
    }


def _say_cells(row: ExperimentRow, figures: Mapping[str, Any], words: str) -> str:
    if figures["verdict"] == "mismatch":
        return str(FAULTS[figures["served"]["fault"]])
    if not figures["pairs"]:
        return _("No pair of turns is over yet: it is too early for a result.")
    if figures["verdict"] == "harmed":
        names = [name_guard(row, one["metric"]) for one in figures["guards"] if one["is_harmed"]]
        return _("The cheaper arm is certainly worse in %(guards)s than it may be.") % {
            "guards": join_names(names)
        }
    lower = next(name_of(arm) for arm in row.arms if not arm.is_control)
    told = _(
        "“%(arm)s” against the public price: %(metric)s %(change)s (%(low)s to %(high)s),"
        " %(words)s."
    ) % {
        "arm": lower,
        "metric": name_outcome(row),
        "change": show_change(figures["effect"]),
        "low": show_change(figures["low"]),
        "high": show_change(figures["high"]),
        "words": _("too few clusters to say anything yet")
        if figures["verdict"] == "few"
        else words,
    }
    leak = _("Sales moved between clusters: part of the effect only moved, it was not gained.")
    return f"{told} {leak}" if figures["leaks"] else told


def say_served(row: ExperimentRow) -> list[str]:
    """Return whether turns were served as drawn, in sentences; none before a turn is over."""
    found = {} if row.newest is None else row.newest.figures.get("served") or {}
    if not found.get("coins"):
        return []
    names = [name_of(arm) for arm in sorted(row.arms, key=lambda arm: not arm.is_control)]
    told = [
        _(
            "In %(first)s of %(coins)s pairs the first turn was the cheaper one (p = %(p)s; holds "
            "at every look; below 0.001 the draw was not fair)."
        )
        % {
            "first": show_count(found["first_treated"]),
            "coins": show_count(found["coins"]),
            "p": show_chance(found["balance"]),
        }
    ]
    for at, name in enumerate(names):
        hours = _(
            "“%(arm)s”: %(served)s of the hours that count at the price of the turn, of which"
            " something else set the price in %(held)s."
        )
        served, held = show_percent(1.0 - found["astray"][at]), show_percent(found["held"][at])
        told.append(hours % {"arm": name, "served": served, "held": held})
    if found["looks"] is not None:
        change, low, high = (show_change(one) for one in found["looks"])
        impressions = _(
            "Impressions of the cheaper arm differ by %(change)s (%(low)s to %(high)s); only "
            "what certainly lies beyond 20 %% is a fault."
        )
        told.append(impressions % {"change": change, "low": low, "high": high})
    return told


def say_cells_read(row: ExperimentRow) -> str:
    """Return what the newest read-out of clusters stands on; empty before a pair of turns is
    over."""
    figures = {} if row.newest is None else row.newest.figures
    if row.unit != "cluster" or not figures.get("pairs"):
        return ""
    told = _(
        "Read from %(clusters)s clusters in %(pairs)s pairs of turns. Each cluster is cheaper in "
        "one turn of every pair, so both arms have the same products for the same time."
    ) % {"clusters": show_count(figures["clusters"]), "pairs": show_count(figures["pairs"])}
    if figures["spill_low"] is None:
        return told
    near = _(
        "Control clusters moved by %(spill)s (%(low)s to %(high)s) if all those near them are "
        "cheaper."
    )
    return f"{told} " + near % {
        "spill": show_change(figures["spill"]),
        "low": show_change(figures["spill_low"]),
        "high": show_change(figures["spill_high"]),
    }


def is_ready(row: ExperimentRow, now: datetime) -> bool:
    """Return whether somebody can decide on an experiment: it was stopped by hand, has a proven
    result, or its planned time is over. Those that stopped by themselves are counted elsewhere."""
    if row.state == "stopped":
        return row.stop_reason not in STOPPED_BY_ITSELF
    if row.state != "running" or row.newest is None:
        return False
    return row.newest.figures["verdict"] in PROVEN or _is_over(row, now)


def _is_over(row: ExperimentRow, now: datetime) -> bool:
    return row.started_at is not None and now >= row.started_at + timedelta(days=row.planned_days)
