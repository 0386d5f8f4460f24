"""Policies to test with."""

from __future__ import annotations

from typing import Any

from pricing.policy.models.policy import PricingPolicy
from tests.factories.pricing import NOON


def change_policy(**changes: Any) -> None:
    """Put the active policy's bounds where the test needs them, as a new version.

    Chance moves no price unless the test asks for it.
    """
    PricingPolicy.objects.filter(is_active=True).update(is_active=False)
    PricingPolicy.objects.create(
        version=50 + PricingPolicy.objects.count(),
        is_active=True,
        reason="for the test",
        created_at=NOON,
        **{"shock_share": 0.0, **changes},
    )
