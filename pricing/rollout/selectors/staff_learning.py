"""Read how learning goes, for staff: evidence by the minute, trials and their shadows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from pricing.learning.models.learning import ModelRamp, OnlineEvidence, ShadowComparison
from pricing.ledger.selectors.references import name_place, say_in_place
from pricing.policy.models.breakers import PricedVisit
from pricing.rollout.selectors.verdicts import say_step
from shop.ground.staff.numbers import show_change, show_count, show_signed, show_units
from shop.ground.staff.phrases import join_clauses

MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class EvidenceStep:
    """What had been learned by a moment: outcomes counted since learning began, drift alarms, and
    how many elasticities moved in this step. `pending` decisions may still be bought, and
    `pending_purchases` of them were."""

    at: datetime
    watermark: datetime
    exposures: int
    purchases: int
    alarms: int
    moved: int
    pending: int
    pending_purchases: int
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """From `at` on this share of shoppers was quoted by the version on trial; why, in the reader's
    language. `evidence` are the figures it was judged by when somebody last looked."""

    share: float
    at: datetime
    reason: str
    is_by_staff: bool
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """A version on trial: its steps newest first, and how it ended ("" while it goes on)."""

    model_version: int
    begun_at: datetime
    ended_at: datetime | None
    end: str
    steps: tuple[RolloutStep, ...]


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """What a version would have shown in a sample of decisions, against what was shown."""

    model_version: int
    place: str
    at: datetime
    since: datetime
    until: datetime
    decisions: int
    figures: Mapping[str, Any]


def find_visited_arms(*, market: str = "us", channel: str = "online") -> frozenset[bool]:
    """Return which arms have counted visits, True for the holdout: without both, there is nothing
    to compare. One query."""
    visits = PricedVisit.objects.filter(market_code=market, channel=channel)
    return frozenset(visits.order_by().values_list("is_held_out", flat=True).distinct())


def list_evidence(
    *, market: str = "us", channel: str = "online", limit: int = MOST_STEPS
) -> Sequence[EvidenceStep]:
    """Return the newest steps of learning, oldest first. One query; arrays are left out."""
    rows = (
        OnlineEvidence.objects.filter(market_code=market, channel=channel)
        .defer("arrays", "pending_arrays")
        .order_by("-at", "-id")[:limit]
    )
    return [
        EvidenceStep(
            at=row.at,
            watermark=row.watermark,
            exposures=row.exposures,
            purchases=row.purchases,
            alarms=row.alarms,
            moved=len(row.moved),
            pending=row.pending_exposures,
            pending_purchases=row.pending_purchases,
            figures=row.metrics,
        )
        for row in reversed(rows)
    ]


def count_drift_alarms(*, since: datetime, market: str, channel: str) -> int:
    """Return how many alarms of drift rang in a sales channel since a moment. One query."""
    rows = OnlineEvidence.objects.filter(market_code=market, channel=channel, at__gte=since)
    bounds = rows.aggregate(first=Min("alarms"), last=Max("alarms"))
    return int((bounds["last"] or 0) - (bounds["first"] or 0))


def list_rollouts(*, limit: int = 10) -> list[RolloutRow]:
    """Return trials of model versions, newest first. Two queries."""
    rows = ModelRamp.objects.order_by("-id").prefetch_related("steps")[:limit]
    return [
        RolloutRow(
            model_version=row.model_id,
            begun_at=row.begun_at,
            ended_at=row.ended_at,
            end=row.end,
            steps=tuple(
                RolloutStep(
                    step.share,
                    step.at,
                    say_step(step.reason, step.evidence),
                    step.by_id is not None,
                    step.evidence,
                )
                for step in row.steps.all()
            ),
        )
        for row in rows
    ]


def list_shadows(*, model_version: int | None = None, limit: int = 30) -> list[ShadowRow]:
    """Return the newest comparisons of versions with what was shown. One query."""
    rows = ShadowComparison.objects.order_by("-id")
    if model_version is not None:
        rows = rows.filter(model_id=model_version)
    return [
        ShadowRow(
            model_version=row.model_id,
            place=name_place((row.market_code, row.channel)),
            at=row.at,
            since=row.since,
            until=row.until,
            decisions=row.decisions,
            figures=row.figures,
        )
        for row in rows[:limit]
    ]


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
