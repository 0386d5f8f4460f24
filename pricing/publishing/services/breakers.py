"""Breakers that act by themselves, and the one click that undoes what they did."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from pricing.base.metrics import breaker_trips_total, broken_seals, seals_checked_total
from pricing.ledger.models.impressions import LookSeal
from pricing.ledger.models.quotes import QuoteSeal
from pricing.policy.models.breakers import BreakerTrip
from pricing.policy.models.policy import EmergencyCap, KillSwitch
from pricing.quoting.selectors.serving import forget_serving
from pricing.quoting.services.drain import CHAINS, Chain
from pricing.quoting.services.returns import lock_switches, take_chance_back
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

logger = logging.getLogger(__name__)


class UnknownSwitch(FairtagError):
    """There is no such scope, or its key is missing or superfluous."""

    code = "unknown_switch"


def set_kill_switch(
    *,
    scope: str,
    key: str = "",
    is_active: bool,
    reason: str,
    by_id: int | None,
    now: datetime,
) -> None:
    """Flip a switch; every worker obeys within a second, with Redis down too. No change, no row.

    Public prices that chance or an experiment moved go back by then, too: for good.
    `key` is empty for "global", else a market code, a category's path, a SKU or a model's number.
    Fact KillSwitchFlipped. Raises UnknownSwitch.
    """
    if scope not in KillSwitch.Scope.values or (scope == "global") != (key == ""):
        raise UnknownSwitch(_("Name one market, category, SKU or model; nothing for everything."))
    with transaction.atomic():
        lock_switches()
        newest = KillSwitch.objects.filter(scope=scope, key=key).order_by("-id").first()
        if (newest is not None and newest.is_active) == is_active:
            return
        row = KillSwitch.objects.create(
            scope=scope, key=key, is_active=is_active, reason=reason, by_id=by_id, at=now
        )
        if is_active:
            _take_back(row, now)
        write_fact(kind="KillSwitchFlipped", payload={"scope": scope, "key": key}, occurred_at=now)
        transaction.on_commit(forget_serving)


def _take_back(switch: KillSwitch, now: datetime) -> None:
    """Take prices back from chance, if that can be done: the switch is thrown either way, and the
    next run of the publisher looks at them."""
    try:
        with transaction.atomic():
            take_chance_back(switch=switch, now=now)
    except Exception:  # whatever ails prices must not keep them from being stopped
        logger.exception("prices moved by chance wait for the next price book")


def flag_emergency(
    *,
    market: str,
    category_id: int | None,
    starts_at: datetime,
    cap_share: float,
    reason: str,
    by_id: int | None,
) -> int:
    """Declare an emergency: no price above its level before `starts_at`, plus `cap_share`.

    `category_id` None means all products. The next price book obeys. Return the row's id.
    """
    with transaction.atomic():
        row = EmergencyCap.objects.create(
            market_id=market,
            category_id=category_id,
            starts_at=starts_at,
            cap_share=cap_share,
            reason=reason,
            created_by_id=by_id,
        )
        write_fact(kind="EmergencyDeclared", payload={"market": market}, occurred_at=starts_at)
    return int(row.pk)


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
