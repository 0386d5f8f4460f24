"""What two people decide together: policy versions and which demand model is in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from pricing.models import DemandModelVersion, ModelRamp, PricingPolicy
from pricing.selectors.verdicts import say_verdict
from pricing.selectors.versions import find_kind_in_use
from pricing.services.fairness import require_audit
from pricing.services.refits import lock_models
from pricing.services.registry import note_activation
from shop.kernel.errors import FairtagError
from shop.outbox.services import write_fact

NOT_COPIED = {"id", "version", "is_active", "reason", "created_at", "created_by", "approved_by"}


class NeedsSecondPerson(FairtagError):
    """The one who asks cannot be the one who approves."""

    code = "needs_second_person"


class NotOffered(FairtagError):
    """The version cannot be brought into use in its present state."""

    code = "not_offered"


def propose_policy(
    *, changes: Mapping[str, Any], reason: str, by_id: int | None, now: datetime
) -> int:
    """Store a draft: the active policy with `changes`. Return its version.

    Bounds are checked by the table's own constraints: a draft that could never be approved
    raises NotOffered. Nothing changes for shoppers before somebody else approves it.
    """
    with transaction.atomic():
        newest = PricingPolicy.objects.order_by("-version").first()
        active = PricingPolicy.objects.filter(is_active=True).first() or newest
        kept = {} if active is None else model_to_dict(active, exclude=NOT_COPIED)
        draft = PricingPolicy(
            **{**kept, **changes},
            version=1 + (0 if newest is None else newest.version),
            reason=reason,
            created_at=now,
            created_by_id=by_id,
        )
        try:
            draft.full_clean(exclude=["created_by", "approved_by"])
        except ValidationError as error:
            raise NotOffered("; ".join(error.messages)) from error
        try:
            draft.save()
        except IntegrityError as error:  # the version number is unique: one of two was quicker
            raise NotOffered(
                _("Somebody proposed a version at this moment: look again.")
            ) from error
    return draft.version


def approve_policy(*, version: int, by_id: int, now: datetime) -> None:
    """Make draft `version` the active policy. Raises NeedsSecondPerson for its own author.

    Locks all policy rows in primary-key order, so that two approvals cannot both win. Writes
    the fact PolicyApproved; the next price book obeys.
    """
    with transaction.atomic():
        rows = {
            row.version: row for row in PricingPolicy.objects.select_for_update().order_by("pk")
        }
        draft = rows.get(version)
        if draft is None or draft.is_active:
            raise NotOffered(_("This version is active already or does not exist."))
        if draft.approved_by_id is not None:
            raise NotOffered(
                _("This version was in use before: propose it again as a new version.")
            )
        if draft.created_by_id == by_id:
            raise NeedsSecondPerson(_("You proposed this version: somebody else must approve it."))
        PricingPolicy.objects.filter(is_active=True).update(is_active=False)
        draft.is_active = True
        draft.approved_by_id = by_id
        draft.save(update_fields=["is_active", "approved_by"])
        write_fact(kind="PolicyApproved", payload={"version": version}, occurred_at=now)


def ask_for_model(*, model_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Ask that model version `model_id` be brought into use; somebody else activates it.

    Raises NotOffered, also for a challenger the leaderboard's gate is shut to.
    """
    with transaction.atomic():
        model = _lock_rows(model_id)
        require_slot(model)
        model.asked_by_id, model.asked_at, model.asked_reason = by_id, now, reason
        model.activated_by_id = None
        model.save(update_fields=["asked_by", "asked_at", "asked_reason", "activated_by"])


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
        if model.asked_by_id is None:
            raise NotOffered(_("Nobody has asked for this model: ask first, with a reason."))
        if model.asked_by_id == by_id:
            raise NeedsSecondPerson(_("You asked for this model: somebody else must activate it."))
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
            reason=model.asked_reason,
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
        raise NotOffered(_("This family may not take the slot: %(told)s.") % {"told": told})
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
