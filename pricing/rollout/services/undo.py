"""One click that undoes what a breaker did."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import Action, close_trip
from pricing.rollout.services.rollouts import reopen_rollout


def undo_trip(*, trip_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Undo an open trip: prices it switched off are on again, what it held may move with the next
    book, a trial it stopped begins anew in the shadow. Raises TripNotOpen, NotOffered.
    """
    with transaction.atomic():
        row: BreakerTrip = close_trip(trip_id=trip_id, reason=reason, by_id=by_id, now=now)
        if row.action == Action.STOPPED_RAMP:
            reopen_rollout(model_id=int(row.key), by_id=by_id, now=now)
