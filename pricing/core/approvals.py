"""What two people decide together about prices."""

from __future__ import annotations

from shop.approvals.core.values import Kind

POLICY = Kind("pricing.pricingpolicy")
MODEL_USE = Kind("pricing.demandmodelversion")
AUDIT_WAIVER = Kind("pricing.modelaudit", right="pricing.approve_demandmodelversion")
