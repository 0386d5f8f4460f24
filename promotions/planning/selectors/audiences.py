"""Whom conditions may name: tiers of the programme and groups that shoppers prove to belong to."""

from __future__ import annotations

from typing import Any

from promotions.coupons.models import VerifiedGroup
from promotions.loyalty.models import MembershipTier


def list_tiers() -> list[tuple[str, str, str]]:
    """Return (code, name, Chinese name) of each tier, the lowest first. One query."""
    rows = MembershipTier.objects.order_by("threshold_minor", "-terms_id")
    named = {code: (code, name, zh) for code, name, zh in _name(rows)}
    return list(named.values())


def list_groups() -> list[tuple[str, str, str]]:
    """Return (code, name, Chinese name) of each group in use. One query."""
    return _name(VerifiedGroup.objects.filter(is_active=True))


def _name(rows: Any) -> list[tuple[str, str, str]]:
    return list(rows.values_list("code", "name", "name_zh"))
