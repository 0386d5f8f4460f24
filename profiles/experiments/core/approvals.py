"""Kinds of approval for experiments."""

from __future__ import annotations

from shop.ground.approvals.core.values import Kind

PUBLIC_PRICES = Kind(
    "profiles.experiment", right="profiles.change_experiment", page="admin:experiment"
)
