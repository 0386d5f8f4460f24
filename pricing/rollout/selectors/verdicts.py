"""Sentences about models for staff: why one waits, continues or is refused.

Stored are codes with their figures (or, on the leaderboard, English with figures); the sentence is
made when somebody reads it. What people wrote stands as they wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.demand.models.families import FAMILIES
from pricing.ledger.selectors.references import say_in_place
from shop.ground.jobs.selectors import RunRow
from shop.ground.staff.numbers import show_percent, show_units
from shop.ground.staff.phrases import join_clauses, name_value

type Text = str | Promise

# Forecast error is measured on two sets: always shown under the name that says on which.
WMAPE_ALL = gettext_lazy("WMAPE, all products")
WMAPE_BEST = gettext_lazy("WMAPE, best-selling products")

# What the leaderboard says (English, with its figures) -> our sentence with the same figures.
GAIN = r" log-likelihood (?P<gain>\S+) a day, (?P<low>\S+) to (?P<high>\S+)"
SENTENCES: tuple[tuple[str, Text], ...] = (
    (
        r"no randomised prices to judge its elasticities by",
        gettext_lazy("no randomized prices to judge its elasticities by"),
    ),
    (
        r"on randomised prices it is not surely better than the champion:" + GAIN,
        gettext_lazy(
            "on randomized prices it is not surely better than the champion: log-likelihood"
            " %(gain)s a day, %(low)s to %(high)s"
        ),
    ),
    (
        r"(?P<own>\S+) of its elasticities are not negative",
        gettext_lazy("%(own)s of its elasticities are not negative"),
    ),
    (
        r"an elasticity is not a positive number",
        gettext_lazy("an elasticity is not a positive number"),
    ),
    (
        r"more than a quarter of the elasticities have the wrong sign",
        gettext_lazy("more than a quarter of the elasticities have the wrong sign"),
    ),
    (
        r"the forecast of the held-out weeks is worse than useless",
        gettext_lazy("the forecast of the held-out weeks is worse than useless"),
    ),
    (
        r"too few goods or weeks to compare models",
        gettext_lazy("too few products or weeks to compare models"),
    ),
    (
        r"there is too little history to fit another family",
        gettext_lazy("there is too little history to fit another family"),
    ),
    (
        r"a newer model of its kind has taken its place",
        gettext_lazy("a newer model of its kind has taken its place"),
    ),
)

# What a trial or the record of models says of itself.
CODES: dict[str, Text] = {
    "shadow": gettext_lazy("in the shadow"),
    "first": gettext_lazy("the first model"),
    "refit": gettext_lazy("a refit like the model before"),
    "long_enough": gettext_lazy("long enough and nothing against it"),
    "brings_less": gettext_lazy("its shoppers bring less than the others"),
    "breaks_bound": gettext_lazy("its prices break a bound"),
    "everybody": gettext_lazy("it quotes everybody"),
    "too_short": gettext_lazy("not long enough"),
    "few_decisions": gettext_lazy("too few decisions"),
    "far_shadow": gettext_lazy("its shadow prices are far from today's: check them"),
    "needs_answer": gettext_lazy("somebody must take responsibility for the step"),
    "not_audited": gettext_lazy("its newest fairness audit forbids its use"),
    "not_judged": gettext_lazy("not judged offline yet"),
    "sure_gain": gettext_lazy("logged prices show a sure gain"),
    "no_sure_gain": gettext_lazy("logged prices show no sure gain"),
    "few_data": gettext_lazy("not enough data for an offline verdict"),
    "no_verdict": gettext_lazy("no offline verdict"),
}
# Why a refit waits for people: what of it goes beyond its bound.
REFIT: dict[str, Text] = {
    "far_share": gettext_lazy(
        "%(value)s of the products would move by more than one price point (bound %(limit)s)"
    ),
    "price_p95": gettext_lazy(
        "one price in twenty would move by %(value)s or more (bound %(limit)s)"
    ),
    "elasticity_median": gettext_lazy(
        "half of the elasticities would change by %(value)s or more (bound %(limit)s)"
    ),
    "wmape": gettext_lazy("its forecast error is %(value)s (bound %(limit)s)"),
    "deviance": gettext_lazy("the deviance of its forecasts is %(value)s (bound %(limit)s)"),
    "coverage_90": gettext_lazy("its 90 %% intervals hold %(value)s (bound %(limit)s)"),
    "items": gettext_lazy("it knows %(value)s products by their own sales (bound %(limit)s)"),
    "shadow_gap": gettext_lazy(
        "decisions of the last hours would have been priced %(value)s away (bound %(limit)s)"
    ),
    "violations": gettext_lazy("its prices would have broken a bound in %(value)s decisions"),
    "rolled_back": gettext_lazy("after a rollback people decide which model comes next"),
    "model_changed": gettext_lazy(
        "another model came into use while this one was compared: train again, or decide by people"
    ),
    "no_candidate": gettext_lazy(
        "somebody decided about this model while it was compared with the one in use"
    ),
}
# What a figure is called where it came out as no number.
FIGURES: dict[str, Text] = {
    "far_share": gettext_lazy("products that move by more than one price point"),
    "price_p95": gettext_lazy("how far one price in twenty moves"),
    "elasticity_median": gettext_lazy("how far half of the elasticities change"),
    "wmape": gettext_lazy("forecast error"),
    "deviance": gettext_lazy("deviance of forecasts"),
    "coverage_90": gettext_lazy("coverage of its intervals"),
    "shadow_gap": gettext_lazy("distance to decisions of the last hours"),
    "violations": gettext_lazy("decisions that would have broken a bound"),
}
NO_NUMBER = gettext_lazy("a figure of it is no finite number: %(figure)s")
# Reasons of a shut gate that are a verdict, and those that only want more data.
TOLD = {"gain_not_sure", "rules_broken"}
SCARCE = {"nothing_logged", "few_shoppers", "few_draws"}
SHARE = re.compile(r"(?P<share>\d+%): (?P<reason>.*)", re.DOTALL)


def name_family(kind: str) -> Text:
    """Return what a family of models is called; a kind that is none as it is stored."""
    return FAMILIES.get(kind, kind)


def say_verdict(reason: str) -> str:
    """Return a reason in the reader's language; an unknown one as it is."""
    for pattern, sentence in SENTENCES:
        found = re.fullmatch(pattern, reason)
        if found is not None:
            figures = {name: _space(told) for name, told in found.groupdict().items()}
            return str(sentence) % figures if "%" in str(sentence) else str(sentence)
    return reason


