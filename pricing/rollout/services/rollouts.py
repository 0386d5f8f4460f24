"""Rollouts of model versions: begun by two people, let out of the shadow by a gate on logged
exposures, grown by themselves, stopped by a breaker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.base.services import show_lift
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.services.fairness import NotAudited, require_audit
from pricing.learning.models.learning import ModelChange, ModelRamp, RampStep, ShadowComparison
from pricing.learning.selectors.offline import NothingLogged, OfflineVerdict, evaluate_offline
from pricing.ledger.selectors.exposures import load_exposures
from pricing.ledger.selectors.references import SalesChannel, home_place, list_places, name_place
from pricing.optimum.core.monitoring import SHARES, RampState, Verdict, join_verdicts, next_step
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.core.changes import MODEL_USE
from pricing.publishing.services.breakers import Action, trip_breaker
from pricing.quoting.selectors.rollouts import load_tried
from pricing.quoting.selectors.serving import forget_serving
from pricing.rollout.selectors.lift import compare_model, compare_shadow
from pricing.rollout.selectors.verdicts import name_gate, say_reason
from pricing.rollout.services.approvals import NotOffered, require_slot
from pricing.rollout.services.refits import lock_models
from shop.ground.approvals.services import refuse_same, require_second_person
from shop.ground.kernel.ids import uuid7

# How much of the past one comparison of a shadow looks at, and how often it is made.
SHADOW_WINDOW = timedelta(hours=1)
# How often a trial may be stopped wrongly, at all looks at all places together.
ERROR = 0.01


def read_states(ramp: ModelRamp, step: RampStep, now: datetime) -> dict[str, RampState]:
    """Return how a trial stands at its step, by the name of each place; the home place is one.

    In the shadow, decisions of each place since the last comparison, an hour at most, are priced
    anew first.
    """
    places = list_places()
    if step.share == 0.0:
        for place in places:
            _compare_lately(ramp, step, place, now)
    level = 1.0 - ERROR / len(places)
    return {name_place(place): _read_state(ramp, step, place, now, level) for place in places}


def show_state(state: RampState) -> dict[str, Any]:
    """Return the figures of a state as a step keeps them."""
    plain = {
        "share": state.share,
        "hours": round(state.hours, 2),
        "decisions": state.decisions,
        "shadow_gap": state.shadow_gap,
        "violations": state.violations,
    }
    return plain if state.lift is None else plain | show_lift(state.lift)


def _read_state(
    ramp: ModelRamp, step: RampStep, place: SalesChannel, now: datetime, level: float
) -> RampState:
    hours = (now - step.at) / timedelta(hours=1)
    if step.share == 0.0:
        return _read_shadow(ramp, step, place, hours)
    trial = compare_model(
        model_version=ramp.model_id,
        since=step.at,
        market=place[0],
        channel=place[1],
        level=level,
    )
    return RampState(share=step.share, hours=hours, decisions=trial.decisions, lift=trial.lift)


def _read_shadow(ramp: ModelRamp, step: RampStep, place: SalesChannel, hours: float) -> RampState:
    rows = ShadowComparison.objects.filter(
        model=ramp.model, since__gte=step.at, market_code=place[0], channel=place[1]
    )
    seen = [(row.decisions, row.figures) for row in rows if row.decisions]
    decisions = sum(count for count, _ in seen)
    gap = sum(count * figures["gap"] for count, figures in seen) / max(1, decisions)
    return RampState(
        share=0.0,
        hours=hours,
        decisions=decisions,
        shadow_gap=gap if seen else None,
        violations=sum(figures["violations"] for _, figures in seen),
    )


def _compare_lately(ramp: ModelRamp, step: RampStep, place: SalesChannel, now: datetime) -> None:
    """Compare the shadow with what was shown since the last comparison, an hour at most."""
    known = ShadowComparison.objects.filter(
        model=ramp.model, since__gte=step.at, market_code=place[0], channel=place[1]
    )
    newest = known.first()
    since = step.at if newest is None else newest.until
    if now - since < SHADOW_WINDOW:
        return
    served = load_tried(ramp.model_id, place)
    begin = max(since, now - SHADOW_WINDOW)
    found = load_exposures(since=begin, until=now, now=now, market=place[0], channel=place[1])
    figures = compare_shadow(found.take(~found.is_book), served, place)
    ShadowComparison.objects.create(
        model=ramp.model,
        at=now,
        since=begin,
        until=now,
        market_code=place[0],
        channel=place[1],
        decisions=figures.decisions,
        figures={name: getattr(figures, name) for name in figures.__slots__},
    )


def begin_rollout(*, model_id: int, by_id: int, now: datetime) -> int:
    """Put an asked-for model on trial, in the shadow first; return the trial's id.

    Somebody else than the one who asked begins it, after a passed audit of fairness. Raises
    NotWaiting (nobody asked), NeedsSecondPerson, NotAudited, NotOffered (the model is in use or was
    refused, the leaderboard's gate is shut to its family, or another trial is open).
    """
    status = DemandModelVersion.Status
    with transaction.atomic():
        lock_models()
        rows = DemandModelVersion.objects.defer("arrays").select_for_update()
        model = rows.filter(pk=model_id, status__in=[status.CANDIDATE, status.RETIRED]).first()
        if model is None:
            raise NotOffered(_("Ask for a candidate or a retired model first, with a reason."))
        require_second_person(MODEL_USE, model_id, by_id=by_id, now=now)
        require_slot(model)
        require_audit(model)
        return _open_ramp(model, by_id, now)


def _open_ramp(model: DemandModelVersion, by_id: int | None, now: datetime) -> int:
    # One statement decides who is first: the constraint knows one open trial.
    ramp = ModelRamp(model=model, salt=uuid7().hex, begun_at=now, begun_by_id=by_id)
    made = ModelRamp.objects.bulk_create([ramp], ignore_conflicts=True)
    opened = ModelRamp.objects.filter(salt=made[0].salt).first()
    if opened is None:
        raise NotOffered(_("Another trial is open: stop it first."))
    _write_step(opened, 0.0, by_id, now, reason="shadow")
    _note(ModelChange.Kind.RAMP_BEGUN, opened, by_id, now, "shadow")
    return int(opened.pk)


def step_rollout(
    *, ramp_id: int, share: float, reason: str, by_id: int | None, now: datetime
) -> None:
    """Let a trial quote another share of the shoppers, live within a second.

    `share` is one of SHARES: any smaller one, or the next larger one. Whoever made the last step by
    hand leaves the next one up to somebody else or to the plan (`by_id` None). Whoever was in a
    smaller share stays in a larger one. Out of the shadow it goes by itself if logged exposures
    show a sure gain; else somebody answers for it who did not begin the trial. Raises NotOffered,
    NeedsSecondPerson, and NotAudited where shoppers would be quoted by a model whose newest audit
    forbids it.
    """
    if share not in SHARES:
        raise NotOffered(_("A trial uses the shares of the plan only."))
    with transaction.atomic():
        ramp = _lock_ramp(ramp_id)
        _check_step(ramp, share, by_id)
        _write_step(ramp, share, by_id, now, reason=reason)
        _note(ModelChange.Kind.RAMP_STEP, ramp, by_id, now, f"{share:.0%}: {reason}")


def _check_step(ramp: ModelRamp, share: float, by_id: int | None) -> None:
    if share > 0.0:
        require_audit(ramp.model)
    last = ramp.steps.first()
    standing = 0.0 if last is None else last.share
    if share <= standing:
        return
    if SHARES.index(share) > SHARES.index(standing) + 1:
        raise NotOffered(_("A trial goes up one share at a time."))
    if standing == 0.0:
        require_gate(ramp, last, by_id)
    if last is not None and standing > 0.0 and by_id is not None:
        said = _("You took the last step: somebody else must take the next one up.")
        refuse_same([last.by_id], by_id, said)


def stop_rollout(
    *, ramp_id: int, reason: str, by_id: int | None, now: datetime, end: str = "stopped"
) -> None:
    """End a trial: everybody is quoted by the model in use within a second. Raises NotOffered."""
    with transaction.atomic():
        ramp = _lock_ramp(ramp_id)
        ramp.ended_at, ramp.end = now, end
        ramp.save(update_fields=["ended_at", "end"])
        _note(ModelChange.Kind.RAMP_STOPPED, ramp, by_id, now, reason)
        transaction.on_commit(forget_serving)


def watch_rollout(*, now: datetime) -> str:
    """Let the open trial go on, wait or stop by its figures; return the move, "" without a trial.

    It is one trial for all places that have prices, and looked at in each (`join_verdicts`). Stops,
    with a trip that says why and where, once its shoppers of a place certainly bring less than the
    others treated there (99 % at every look, all places together), or a price of its shadow broke a
    bound. Stops without a trip, to be begun anew by two people, once the newest audit of fairness
    forbids the model's use.
    """
    ramp = ModelRamp.objects.filter(ended_at__isnull=True).select_related("model").first()
    if ramp is None:
        return ""
    step = RampStep.objects.filter(ramp=ramp).first()
    if step is None:
        return ""
    if not _is_audited(ramp, step, now):
        return "stop"
    states = read_states(ramp, step, now)
    if step.share == 0.0:
        step.evidence["offline"] = judge_shadow(ramp, step, home_place(), now)
    home = name_place(home_place())
    verdicts = {name: next_step(state) for name, state in states.items()}
    place, joined = join_verdicts(verdicts, home)
    verdict = _ask_gate(joined, step)
    evidence = _keep_evidence(step, states, home) | {"reason": verdict.reason}
    evidence |= {"place": place} if place != home else {}
    RampStep.objects.filter(pk=step.pk).update(evidence=evidence)
    if verdict.move == "stop":
        _trip(ramp, evidence, now)
    elif verdict.move == "go_on":
        step_rollout(
            ramp_id=ramp.pk, share=verdict.share, reason=verdict.reason, by_id=None, now=now
        )
    return verdict.move


def _keep_evidence(step: RampStep, states: Mapping[str, RampState], home: str) -> dict[str, Any]:
    """Return the figures of the home place, and of those others in which anything was decided."""
    others = {
        name: show_state(state)
        for name, state in states.items()
        if name != home and state.decisions
    }
    kept = {name: step.evidence[name] for name in ("offline",) if name in step.evidence}
    return show_state(states[home]) | kept | ({"places": others} if others else {})


def _ask_gate(verdict: Verdict, step: RampStep) -> Verdict:
    """Let a trial wait in its shadow for a person while logged exposures show no sure gain."""
    is_leaving = verdict.move == "go_on" and step.share == 0.0
    if not is_leaving or is_gate_open(step):
        return verdict
    return Verdict("wait", 0.0, "needs_answer")


def _is_audited(ramp: ModelRamp, step: RampStep, now: datetime) -> bool:
    """Return whether the model on trial may still be used; end its trial if it may not."""
    try:
        require_audit(ramp.model)
    except NotAudited:
        reason = "not_audited"
        with transaction.atomic():
            RampStep.objects.filter(pk=step.pk).update(evidence={"reason": reason})
            stop_rollout(ramp_id=ramp.pk, reason=reason, by_id=None, now=now, end="tripped")
        return False
    return True


def _trip(ramp: ModelRamp, evidence: Mapping[str, Any], now: datetime) -> None:
    reason = str(evidence["reason"])
    with transaction.atomic():
        trip_breaker(
            kind=BreakerTrip.Kind.RAMP,
            scope="model",
            key=str(ramp.model_id),
            action=Action.STOPPED_RAMP,
            evidence=evidence,
            now=now,
        )
        stop_rollout(ramp_id=ramp.pk, reason=reason, by_id=None, now=now, end="tripped")


def reopen_rollout(*, model_id: int, by_id: int, now: datetime) -> int:
    """Put a model whose trial a breaker stopped on trial again, from the shadow on.

    The rules of `begin_rollout` hold anew, and so do its errors.
    """
    return begin_rollout(model_id=model_id, by_id=by_id, now=now)


def _lock_ramp(ramp_id: int) -> ModelRamp:
    # Models before ramps, as whoever brings a model into use takes them: else the two deadlock.
    lock_models()
    ramp = ModelRamp.objects.select_for_update().filter(pk=ramp_id).first()
    if ramp is None or ramp.ended_at is not None:
        raise NotOffered(_("This trial is over."))
    return ramp


def _write_step(
    ramp: ModelRamp, share: float, by_id: int | None, now: datetime, *, reason: str
) -> None:
    RampStep.objects.create(ramp=ramp, share=share, at=now, by_id=by_id, reason=reason)
    transaction.on_commit(forget_serving)


def _note(kind: str, ramp: ModelRamp, by_id: int | None, now: datetime, reason: str) -> None:
    ModelChange.objects.create(model=ramp.model, kind=kind, at=now, by_id=by_id, reason=reason)


# What one verdict looks at, and how often a trial in the shadow is judged anew.
WINDOW = timedelta(days=28)
JUDGED_EVERY = timedelta(days=1)


def judge_shadow(
    ramp: ModelRamp, step: RampStep, place: tuple[str, str], now: datetime
) -> dict[str, Any]:
    """Return the offline verdict on a trial in its shadow as plain values, a day old at most."""
    known: dict[str, Any] = step.evidence.get("offline", {})
    if known and now - datetime.fromisoformat(known["at"]) < JUDGED_EVERY:
        return known
    try:
        verdict = evaluate_offline(
            model_version=ramp.model_id,
            since=now - WINDOW,
            until=now,
            now=now,
            market=place[0],
            channel=place[1],
        )
    except NothingLogged:
        return {"at": now.isoformat(), "is_open": False, "reasons": ["nothing_logged"]}
    return _show(verdict, now)


def require_gate(ramp: ModelRamp, step: RampStep | None, by_id: int | None) -> None:
    """Raise unless the gate is open, or somebody else than who began the trial answers for it.

    Raises NotOffered for the plan (`by_id` None), NeedsSecondPerson for who began it.
    """
    if step is not None and is_gate_open(step):
        return
    told = {"told": say_reason(name_gate(None if step is None else step.evidence.get("offline")))}
    if by_id is None:
        raise NotOffered(_("%(told)s: somebody must take responsibility for the step.") % told)
    said = _("%(told)s: you began this trial, so somebody else must take responsibility.") % told
    refuse_same([ramp.begun_by_id], by_id, said)


def is_gate_open(step: RampStep) -> bool:
    """Return whether logged exposures show a sure gain of the version in its shadow."""
    return bool(step.evidence.get("offline", {}).get("is_open"))


def _show(verdict: OfflineVerdict, now: datetime) -> dict[str, Any]:
    gain = verdict.evaluation.estimates["DR"].gain
    return {
        "at": now.isoformat(),
        "is_open": verdict.gate.is_open,
        "reasons": list(verdict.gate.reasons),
        "exposures": verdict.exposures,
        "purchases": verdict.purchases,
        "gain": [round(one, 4) for one in (gain.value, gain.low, gain.high)],
    }
