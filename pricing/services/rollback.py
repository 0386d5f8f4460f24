"""Back to the model before in one click, live on all workers within a second."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pricing.models import DemandModelVersion, ModelChange
from pricing.selectors.serving import forget_serving
from pricing.selectors.versions import load_model
from pricing.services.approvals import NotOffered
from pricing.services.fairness import require_audit
from pricing.services.refits import lock_models
from shop.outbox.services import write_fact

Status = DemandModelVersion.Status


def rollback_model(*, reason: str, by_id: int, now: datetime, to_id: int | None = None) -> int:
    """Bring the model that was in use before (or retired model `to_id`) back into use; return it.

    One person is enough: going back is the safe way. Workers lay its elasticities over the book
    they serve, so shoppers are quoted by it within a second; public prices follow with the next
    book. Until somebody activates a model again, no refit comes into use by itself. Fact
    ModelActivated. Raises NotOffered, UntrustedModel, and NotAudited where the newest audit of that
    model forbids its use.
    """
    with transaction.atomic():
        lock_models()
        locked = DemandModelVersion.objects.defer("arrays").select_for_update().order_by("pk")
        rows = {row.pk: row for row in locked.filter(status__in=[Status.ACTIVE, Status.RETIRED])}
        active = next((row for row in rows.values() if row.status == Status.ACTIVE), None)
        wanted = rows.get(to_id or _find_former(active) or 0)
        if active is None or wanted is None or wanted.status != Status.RETIRED:
            raise NotOffered("There is no model to go back to.")
        load_model(wanted.pk)  # its hash is checked before anybody is quoted by it
        require_audit(wanted)
        for row, status in ((active, Status.RETIRED), (wanted, Status.ACTIVE)):
            row.status = status
            row.save(update_fields=["status"])
        ModelChange.objects.create(
            model=wanted,
            former=active,
            kind=ModelChange.Kind.ROLLED_BACK,
            at=now,
            by_id=by_id,
            reason=reason,
        )
        write_fact(kind="ModelActivated", payload={"model_id": wanted.pk}, occurred_at=now)
        transaction.on_commit(forget_serving)
    return int(wanted.pk)


def _find_former(active: DemandModelVersion | None) -> int | None:
    """Return the model that was in use before: by the record, else the newest retired one."""
    if active is None:
        return None
    change = ModelChange.objects.filter(
        model=active, former__isnull=False, former__status=Status.RETIRED
    ).order_by("-id")
    known = change.values_list("former_id", flat=True).first()
    retired = DemandModelVersion.objects.filter(status=Status.RETIRED)
    return known or retired.order_by("-trained_at", "-id").values_list("pk", flat=True).first()
