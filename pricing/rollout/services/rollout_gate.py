"""The gate before shoppers: what logged exposures say of a version in its shadow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from pricing.learning.models.learning import ModelRamp, RampStep
from pricing.learning.selectors.offline import NothingLogged, OfflineVerdict, evaluate_offline
from pricing.rollout.selectors.verdicts import name_gate, say_reason
from pricing.rollout.services.approvals import NotOffered
from shop.ground.approvals.services import refuse_same

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
