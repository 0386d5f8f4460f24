"""Kinds of approval in pricing."""

from __future__ import annotations

from shop.ground.approvals.core.values import Kind

POLICY = Kind("pricing.pricingpolicy")
MODEL_USE = Kind("pricing.demandmodelversion")
AUDIT_WAIVER = Kind("pricing.modelaudit", right="pricing.approve_demandmodelversion")
