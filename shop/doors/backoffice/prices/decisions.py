"""A price decision in words that staff understand: inputs, guardrails, candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import QuotePropensities
from pricing.base.core.values import QuoteTrace
from profiles.features.api import FEATURES
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Series
from shop.doors.backoffice.charts.planes import Curve, Marker, PlaneChart
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_change, show_percent, show_units

type Text = str | Promise

SIGNALS: dict[str, Text] = {
    "activity": gettext_lazy("how much they browsed lately"),
    "deals": gettext_lazy("what they bought on offer lately"),
    "offers": gettext_lazy("offers they opened lately"),
    "category": gettext_lazy("interest in this category"),
    "family": gettext_lazy("interest in products like this one"),
    "variant": gettext_lazy("interest in exactly this one"),
}
INPUTS: dict[str, Text] = {
    "unit_cost": gettext_lazy("cost of one piece"),
    "extra_cost": gettext_lazy(
        "what else a sale costs: a piece that will be missing later, sales that similar products "
        "lose"
    ),
    "list_minor": gettext_lazy("list price"),
    "public_minor": gettext_lazy("public price"),
    "floor_minor": gettext_lazy("floor: no price goes below it"),
    "elasticity": gettext_lazy(
        "elasticity of a shopper without signals (how strongly demand falls as the price rises)"
    ),
    "elasticity_sd": gettext_lazy("uncertainty of the elasticity"),
    "book_minor": gettext_lazy("price prepared in the price book"),
    "held_quoted": gettext_lazy("lower price promised earlier"),
    "held_public": gettext_lazy("public price at that promise"),
}
# Flags of data that make a price wrong or impossible, worst first.
SERIOUS = ("not_a_number", "no_model", "below_cost", "cost_unknown")
GUARDS: dict[str, Text] = {
    "not_a_price": gettext_lazy("The model returned no number: the public price was used."),
    "absurd": gettext_lazy("The model's price was implausible: the public price was used."),
    "stale_model": gettext_lazy("The model is too old: the public price was used."),
    "not_allowed": gettext_lazy("No personal price is allowed here or for this shopper."),
    "above_public": gettext_lazy("Lowered to the public price: nobody pays more."),
    "below_cap": gettext_lazy("Raised to the largest personal discount the policy allows."),
    "below_floor": gettext_lazy("Raised to the floor, which keeps the minimum margin."),
    "above_ceiling": gettext_lazy("Lowered to the ceiling."),
    "above_emergency_cap": gettext_lazy("Lowered to the cap of a declared emergency."),
    "step_cap": gettext_lazy("Held to the largest step of a day."),
    "hold": gettext_lazy("Kept: the price changed less than the hold time ago."),
    "too_many_changes": gettext_lazy("Kept: the price changed often enough today."),
}
OUTCOMES: dict[str, Text] = {
    "chosen": gettext_lazy("won"),
    "best payoff, overruled by an earlier promise or a guardrail": gettext_lazy(
        "best payoff, overruled by an earlier promise or a guardrail"
    ),
    "lower expected payoff": gettext_lazy("lost: lower expected payoff"),
    "higher expected payoff, not drawn": gettext_lazy("higher expected payoff, not drawn"),
}
MONEY_INPUTS = {"unit_cost", "extra_cost", "held_quoted", "held_public"}
# From these the cost can be read.
COST_INPUTS = {"unit_cost", "extra_cost", "floor_minor"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price that was weighed, against the public price: demand and payoff."""

    price: str
    demand: str
    payoff: str
    outcome: str
    is_winner: bool


def list_signals(features: Mapping[str, Any]) -> list[tuple[str, Text, str]]:
    """Return name, meaning and strength of what was known about the shopper."""
    return [
        (name, SIGNALS.get(name) or _registered_meaning(name), show_units(float(number)))
        for name, number in features.items()
        if isinstance(number, int | float) and number
    ]