def say_reason(reason: str) -> str:
    """Return why something was done: a code as a sentence, with its share of shoppers if there is
    one; the words of people as they are."""
    found = SHARE.fullmatch(reason)
    if found is not None:
        return name_value(_space(found["share"]), say_reason(found["reason"]))
    return str(CODES.get(reason, reason))


def _space(told: str) -> str:
    """Return a percentage that was stored in English ("4.0%") as staff read percentages."""
    return show_percent(float(told.removesuffix("%")) / 100) if told.endswith("%") else told


def name_gate(offline: Mapping[str, Any] | None) -> str:
    """Return the code of an offline verdict as a step of a trial keeps it; None is none yet."""
    if offline is None:
        return "not_judged"
    if offline["is_open"]:
        return "sure_gain"
    reasons = set(offline["reasons"])
    if reasons <= TOLD:
        return "no_sure_gain"
    return "few_data" if reasons & SCARCE else "no_verdict"


def say_step(reason: str, evidence: Mapping[str, Any]) -> str:
    """Return why a step of a trial was made, what logged prices say, and what it waits for."""
    parts = [say_reason(reason)]
    if "offline" in evidence:
        parts.append(say_reason(name_gate(evidence["offline"])))
    if evidence.get("reason"):
        parts.append(_name_place(evidence, say_reason(evidence["reason"])))
    return join_clauses(dict.fromkeys(part for part in parts if part))


