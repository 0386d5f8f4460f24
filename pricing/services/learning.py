"""Learn from outcomes as they come in: minute by minute, exactly once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from pricing.core.arrays import FloatArray
from pricing.core.online import Evidence, Report, Sightings, take_in
from pricing.core.packed import read_signals
from pricing.core.signals import sensitivity_boost
from pricing.models import OnlineEvidence
from pricing.selectors.evidence import Model, open_evidence
from pricing.selectors.exposures import Exposures, load_exposures
from pricing.selectors.rules import load_active_policy
from pricing.selectors.versions import load_active_model, load_weights
from shop.catalog.selectors import list_categories
from shop.kernel.arrays import hash_arrays, pack_arrays

# Whoever puts a quoted price into a cart in its last minute still pays for it after that.
CHECKOUT = timedelta(minutes=30)
# The first run begins here; a run that is behind takes windows of an hour, so many at once.
FIRST_LOOK = timedelta(hours=6)
WINDOW, MOST_WINDOWS = timedelta(hours=1), 24
KEEP_ROWS = 100


@dataclass(frozen=True, slots=True)
class LearningReport:
    """What a run took in: decisions whose hour is over, purchases, families whose alarm rang,
    variants to reprice; `until` is how far it came."""

    exposures: int
    purchases: int
    alarms: int
    moved: int
    until: datetime


def learn_online(*, now: datetime, market: str = "us", channel: str = "online") -> LearningReport:
    """Take in the outcomes of decisions whose quote has run out since the last run.

    A decision is judged once its quote can no longer be bought (its validity and half an hour for
    the payment): only then is "not bought" known. Evidence and watermark change in one
    transaction, so that no outcome counts twice. Without a model nothing is learned.
    """
    place, model = (market, channel), load_active_model()
    until = now - timedelta(minutes=load_active_policy().quote_minutes) - CHECKOUT
    total = LearningReport(0, 0, 0, 0, until)
    for _ in range(MOST_WINDOWS):
        if model is None:
            break
        found = _learn_window(model, place, until, now)
        if found is None:
            break
        report, came_to = found
        total = LearningReport(
            exposures=total.exposures + report.exposures,
            purchases=total.purchases + report.purchases,
            alarms=total.alarms + len(report.alarmed),
            moved=total.moved + len(report.moved),
            until=came_to,
        )
        if came_to >= until:
            break
    return total


def _learn_window(
    model: Model, place: tuple[str, str], until: datetime, now: datetime
) -> tuple[Report, datetime] | None:
    """Take in the next window of decisions; None if there is none."""
    with transaction.atomic():
        _lock_evidence(place)
        row = OnlineEvidence.objects.filter(
            market_code=place[0], channel=place[1], is_current=True
        ).first()
        since = until - FIRST_LOOK if row is None else row.watermark
        end = min(until, since + WINDOW)
        if end <= since:
            return None
        evidence = Evidence.nothing(model[0].id) if row is None else open_evidence(row)
        found = load_exposures(since=since, until=end, now=now, market=place[0], channel=place[1])
        days = 0.0 if row is None else (now - row.at) / timedelta(days=1)
        known, report = take_in(
            evidence,
            read_sightings(found),
            model[1],
            model_version=model[0].id,
            days=days,
        )
        if row is not None and not report.exposures:
            OnlineEvidence.objects.filter(pk=row.pk).update(watermark=end)
        else:
            _store(known, report, row, place, (end, now))
    return report, end


def read_sightings(found: Exposures) -> Sightings:
    """Return drawn decisions as sightings. One query for each model version the first time."""
    found = found.take(~found.is_book)
    boost = _boosts(found)
    public = found.rows["public_minor"].astype(np.float64)
    prices = np.where(found.rung_minor > 0, found.rung_minor, public[:, None])
    ratios = (1.0 + boost)[:, None] * np.log(prices / public[:, None])
    shown = ratios[np.arange(len(found)), found.chosen]
    nodes = list_categories("en").nodes
    families = {one: node.parent_id or one for one, node in nodes.items()}
    category = found.rows["category_id"].tolist()
    return Sightings(
        variant_id=found.rows["variant_id"].astype(np.int64),
        family_id=np.array([families.get(one, one) for one in category], dtype=np.int64),
        log_ratio=shown,
        centered=shown - (ratios * found.probability).sum(axis=1),
        interest=np.log1p(boost),
        bought=(found.units > 0).astype(np.float64),
    )


def _boosts(found: Exposures) -> FloatArray:
    """Return z of each decision, under the weights of the model that decided."""
    boost = np.zeros(len(found))
    for version in np.unique(found.model_version).tolist():
        where = found.model_version == version
        boost[where] = sensitivity_boost(read_signals(found.rows[where]), load_weights(version))[0]
    return boost


def _store(
    known: Evidence,
    report: Report,
    old: OnlineEvidence | None,
    place: tuple[str, str],
    moments: tuple[datetime, datetime],
) -> None:
    arrays = known.arrays()
    rows = OnlineEvidence.objects.filter(market_code=place[0], channel=place[1])
    rows.filter(is_current=True).update(is_current=False)
    OnlineEvidence.objects.create(
        market_code=place[0],
        channel=place[1],
        at=moments[1],
        watermark=moments[0],
        exposures=report.exposures + (0 if old is None else old.exposures),
        purchases=report.purchases + (0 if old is None else old.purchases),
        alarms=len(report.alarmed) + (0 if old is None else old.alarms),
        moved=report.moved.tolist(),
        metrics={
            "exposures": report.exposures,
            "purchases": report.purchases,
            "alarmed": report.alarmed.tolist(),
            "variants": len(known),
            "interest": float(known.interest[0]),
        },
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    kept = rows.order_by("-id").values_list("pk", flat=True)[:KEEP_ROWS]
    rows.exclude(pk__in=list(kept)).delete()


def _lock_evidence(place: tuple[str, str]) -> None:
    """Let one run at a time learn for a place: two would take in the same outcomes."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_onlineevidence", *place))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
