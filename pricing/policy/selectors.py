"""Read the rules in force: policy versions, laws by place, switches, caps, open breakers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache

from django.db.models import Q

from pricing.base.core.values import JurisdictionRule, Policy, SwitchRow
from pricing.policy.models.breakers import BreakerTrip
from pricing.policy.models.policy import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy

POLICY_FIELDS = tuple(each.name for each in fields(Policy))


def load_active_policy() -> Policy:
    """Return the policy in force; the built-in first policy if the table is empty. One query."""
    row = PricingPolicy.objects.filter(is_active=True).values(*POLICY_FIELDS).first()
    return Policy() if row is None else Policy(**row)


@lru_cache(maxsize=64)
def load_policy(version: int) -> Policy:
    """Return policy `version`. One query the first time: versions are never edited.

    Raises PricingPolicy.DoesNotExist.
    """
    return Policy(**PricingPolicy.objects.values(*POLICY_FIELDS).get(version=version))


def load_jurisdictions() -> tuple[JurisdictionRule, ...]:
    """Return every row of every place, newest first. One query."""
    return tuple(
        JurisdictionRule(
            code=row.code,
            personal_allowed=row.personal_allowed,
            label_code=row.label_code,
            label_en=row.label_en,
            label_zh=row.label_zh,
            test_label_en=row.test_label_en,
            test_label_zh=row.test_label_zh,
            reference_strategy=row.reference_strategy,
            opt_in_required=row.opt_in_required,
            unit_price_required=row.unit_price_required,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in JurisdictionRow.objects.order_by("code", "-valid_from")
    )


def list_kill_switches() -> list[SwitchRow]:
    """Return the switches that are on. One query."""
    newest = KillSwitch.objects.order_by("scope", "key", "-id").distinct("scope", "key")
    return [
        SwitchRow(scope=row.scope, key=row.key, reason=row.reason, at=row.at)
        for row in newest
        if row.is_active
    ]


def are_tests_off(market: str) -> bool:
    """Return whether a switch keeps all products of a market from price tests. One query."""
    off = {("global", ""), ("market", market), (KillSwitch.Scope.TESTS.value, market)}
    return any((one.scope, one.key) in off for one in list_kill_switches())


def load_emergency_caps(
    *, market: str, now: datetime
) -> Mapping[int | None, list[tuple[datetime, float]]]:
    """Return caps in force by category id (None: all products): (start, share above). One query."""
    rows = EmergencyCap.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), market_id=market, starts_at__lte=now
    )
    caps: dict[int | None, list[tuple[datetime, float]]] = {}
    for row in rows.order_by("pk"):
        caps.setdefault(row.category_id, []).append((row.starts_at, row.cap_share))
    return caps


MOST_TRIPS = 20


@dataclass(frozen=True, slots=True)
class TripRow:
    """A breaker that acted and was not undone; texts are those of its table.

    `scope` and `key` are those of a kill switch.
    """

    id: int
    kind: str
    action: str
    scope: str
    key: str
    at: datetime


def list_open_trips() -> list[TripRow]:
    """Return the open trips, newest first, twenty at most. One query."""
    rows = BreakerTrip.objects.filter(over_at__isnull=True, undone_at__isnull=True)
    return [
        TripRow(
            id=row.pk,
            kind=row.get_kind_display(),
            action=row.get_action_display(),
            scope=row.scope,
            key=row.key,
            at=row.at,
        )
        for row in rows.order_by("-at", "-id")[:MOST_TRIPS]
    ]
