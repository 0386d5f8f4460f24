"""The figures of a trial in sentences, in the reader's language: what each step was judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from pricing.ledger.selectors.sales_channels import say_in_place
from shop.ground.staff.numbers import show_change, show_count, show_signed, show_units
from shop.ground.staff.phrases import join_clauses

type Text = str | Promise

# Why logged prices allow no verdict, or speak against a version.
REFUSALS: dict[str, Text] = {
    "nothing_logged": gettext_lazy("no drawn price was logged"),
    "few_shoppers": gettext_lazy("too few shoppers"),
    "few_draws": gettext_lazy("too few draws"),
    "few_effective_decisions": gettext_lazy("too few decisions that both versions could have made"),
    "weight_too_large": gettext_lazy("single decisions would count too much"),
    "choices_never_shown": gettext_lazy("it would show prices that were never shown"),
    "gain_not_sure": gettext_lazy("the gain is not sure"),
    "rules_broken": gettext_lazy("its prices would have broken rules"),
}
# A decision earns a few cents, and its gain a fraction of one: gains are told of so many.
MANY = 1_000
HOURS = gettext_lazy("%(hours)s hours at this share, %(decisions)s decisions")
SHADOW = gettext_lazy("its shadow is %(gap)s from the prices shown, on average")
VIOLATIONS = gettext_lazy("%(count)s decisions in which its prices broke a bound")
LIFT = gettext_lazy(
    "a visit of its shoppers brings %(difference)s against the others'; certain: %(low)s to"
    " %(high)s"
)
UNSURE = gettext_lazy("too few shoppers of it to compare profit a visit")
LOGGED = gettext_lazy(
    "logged prices: a gain of %(gain)s a thousand decisions, certain: %(low)s to %(high)s, from"
    " %(exposures)s decisions and %(purchases)s purchases"
)
AGAINST = gettext_lazy("logged prices allow no step: %(reasons)s")


def list_rollout_figures(
    evidence: Mapping[str, Any], show_money: Callable[[float], str]
) -> list[str]:
    """Return the figures of a trial's step as sentences, those of other places after those of the
    home place; [] where nothing was looked at yet.

    `evidence` is what the step keeps; `show_money` writes minor units.
    """
    found = _list_figures(evidence, show_money)
    for place, figures in (evidence.get("places") or {}).items():
        found += [say_in_place(place, one) for one in _list_figures(figures, show_money)]
    return found


def _list_figures(evidence: Mapping[str, Any], show_money: Callable[[float], str]) -> list[str]:
    """Return the figures of one place as sentences."""
    found = []
    if "hours" in evidence:
        hours, decisions = show_units(evidence["hours"]), show_count(evidence["decisions"])
        found.append(str(HOURS) % {"hours": hours, "decisions": decisions})
    if evidence.get("shadow_gap") is not None:
        found.append(str(SHADOW) % {"gap": show_change(evidence["shadow_gap"])})
    if evidence.get("violations"):
        found.append(str(VIOLATIONS) % {"count": show_count(evidence["violations"])})
    if "difference" in evidence:
        found.append(_say_lift(evidence, show_money))
    return found + _say_offline(evidence.get("offline") or {}, show_money)


def _say_lift(lift: Mapping[str, Any], show_money: Callable[[float], str]) -> str:
    names = ("difference", "low", "high")
    if any(lift.get(name) is None for name in names):
        return str(UNSURE)
    return str(LIFT) % {name: show_signed(lift[name], show_money) for name in names}


def _say_offline(offline: Mapping[str, Any], show_money: Callable[[float], str]) -> list[str]:
    found = []
    if "gain" in offline:
        gain, low, high = (show_signed(MANY * one, show_money) for one in offline["gain"])
        counts = {name: show_count(offline[name]) for name in ("exposures", "purchases")}
        found.append(str(LOGGED) % (counts | {"gain": gain, "low": low, "high": high}))
    reasons = [str(REFUSALS.get(one, one)) for one in offline.get("reasons", ())]
    return [*found, str(AGAINST) % {"reasons": join_clauses(reasons)}] if reasons else found
