"""What two people decide together about experiments."""

from __future__ import annotations

from shop.approvals.core.values import Kind

PUBLIC_PRICES = Kind(
    "profiles.experiment", right="profiles.change_experiment", page="admin:experiment"
)
