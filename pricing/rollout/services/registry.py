"""The record of which model came into use, when, by whom and why: what an impact is told from."""

from __future__ import annotations

from datetime import datetime

from pricing.learning.models.learning import ModelChange, ModelRamp


def note_activation(
    *, model_id: int, former_id: int | None, by_id: int | None, reason: str, now: datetime
) -> None:
    """Keep, in the caller's transaction, that a model came into use in place of another.

    If it was on trial, its trial has reached its end.
    """
    ModelChange.objects.create(
        model_id=model_id,
        former_id=former_id,
        kind=ModelChange.Kind.ACTIVATED,
        at=now,
        by_id=by_id,
        reason=reason,
    )
    ModelRamp.objects.filter(model_id=model_id, ended_at__isnull=True).update(
        ended_at=now, end=ModelRamp.End.PROMOTED
    )


def is_held_back() -> bool:
    """Return whether the last change was a rollback: then no refit comes into use by itself."""
    newest = ModelChange.objects.exclude(kind__startswith="ramp").order_by("-id").first()
    return newest is not None and newest.kind == ModelChange.Kind.ROLLED_BACK
