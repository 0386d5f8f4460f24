"""Audit-only traits, for auditors' eyes and the fairness audit. Nothing that prices, ranks or
offers may import this."""

from __future__ import annotations

from profiles.shoppers.models.audit import AuditTrait


def list_audit_traits(*, shopper_id: int) -> list[tuple[str, str]]:
    """Return (name, value) of each trait the shopper declared. One query.

    The caller has checked that the reader is an auditor.
    """
    traits = AuditTrait.objects.filter(shopper_id=shopper_id)
    return list(traits.values_list("name", "value"))


def load_audit_traits(*, market: str | None = None) -> list[tuple[int, str, str]]:
    """Return (shopper id, name, value) of everybody who declared one, for group reports; of the
    shoppers of one market if it is named.

    Minors have no personal price and are not measured. One query.
    """
    traits = AuditTrait.objects.filter(
        shopper__is_minor=False,
        shopper__erased_at__isnull=True,
        shopper__merged_into__isnull=True,
    )
    if market is not None:
        traits = traits.filter(shopper__market_code=market)
    return list(traits.order_by("pk").values_list("shopper_id", "name", "value"))