def say_refit(metrics: Mapping[str, Any]) -> list[str]:
    """Return why a refit waits for people, one sentence each; [] if it does not, or is none."""
    reasons = metrics.get("refit_check", {}).get("reasons", ())
    return [_name_place(one, _say_excess(one)) for one in reasons]


def _name_place(told: Mapping[str, Any], sentence: str) -> str:
    """Return a sentence with the place it is about, if that is not the home place."""
    return say_in_place(told["place"], sentence) if "place" in told else sentence


def _say_excess(reason: Mapping[str, Any]) -> str:
    """Return what of a refit goes beyond its bound, or is no number."""
    if reason["value"] is None:
        return str(NO_NUMBER) % {"figure": FIGURES[reason["code"]]}
    shares = reason["code"] not in ("wmape", "deviance", "violations", "items")
    figures = {
        name: show_percent(reason[name]) if shares else show_units(reason[name])
        for name in ("value", "limit")
    }
    return str(REFIT[reason["code"]]) % figures


def list_waits(metrics: Mapping[str, Any]) -> list[str]:
    """Return why a candidate waits for people: as a refit, and as a family at the slot's gate."""
    gate = metrics.get("gate", {})
    shut = () if gate.get("may_take", True) else gate["reasons"]
    return say_refit(metrics) + [say_verdict(one) for one in shut]


def say_wait(status: str, metrics: Mapping[str, Any]) -> str:
    """Return why a version was refused, or waits for people; "" for one that was in use."""
    if "refusal" in metrics:
        return say_verdict(metrics["refusal"])
    return join_clauses(list_waits(metrics)) if status == "candidate" else ""


TRAIN_JOB = "train_family"
ASKED = "fit_asked_at"  # in the session: when the reader last asked for a fit

# What train_demand does at each of its steps.
STEPS: tuple[Text, ...] = (
    gettext_lazy("reads sales, prices and placements"),
    gettext_lazy("fits demand and compares families"),
    gettext_lazy("compares shoppers"),
    gettext_lazy("stores the model"),
    gettext_lazy("audits fairness"),
)
WAITS_FOR = timedelta(minutes=15)
SHOWN_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit as the table of models shows it; `percent` is None once it has ended."""

    says: str
    tone: str
    percent: int | None = None


def describe_fit(run: RunRow | None, asked_at: datetime | None, now: datetime) -> Fit | None:
    """Return the state of the newest run, or of one asked for since that no worker took yet."""
    if asked_at is not None and (run is None or run.started_at < asked_at):
        if now - asked_at < WAITS_FOR:
            return Fit(_("Waiting for a worker to start the fit."), "blue", 0)
        return Fit(_("No worker took the fit: look at the page of workers, then ask again."), "red")
    if run is None or now - run.started_at > SHOWN_FOR:
        return None
    family = run.report.get("family", "")
    name: dict[str, Text] = {"family": FAMILIES.get(family) or family or _("Fit")}
    if run.outcome == "running":
        return _describe_running(run, name)
    return _describe_ended(run, name)


def _describe_ended(run: RunRow, name: dict[str, Text]) -> Fit | None:
    if run.outcome == "hung":
        return Fit(_("%(family)s: the fit stopped without an error. Start it again.") % name, "red")
    if run.outcome == "failed":
        told = name | {"error": (run.error.strip().splitlines() or [""])[-1]}
        return Fit(_("%(family)s: the fit failed. %(error)s") % told, "red")
    if "version" not in run.report:
        return None
    told = name | {"version": run.report["version"]}
    if run.report.get("status") == "refused":
        return Fit(_("%(family)s: version %(version)s was fitted and refused.") % told, "amber")
    return Fit(_("%(family)s: version %(version)s was fitted.") % told, "green")


def _describe_running(run: RunRow, name: dict[str, Text]) -> Fit:
    done, whole = int(run.report.get("done", 0)), int(run.report.get("of", len(STEPS)))
    told = name | {"step": STEPS[min(done, len(STEPS) - 1)]}
    says = _("%(family)s: the worker %(step)s.") % told
    return Fit(says, "blue", 100 * done // max(whole, 1))
