"""Two-person decisions on policy versions and on the demand model in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import find_kind_in_use
from pricing.fairness.services.fairness import require_audit
from pricing.learning.models.learning import ModelRamp
from pricing.policy.models.policy import PricingPolicy
from pricing.publishing.core.changes import MODEL_USE, POLICY
from pricing.rollout.selectors.verdicts import say_verdict
from pricing.rollout.services.refits import lock_models, note_activation
from shop.ground.approvals.services import (
    approve_request,
    approve_version,
    ask_approval,
    propose_version,
)
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact


class NotOffered(FairtagError):
    """The version cannot be brought into use in its present state."""

    code = "not_offered"


def propose_policy(
    *, changes: Mapping[str, Any], reason: str, by_id: int | None, now: datetime
) -> int:
    """Store a draft: the active policy with `changes`, for somebody else to approve.

    Return its version. Bounds are checked by the table's own constraints: a draft that could never
    be approved raises NotOffered. Nothing changes for shoppers before its approval.
    """
    try:
        return propose_version(
            POLICY, PricingPolicy, changes=changes, reason=reason, by_id=by_id, now=now
        )
    except ValidationError as error:
        raise NotOffered("; ".join(error.messages)) from error
    except IntegrityError as error:  # the version number is unique: one of two was quicker
        raise NotOffered(_("Somebody proposed a version at this moment: look again.")) from error


@transaction.atomic
def approve_policy(*, policy_id: int, by_id: int, now: datetime) -> None:
    """Make a draft the active policy. Raises NeedsSecondPerson for its own author, NotWaiting.

    Writes the fact PolicyApproved; the next price book obeys.
    """
    draft = approve_version(POLICY, PricingPolicy, pk=policy_id, by_id=by_id, now=now)
    write_fact(kind="PolicyApproved", payload={"version": draft.version}, occurred_at=now)


def ask_for_model(*, model_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Ask that model version `model_id` be brought into use; somebody else activates it.

    Raises NotOffered, also for a challenger the leaderboard's gate is shut to.
    """
    with transaction.atomic():
        model = _lock_rows(model_id)
        require_slot(model)
        name = f"{model.kind} {model.pk}"
        ask_approval(MODEL_USE, model.pk, name=name, reason=reason, by_id=by_id, now=now)


def activate_model(*, model_id: int, by_id: int, now: datetime) -> None:
    """Make the asked-for model `model_id` the active one. Raises NeedsSecondPerson, NotAudited.

    A challenger, a candidate of another family than the one in use, must have quoted everybody in
    its trial, and its family must pass the leaderboard's gate. Writes the fact ModelActivated; the
    next price book is made with it. Stands in line with refits and rollbacks, so that each sees
    which model the one before left in use.
    """
    with transaction.atomic():
        lock_models()
        model = _lock_rows(model_id)
        request = approve_request(MODEL_USE, model_id, by_id=by_id, now=now)
        if require_slot(model):
            _require_trial(model)
        require_audit(model)
        in_use = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
        former_id = in_use.values_list("pk", flat=True).first()
        in_use.update(status=DemandModelVersion.Status.RETIRED)
        model.status = DemandModelVersion.Status.ACTIVE
        model.activated_by_id = by_id
        model.save(update_fields=["status", "activated_by"])
        note_activation(
            model_id=model_id,
            former_id=former_id,
            by_id=by_id,
            reason=request.reason,
            now=now,
        )
        write_fact(kind="ModelActivated", payload={"model_id": model_id}, occurred_at=now)


def require_slot(model: DemandModelVersion) -> bool:
    """Return whether a model is a challenger: a candidate of another family than the one in use.

    Raises NotOffered, with each reason, where its training's leaderboard says that the family may
    not take the slot, or was asked about another holder of it. One query.
    """
    holder = find_kind_in_use()
    if model.status != DemandModelVersion.Status.CANDIDATE or model.kind == holder:
        return False
    gate = model.metrics.get("gate", {})
    if gate.get("holder") != holder:
        raise NotOffered(
            _("This family was not compared with the one in use: train it again first.")
        )
    if not gate["may_take"]:
        told = "; ".join(say_verdict(reason) for reason in gate["reasons"])
        raise NotOffered(
            _("This family may not replace the one in use: %(told)s.") % {"told": told}
        )
    return True


def _require_trial(model: DemandModelVersion) -> None:
    ramp = ModelRamp.objects.filter(model=model, ended_at__isnull=True).first()
    step = None if ramp is None else ramp.steps.first()
    if step is None or step.share < 1.0:
        raise NotOffered(
            _("A model of another family is activated at the end of its trial, at 100 %.")
        )


def _lock_rows(model_id: int) -> DemandModelVersion:
    """Lock the active model and `model_id` in primary-key order; return the latter."""
    status = DemandModelVersion.Status
    rows = DemandModelVersion.objects.filter(status=status.ACTIVE) | (
        DemandModelVersion.objects.filter(pk=model_id)
    )
    locked = {row.pk: row for row in rows.defer("arrays").select_for_update().order_by("pk")}
    model = locked.get(model_id)
    if model is None or model.status not in (status.CANDIDATE, status.RETIRED):
        raise NotOffered(_("Only a candidate or a retired model can be brought into use."))
    return model
