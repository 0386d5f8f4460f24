"""Compare sealed days with what lies in their tables now: a record that was changed is found."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Q

from pricing.base.metrics import broken_seals, seals_checked_total
from pricing.ledger.models.impressions import LookSeal
from pricing.ledger.models.quotes import QuoteSeal
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import Action, end_trips, trip_breaker
from pricing.quoting.services.partitions import CHAINS, Chain

# A day is compared again after this long: twice a day, so that a change shows within one.
AGAIN_AFTER = timedelta(hours=12)
NEVER = datetime.min.replace(tzinfo=UTC)


def check_seals(*, now: datetime, most_seconds: float = 300.0) -> int:
    """Compare days that are due with their seals until the time is up; return how many.

    Those that were never or least lately compared come first, so the next run goes on where this
    one stopped; at least one is. A day that is not what was sealed, or whose link is broken, opens
    a trip of the breaker `seal` that names it; nothing is switched off. What staff answered for by
    undoing the trip stays answered for until the day changes again.
    """
    until = time.monotonic() + most_seconds
    checked = 0
    for chain, seal in _list_due(now):
        _check(chain, seal, now)
        checked += 1
        if time.monotonic() >= until:
            break
    for chain in CHAINS:
        _tell(chain, now)
    return checked


def _list_due(now: datetime) -> list[tuple[Chain, QuoteSeal | LookSeal]]:
    is_due = Q(checked_at__isnull=True) | Q(checked_at__lt=now - AGAIN_AFTER)
    oldest = F("checked_at").asc(nulls_first=True)
    due = [
        (chain, seal)
        for chain in CHAINS
        for seal in chain.seals.objects.filter(is_due).order_by(oldest, "day")
    ]
    return sorted(due, key=lambda pair: (pair[1].checked_at or NEVER, pair[1].day))


def _check(chain: Chain, seal: QuoteSeal | LookSeal, now: datetime) -> None:
    rows, digest = chain.digest(seal.day, seal.previous)
    before = chain.seals.objects.filter(day__lt=seal.day).order_by("-day")
    previous = before.values_list("digest", flat=True).first()
    is_whole = (rows, digest) == (seal.rows, seal.digest) and previous in (None, seal.previous)
    found = "" if is_whole else digest
    chain.seals.objects.filter(pk=seal.pk).update(checked_at=now, found_digest=found)
    outcome = "whole" if is_whole else "broken"
    seals_checked_total.labels(table=chain.name, outcome=outcome).inc()


def _tell(chain: Chain, now: datetime) -> None:
    """Open, renew or end the trip of a table by the days that are broken now."""
    rows = chain.seals.objects.exclude(found_digest="").order_by("day")
    broken = {day.isoformat(): found for day, found in rows.values_list("day", "found_digest")}
    broken_seals.labels(table=chain.name).set(len(broken))
    place: dict[str, Any] = {"kind": BreakerTrip.Kind.SEAL, "scope": "global", "key": chain.name}
    trips = BreakerTrip.objects.filter(**place)
    if not broken:
        end_trips(trips, now=now)
        return
    answered = trips.filter(undone_at__isnull=False).values_list("evidence", flat=True)
    known = {pair for evidence in answered for pair in evidence["days"].items()}
    if not known.issuperset(broken.items()):
        evidence = {"table": chain.name, "days": broken}
        trip_breaker(action=Action.NOTED, evidence=evidence, now=now, **place)
