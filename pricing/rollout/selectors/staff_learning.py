"""Read how learning goes, for staff: evidence by the minute, trials and their shadows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min

from pricing.learning.models.learning import ModelRamp, OnlineEvidence, ShadowComparison
from pricing.ledger.selectors.sales_channels import name_place
from pricing.policy.models.breakers import PricedVisit
from pricing.rollout.selectors.verdicts import say_step

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