def _registered_meaning(name: str) -> str:
    return _(FEATURES[name].meaning) if name in FEATURES else ""


def visible_inputs(trace: QuoteTrace, *, with_cost: bool) -> dict[str, Any]:
    """Return the inputs of the decision that a reader may see, by name."""
    return {
        name: value for name, value in trace.inputs.items() if with_cost or name not in COST_INPUTS
    }


def list_inputs(inputs: Mapping[str, Any], currency: str) -> list[tuple[Text, str]]:
    """Return inputs of a decision in plain words; unknown ones are in the JSON below."""
    shown = []
    for name, meaning in INPUTS.items():
        number = inputs.get(name)
        if not isinstance(number, int | float) or not number:
            continue
        is_money = name.endswith("_minor") or name in MONEY_INPUTS
        text = show_money(round(number), currency) if is_money else show_units(number)
        shown.append((meaning, text))
    return shown


def list_guards(actions: Sequence[str]) -> list[tuple[str, Text]]:
    """Return code and sentence of what the guardrails did."""
    return [(code, GUARDS.get(code, code)) for code in actions]


def list_candidates(trace: QuoteTrace) -> list[Candidate]:
    """Return the winner and the losers, highest price first."""
    return [
        Candidate(
            price=show_money(round(one["minor"]), trace.currency),
            demand=show_percent(one["demand_ratio"]),
            payoff=show_percent(one["payoff_ratio"]),
            outcome=str(OUTCOMES.get(one["outcome"], one["outcome"])),
            is_winner=one["outcome"] == "chosen",
        )
        for one in trace.candidates
    ]


@dataclass(frozen=True, slots=True)
class FeasiblePrice:
    """A price that could have been shown, and how likely it was."""

    price: str
    discount: str
    chance: str
    is_shown: bool


def list_feasible_prices(trace: QuoteTrace, chances: QuotePropensities) -> list[FeasiblePrice]:
    """Return the feasible prices with their chances, highest price first."""
    return [
        FeasiblePrice(
            price=show_money(minor, trace.currency),
            discount=show_change(minor / trace.public_minor - 1),
            chance=show_percent(chance),
            is_shown=minor == trace.quoted_minor,
        )
        for minor, chance in chances.rungs
    ]


def draw_chances(trace: QuoteTrace, chances: QuotePropensities) -> Chart:
    """Return the chance of each feasible price, the one shown in its own color."""
    labels = tuple(show_money(minor, trace.currency) for minor, _ in chances.rungs)
    shown, others = [], []
    for minor, chance in chances.rungs:
        is_shown = minor == trace.quoted_minor
        shown.append(chance if is_shown else None)
        others.append(None if is_shown else chance)
    return DayChart(
        title=_("How likely each price was"),
        labels=labels,
        show=show_percent,
        bars=(
            Series(_("shown"), tuple(shown), 1),
            Series(_("could have been shown"), tuple(others), 3),
        ),
        note=_(
            "Each probability is 0 or at least 1 %, so that what is learned from prices is "
            "unbiased."
        ),
        label_title=_("Price"),
    ).draw()


def draw_candidates(trace: QuoteTrace) -> Chart:
    """Return expected payoff against price, both relative to the public price."""
    ordered = sorted(trace.candidates, key=lambda one: one["minor"])
    points = tuple((float(one["minor"]), 100 * float(one["payoff_ratio"])) for one in ordered)
    return PlaneChart(
        title=_("Expected payoff of each price, public price = 100"),
        x_title=_("Price"),
        y_title=_("Payoff"),
        show_x=lambda minor: show_money(round(minor), trace.currency),
        show_y=show_units,
        curves=(Curve(_("expected payoff"), points, 3),) if len(points) > 1 else (),
        markers=(
            Marker(_("public price"), trace.public_minor, 1),
            Marker(_("quoted price"), trace.quoted_minor, 3),
        ),
    ).draw()
