"""Bring a refit into use by itself: the first model, or one like that in use, once it was audited
and compared with it."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from pricing.base.metrics import refits_total
from pricing.demand.core.families import CHAMPION
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.core.audits import AuditVerdict
from pricing.fairness.services.fairness import audit_model, require_audit
from pricing.learning.services.impression_fits import fit_everywhere
from pricing.rollout.services.refit_check import check_refit
from pricing.rollout.services.registry import is_held_back, note_activation
from shop.ground.outbox.services import write_fact

logger = logging.getLogger(__name__)


def use_refit(*, model_id: int, now: datetime) -> AuditVerdict:
    """Audit candidate `model_id`, and use it if that allows it and it is a calm refit.

    A refit has the kind and the inputs of the model in use and prices much as that does
    (`check_refit`), or it is the champion and there is none in use; any other candidate waits for
    two people, as every one does after a rollback. So does one under whose comparison the model in
    use changed: its figures say so (`refit_check`), a line in the log, and the counter of refits.
    Fact ModelActivated. Returns the verdict of the audit.
    """
    verdict = audit_model(model_id=model_id, now=now)
    if not verdict.allows_use:
        refits_total.labels(outcome="failed_audit").inc()
        return verdict
    former_id = _find_alike(model_id)
    if former_id is not None:
        # What looks say of it is part of its prices: both are there at once, or neither is used.
        fit_everywhere(model_id=model_id, now=now)
        told = check_refit(model_id=model_id, former_id=former_id, now=now)
        if not told["is_passed"]:
            refits_total.labels(outcome="held").inc()
            return verdict
    elif _is_challenger(model_id):
        return verdict
    with transaction.atomic():
        lock_models()
        overtaken = _activate(model_id, former_id, now)
        if overtaken:
            _tell_overtaken(model_id, former_id, overtaken)
    refits_total.labels(outcome="overtaken" if overtaken else "used").inc()
    return verdict


def _find_alike(model_id: int) -> int | None:
    """Return the model in use if `model_id` is a refit of it."""
    row = DemandModelVersion.objects.filter(pk=model_id).values("kind", "feature_hash")
    alike = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    return alike.filter(**row.get()).values_list("pk", flat=True).first()


def _is_challenger(model_id: int) -> bool:
    """Return whether a model waits for people by its kind: another than the one in use, or than the
    first model of a shop has."""
    status = DemandModelVersion.Status
    if DemandModelVersion.objects.filter(status=status.ACTIVE).exists():
        return True
    return DemandModelVersion.objects.exclude(kind=CHAMPION).filter(pk=model_id).exists()


def _activate(model_id: int, compared_id: int | None, now: datetime) -> str:
    """Use a candidate in place of the model it was compared with; None: there must be none.

    Return "", or the code of what happened meanwhile that forbids it.
    """
    status = DemandModelVersion.Status
    rows = DemandModelVersion.objects.select_for_update(of=("self",)).defer("arrays")
    active = rows.filter(status=status.ACTIVE).first()
    row = rows.filter(pk=model_id, status=status.CANDIDATE).first()
    if row is None:
        return "no_candidate"
    if is_held_back():
        return "rolled_back"
    if compared_id != (None if active is None else active.pk):
        return "model_changed"
    require_audit(row)  # once more, under the lock: a newer audit may have failed meanwhile
    if active is not None:
        active.status = status.RETIRED
        active.save(update_fields=["status"])
    row.status = status.ACTIVE
    row.save(update_fields=["status"])
    why = "first" if active is None else "refit"
    note_activation(model_id=row.pk, former_id=compared_id, by_id=None, reason=why, now=now)
    write_fact(kind="ModelActivated", payload={"model_id": row.pk}, occurred_at=now)
    return ""


def _tell_overtaken(model_id: int, compared_id: int | None, code: str) -> None:
    """Write down why a refit that passed was not used, where staff read why a model waits."""
    row = DemandModelVersion.objects.defer("arrays").get(pk=model_id)
    known = row.metrics.get("refit_check", {"former": compared_id, "figures": {}})
    reason = {"code": code, "value": 1, "limit": 0}
    row.metrics |= {"refit_check": known | {"is_passed": False, "reasons": [reason]}}
    row.save(update_fields=["metrics"])
    logger.warning("refit %s is not used: %s (compared with %s)", model_id, code, compared_id)


def lock_models() -> None:
    """Let one at a time decide which model is in use, until the transaction ends: two first models
    must not both become the active one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pricing_demandmodelversion'))")
