"""Experiments with public prices in words: what a plan will see, how they run, what they found."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from django.utils.translation import gettext as _

from pricing.api import ArmImpressions
from profiles.experiments.api import CellForecast, ExperimentRow
from shop.doors.backoffice.experiments.experiments import name_of
from shop.doors.backoffice.experiments.switchback_forms import has_too_few
from shop.ground.staff.numbers import EMPTY, show_count, show_percent


@dataclass(frozen=True, slots=True)
class CellPlanWords:
    """What a plan needs and sees, in words."""

    lines: tuple[str, ...]
    is_long: bool
    refusal: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class TurnLine:
    """One arm in one turn, in words."""

    turn: str
    arm: str
    goods: str
    looks: str
    price: str
    held: str


def say_forecast(forecast: CellForecast, effect: float) -> CellPlanWords:
    """Return what a plan will see, and whether that is less than it looks for."""
    seen = forecast.foresight
    lines = [
        _("%(goods)s products in %(clusters)s clusters, the largest of %(largest)s.")
        % {
            "goods": show_count(forecast.goods),
            "clusters": show_count(forecast.clusters),
            "largest": show_count(forecast.largest),
        },
        _("%(n)s clusters sold in the weeks before.") % {"n": show_count(seen.clusters)},
    ]
    if isfinite(seen.detectable):
        found = _(
            "A change of %(least)s is found in four of five such experiments, looking at any "
            "time; the %(effect)s worth detecting with a probability of %(chance)s."
        )
        lines.append(
            found
            % {
                "least": show_percent(seen.detectable),
                "effect": show_percent(effect),
                "chance": show_percent(seen.chance),
            }
        )
    refusal = ""
    if has_too_few(forecast):
        refusal = _("Fewer than eight clusters sell: nothing could be read. Add categories.")
    is_blind = seen.detectable > effect
    advice = _(
        "It may well miss that: plan more turns, look for a larger effect, or add categories."
    )
    return CellPlanWords(tuple(lines), is_blind, refusal, advice if is_blind else "")


def list_turn_lines(row: ExperimentRow, looks: list[ArmImpressions]) -> list[TurnLine]:
    """Return how often each arm was shown in each turn, and at which part of its price."""
    names = {arm.code: name_of(arm) for arm in row.arms}
    return [
        TurnLine(
            turn=str(one.turn + 1),
            arm=names.get(one.arm, one.arm),
            goods=show_count(one.goods),
            looks=show_count(one.looks),
            price=show_percent(one.price) if one.price else EMPTY,
            held=show_count(one.held) if one.held else EMPTY,
        )
        for one in looks
    ]
