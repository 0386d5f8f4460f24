"""One click back: to the model before, or from what a breaker did; live within a second."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.base.services import show_lift
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import load_model
from pricing.fairness.selectors import find_audit
from pricing.fairness.services.fairness import NotAudited, audit_model, require_audit
from pricing.learning.models.learning import ModelChange
from pricing.ledger.selectors.references import home_place
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import Action, close_trip, trip_breaker
from pricing.publishing.services.feeds import watch_feeds
from pricing.quoting.selectors.serving import forget_serving
from pricing.rollout.selectors.lift import read_lift
from pricing.rollout.services.approvals import NotOffered
from pricing.rollout.services.refits import lock_models
from pricing.rollout.services.rollouts import reopen_rollout, watch_rollout
from shop.ground.outbox.services import write_fact

Status = DemandModelVersion.Status


def rollback_model(*, reason: str, by_id: int, now: datetime, to_id: int | None = None) -> int:
    """Bring the model that was in use before (or retired model `to_id`) back into use; return it.

    One person is enough: going back is the safe way. Workers lay its elasticities over the book
    they serve, so shoppers are quoted by it within a second; public prices follow with the next
    book. Until somebody activates a model again, no refit comes into use by itself. Fact
    ModelActivated. Raises NotOffered, UntrustedModel, and NotAudited where the newest audit of that
    model forbids its use, or there is none (`audit_and_go_back` makes it first).
    """
    with transaction.atomic():
        lock_models()
        locked = DemandModelVersion.objects.defer("arrays").select_for_update().order_by("pk")
        rows = {row.pk: row for row in locked.filter(status__in=[Status.ACTIVE, Status.RETIRED])}
        active = next((row for row in rows.values() if row.status == Status.ACTIVE), None)
        wanted = rows.get(to_id or _find_former(active) or 0)
        if active is None or wanted is None or wanted.status != Status.RETIRED:
            raise NotOffered(_("There is no model to go back to."))
        load_model(wanted.pk)  # its hash is checked before anybody is quoted by it
        _require_audited(wanted)
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


def audit_and_go_back(*, reason: str, by_id: int, now: datetime, to_id: int | None = None) -> int:
    """Audit the model before (or retired model `to_id`), and go back to it if that allows it.

    Half a minute or so: for a worker. Return the model; errors as of `rollback_model`.
    """
    active = DemandModelVersion.objects.defer("arrays").filter(status=Status.ACTIVE).first()
    wanted = to_id or _find_former(active)
    if wanted is None:
        raise NotOffered(_("There is no model to go back to."))
    audit_model(model_id=wanted, now=now)
    return rollback_model(reason=reason, by_id=by_id, now=now, to_id=wanted)


def _require_audited(model: DemandModelVersion) -> None:
    if find_audit(model_id=model.pk, sha256=model.sha256).state == "missing":
        raise NotAudited(
            _(
                "Model %(model)s was never audited. “Audit it and go back” audits it now and goes"
                " back if that allows it: about a minute."
            )
            % {"model": model.pk}
        )
    require_audit(model)


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


def undo_trip(*, trip_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Undo an open trip: prices it switched off are on again, what it held may move with the next
    book, a trial it stopped begins anew in the shadow. Raises TripNotOpen, NotOffered.
    """
    with transaction.atomic():
        row: BreakerTrip = close_trip(trip_id=trip_id, reason=reason, by_id=by_id, now=now)
        if row.action == Action.STOPPED_RAMP:
            reopen_rollout(model_id=int(row.key), by_id=by_id, now=now)


# How sure a breaker is before it switches personal prices off, at all looks at one sequence.
LEVEL = 0.99


def watch_prices(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at feeds, profit and the trial of a place, act where a bound is broken; return what
    was done: new trips, and steps of the trial.

    A trial is one for all places and looked at in all of them, in the turn of the home place: each
    place moving it on by its own figures would take several steps at once.
    """
    moves = watch_feeds(now=now, market=market)
    moves += watch_profit(now=now, market=market, channel=channel)
    if (market, channel) != home_place():
        return moves
    return moves + (watch_rollout(now=now) in ("go_on", "stop"))


def watch_profit(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Switch a market's personal prices off once a visit certainly earns less than in the holdout.

    Certain: the 99 % confidence sequence, which holds at every look, lies below zero. It begins
    with the quarter of the year before this one (`selectors.lift`). Return 1 for a new trip, else
    0.
    """
    lift = read_lift(market=market, channel=channel, level=LEVEL)
    if not lift.is_worse:
        return 0
    return int(
        trip_breaker(
            kind=BreakerTrip.Kind.PROFIT,
            scope="market",
            key=market,
            action=Action.SWITCHED_OFF,
            evidence=show_lift(lift),
            now=now,
        )
    )
