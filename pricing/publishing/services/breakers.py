"""Breakers that act by themselves, and the one click that undoes what they did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from pricing.base.metrics import breaker_trips_total
from pricing.policy.models.breakers import BreakerTrip
from pricing.policy.models.policy import KillSwitch
from pricing.publishing.services.kill_switches import set_kill_switch
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

Kind, Action = BreakerTrip.Kind, BreakerTrip.Action
# What staff undid is not done again for a day: they looked at it.
QUIET = timedelta(hours=24)


class TripNotOpen(FairtagError):
    """There is no such trip, or it is over or undone already."""

    code = "trip_not_open"


def trip_breaker(
    *,
    kind: str,
    scope: str,
    key: str,
    action: str,
    evidence: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Open a trip and act on it; return whether it is a new one.

    An open trip of this kind, scope and key is only seen again; one that staff undid within a day
    stays undone. `switched_off` flips the kill switch of the scope in the same transaction. Fact
    BreakerTripped.
    """
    with transaction.atomic():
        _lock_breaker(kind, scope, key)
        known = BreakerTrip.objects.filter(kind=kind, scope=scope, key=key)
        seen = known.filter(over_at__isnull=True, undone_at__isnull=True)
        if seen.update(seen_at=now, evidence=dict(evidence)):
            return False
        if known.filter(undone_at__gt=now - QUIET).exists():
            return False
        row = BreakerTrip.objects.create(
            kind=kind,
            scope=scope,
            key=key,
            action=action,
            evidence=dict(evidence),
            at=now,
            seen_at=now,
        )
        if action == Action.SWITCHED_OFF:
            set_kill_switch(
                scope=scope,
                key=key,
                is_active=True,
                reason=f"breaker: {row.get_kind_display()}",
                by_id=None,
                now=now,
            )
        payload = {"trip": row.pk, "kind": kind, "scope": scope, "key": key, "action": action}
        write_fact(kind="BreakerTripped", payload=payload, occurred_at=now)
    breaker_trips_total.labels(kind=kind).inc()
    return True


def end_trips(rows: QuerySet[BreakerTrip], *, now: datetime) -> int:
    """Note that what open trips saw is over; return how many. What was switched off stays off:
    that only a person undoes."""
    return (
        rows.filter(over_at__isnull=True, undone_at__isnull=True)
        .exclude(action=Action.SWITCHED_OFF)
        .update(over_at=now)
    )


def close_trip(*, trip_id: int, reason: str, by_id: int, now: datetime) -> BreakerTrip:
    """Undo an open trip: what it switched off is on again within a second. Return its row.

    The switch is released unless somebody else flipped it since, or another open trip needs it.
    Raises TripNotOpen.
    """
    with transaction.atomic():
        row = BreakerTrip.objects.select_for_update().filter(pk=trip_id).first()
        if row is None or row.over_at is not None or row.undone_at is not None:
            raise TripNotOpen(_("This trip is over or undone already."))
        row.undone_at, row.undone_by_id, row.undo_reason = now, by_id, reason
        row.save(update_fields=["undone_at", "undone_by", "undo_reason"])
        if row.action == Action.SWITCHED_OFF and _may_release(row):
            set_kill_switch(
                scope=row.scope,
                key=row.key,
                is_active=False,
                reason=reason,
                by_id=by_id,
                now=now,
            )
        payload = {"trip": row.pk, "kind": row.kind, "scope": row.scope, "key": row.key}
        write_fact(kind="BreakerUndone", payload=payload, occurred_at=now)
    return row


def _may_release(row: BreakerTrip) -> bool:
    others = BreakerTrip.objects.filter(
        scope=row.scope,
        key=row.key,
        action=Action.SWITCHED_OFF,
        over_at__isnull=True,
        undone_at__isnull=True,
    ).exclude(pk=row.pk)
    flips = KillSwitch.objects.filter(scope=row.scope, key=row.key).order_by("-id")
    newest = flips.values_list("by_id", flat=True).first()
    return newest is None and not others.exists()


def _lock_breaker(kind: str, scope: str, key: str) -> None:
    """Let one watcher at a time trip a breaker: two would both find none open."""
    with connection.cursor() as cursor:
        name = f"breaker|{kind}|{scope}|{key}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
