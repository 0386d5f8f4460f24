"""Audit-only traits, for auditors' eyes. Nothing that prices, ranks or offers may import this."""

from __future__ import annotations

from profiles.models import AuditTrait


def list_audit_traits(*, shopper_id: int) -> list[tuple[str, str]]:
    """Return (name, value) of each trait the shopper declared. One query.

    The caller has checked that the reader is an auditor.
    """
    traits = AuditTrait.objects.filter(shopper_id=shopper_id)
    return list(traits.values_list("name", "value"))
