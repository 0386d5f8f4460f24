"""Propose, apply, decide and undo changes of running campaigns. Every one is kept with its reason.

Locks the campaign first, then its tuning and offers, as staff's own steps do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import isclose
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.campaigns.api import Step
from promotions.campaigns.models import Campaign, CampaignTuning, Offer
from promotions.metrics import campaign_adjustments_total
from promotions.release.api import move_campaign, open_for_change, record_change
from promotions.tuning.core.forecast import forecast_burn, measure_traffic, propose_by_forecast
from promotions.tuning.core.guardrails import bound_proposals, leave_out
from promotions.tuning.core.rules import propose_by_feedback, propose_by_rules
from promotions.tuning.core.values import CampaignAction, Interval, Outcome, Ruling, Source
from promotions.tuning.models import CampaignAdjustment
from promotions.tuning.selectors.adjusting import (
    LiveCampaign,
    Running,
    Usual,
    list_live,
    measure_usual,
    read_running,
)
from shop.ground.kernel.errors import FairtagError

LOGGER = logging.getLogger(__name__)
STEPS = {"paused": Step.PAUSE, "live": Step.RESUME}


class ActionConflict(FairtagError):
    """The lever stands elsewhere than the change says: somebody moved it."""

    code = "lever_moved"


def move_lever(
    *, adjustment: CampaignAdjustment, forward: bool, by_id: int | None, now: datetime
) -> bool:
    """Set the lever to what the change says, or back; return whether that holds at once.

    False: the new version waits until a second person approves it. The cooldown begins anew either
    way: the next look judges the new setting by its own pulse. Raises ActionConflict, and what the
    campaign's own services raise (CampaignRefused, LawBroken).
    """
    old, new = adjustment.before, adjustment.after
    if not forward:
        old, new = new, old
    campaign = Campaign.objects.get(pk=adjustment.campaign_id)
    reason = f"{adjustment.source}: {adjustment.reason_code}{'' if forward else ', undone'}"
    lever, holds = CampaignAction(adjustment.lever), True
    if lever is CampaignAction.EXPOSURE:
        _move_exposure(campaign, old, new)
    elif lever is CampaignAction.PAUSE:
        _require(campaign.status == str(old))
        step = STEPS[str(new)]
        move_campaign(campaign_id=campaign.pk, step=step, reason=reason, by_id=by_id, now=now)
    else:
        open_for_change(campaign_id=campaign.pk, now=now)
        _PROMISES[lever](campaign, old, new)
        saved = record_change(campaign_id=campaign.pk, reason=reason, by_id=by_id, now=now)
        holds = not saved.is_waiting
    tuning, _is_new = CampaignTuning.objects.get_or_create(campaign=campaign)
    tuning.changed_at = now
    tuning.save(update_fields=["changed_at"])
    return holds


def _move_exposure(campaign: Campaign, old: Any, new: Any) -> None:
    tuning, _is_new = CampaignTuning.objects.get_or_create(campaign=campaign)
    _require(isclose(tuning.exposure_weight, float(old), rel_tol=1e-6))
    tuning.exposure_weight = float(new)
    tuning.save(update_fields=["exposure_weight"])


def _move_depth(campaign: Campaign, old: Any, new: Any) -> None:
    offer = Offer.objects.filter(campaign=campaign, is_active=True, percent__isnull=False).first()
    _require(offer is not None and isclose(float(offer.percent or 0), float(old), abs_tol=5e-3))
    if offer is not None:
        offer.percent = Decimal(str(round(float(new), 2)))
        offer.save(update_fields=["percent", "changed_at"])


def _move_window(campaign: Campaign, old: Any, new: Any) -> None:
    _require(campaign.ends_at == datetime.fromisoformat(str(old)))
    campaign.ends_at = datetime.fromisoformat(str(new))
    campaign.save(update_fields=["ends_at", "changed_at"])


def _move_audience(campaign: Campaign, old: Any, new: Any) -> None:
    """Leave a group out of all offers by their condition, or take that condition off again."""
    left_out = leave_out(str(old if new is None else new))
    for offer in campaign.offers.all():
        parts = list(offer.condition.get("all", [])) if set(offer.condition) == {"all"} else None
        if new is None:
            rest = [offer.condition] if offer.condition and parts is None else parts or []
            offer.condition = {"all": [*rest, left_out]}
        else:
            _require(parts is not None and left_out in parts)
            rest = [one for one in parts or [] if one != left_out]
            offer.condition = {"all": rest} if rest else {}
        offer.save(update_fields=["condition", "changed_at"])


def _require(stands: bool) -> None:
    if not stands:
        raise ActionConflict(_("Somebody has changed this since; look at the campaign first."))


_PROMISES: dict[CampaignAction, Callable[[Campaign, Any, Any], None]] = {
    CampaignAction.DEPTH: _move_depth,
    CampaignAction.WINDOW: _move_window,
    CampaignAction.AUDIENCE: _move_audience,
}


State = CampaignAdjustment.State
HEEDED = timedelta(days=1)
WAITS = gettext_lazy("The new version waits for a second person.")


class AdjustmentRefused(FairtagError):
    """The change cannot be decided or undone any more; the message says why."""

    code = "adjustment_refused"


def adjust_campaigns(*, now: datetime) -> int:
    """Look at every live campaign, apply what may be, keep what waits; return changes applied.

    One transaction a campaign: the fault of one is kept beside it and leaves the others alone.
    """
    live = list_live(now=now)
    if not live:
        return 0
    usual = measure_usual(now=now)
    return sum(_adjust_alone(one, usual, now) for one in live)


def _adjust_alone(one: LiveCampaign, usual: Usual, now: datetime) -> int:
    """Adjust one campaign; keep why it could not be done, until it can."""
    fault, applied = "", 0
    try:
        with transaction.atomic():
            applied = adjust_campaign(read_running(one, now=now), usual, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        LOGGER.exception("campaign %s was not adjusted", one.campaign.pk)
        fault = f"{type(error).__name__}: {error}"[:200]
    if fault != ("" if one.tuning is None else one.tuning.fault):
        CampaignTuning.objects.update_or_create(campaign=one.campaign, defaults={"fault": fault})
    return applied


@transaction.atomic
def adjust_campaign(one: Running, usual: Usual, *, now: datetime) -> int:
    """Rule on what is proposed for one campaign; return how many changes were applied."""
    Campaign.objects.select_for_update().get(pk=one.state.campaign_id)
    campaign_id, applied = one.state.campaign_id, 0
    rulings = list(_heed(_rule(one, usual), _list_heeded(campaign_id, now)))
    # What waits no more goes first: one change a lever waits, so its place must be free.
    _drop_stale(campaign_id, {_key(ruling) for ruling in rulings}, now)
    for ruling in sorted(rulings, key=lambda one: one.outcome is not Outcome.REFUSE):
        row = _keep(ruling, campaign_id, now)
        if ruling.outcome is Outcome.APPLY:
            applied += _apply(row, now)
    return applied


def _apply(row: CampaignAdjustment, now: datetime) -> bool:
    """Move the lever; what the campaign itself refuses (the law, its state) is kept as refused."""
    try:
        with transaction.atomic():
            holds = move_lever(adjustment=row, forward=True, by_id=None, now=now)
    except FairtagError as refusal:
        row.state, row.bound_by, row.decided_at = State.REFUSED, "campaign", None
        row.note = refusal.message[:200]
        row.save()
        return False
    _note_waiting(row, holds)
    return True


def _note_waiting(row: CampaignAdjustment, holds: bool) -> None:
    if not holds:
        row.note = str(WAITS)
        row.save()


@transaction.atomic
def decide_adjustment(
    *, adjustment_id: int, is_approved: bool, by_id: int, now: datetime, note: str = ""
) -> None:
    """Apply a waiting change, or reject it. Raises AdjustmentRefused if it waits no more, or if
    somebody moved the same lever meanwhile.
    """
    row = _lock(adjustment_id)
    if row.state != State.WAITING:
        raise AdjustmentRefused(_("This change does not wait any more."), state=row.state)
    row.state = State.APPLIED if is_approved else State.REJECTED
    row.decided_at, row.decided_by_id, row.note = now, by_id, note[:200]
    if is_approved and not _move(row, forward=True, now=now):
        row.note = str(WAITS)
    row.save()
    campaign_adjustments_total.labels(lever=row.lever, state=row.state).inc()


@transaction.atomic
def undo_adjustment(*, adjustment_id: int, by_id: int, now: datetime, note: str = "") -> None:
    """Put back what an applied change moved. Raises AdjustmentRefused if it is not applied, or if
    somebody moved the same lever since: theirs is not overwritten.
    """
    row = _lock(adjustment_id)
    if row.state != State.APPLIED:
        raise AdjustmentRefused(_("Only an applied change can be undone."), state=row.state)
    row.decided_by_id = by_id
    holds = _move(row, forward=False, now=now)
    row.state, row.decided_at = State.UNDONE, now
    row.note = note[:200] if holds else str(WAITS)
    row.save()
    campaign_adjustments_total.labels(lever=row.lever, state=row.state).inc()


@transaction.atomic
def set_automatic(*, campaign_id: int, is_automatic: bool) -> None:
    """Let a campaign apply what its guardrails allow, or only propose. Raises AdjustmentRefused."""
    if not Campaign.objects.select_for_update().filter(pk=campaign_id).exists():
        raise AdjustmentRefused(_("There is no such campaign."))
    CampaignTuning.objects.update_or_create(
        campaign_id=campaign_id, defaults={"is_automatic": is_automatic}
    )


def _rule(one: Running, usual: Usual) -> list[Ruling]:
    state, pulse, terms = one.state, one.pulse, one.terms
    weekly = usual.weekly_traffic
    burn = forecast_burn(
        state,
        pulse,
        seen_weeks=measure_traffic(one.since, state.now, weekly),
        left_weeks=measure_traffic(state.now, state.ends_at, weekly),
    )
    proposals = [
        *propose_by_rules(state, pulse, terms, usual_click_rate=usual.click_rate),
        *propose_by_forecast(
            state,
            pulse,
            terms,
            burn=burn,
            response=usual.response,
            incremental=measure_incremental(state.holdout, one),
        ),
        *propose_by_feedback(
            state,
            pulse,
            terms,
            usual_positivity=usual.positivity,
            usual_return_rate=usual.return_rate,
        ),
    ]
    return bound_proposals(proposals, state, pulse, terms)


def measure_incremental(holdout: Interval | None, one: Running) -> float | None:
    """Return the share of redemptions that are new orders, by the holdout; None without one.

    What a campaign added in profit, its discounts put back, over the margin before discounts of
    the orders that used it.
    """
    gross = one.pulse.margin_minor + one.pulse.spend_minor
    if holdout is None or gross <= 0 or not holdout.count:
        return None
    added = (holdout.low + holdout.high) / 2.0 * holdout.count + one.pulse.spend_minor
    return min(1.0, max(0.0, added / gross))


def _list_heeded(campaign_id: int, now: datetime) -> set[tuple[str, str]]:
    """Return what people rejected or undid lately, by lever and reason."""
    rows = CampaignAdjustment.objects.filter(
        campaign_id=campaign_id,
        state__in=[State.REJECTED, State.UNDONE],
        decided_at__gte=now - HEEDED,
    )
    return set(rows.values_list("lever", "reason_code"))


def _heed(rulings: Iterable[Ruling], heeded: set[tuple[str, str]]) -> Iterable[Ruling]:
    """A person's no holds for a day, even against what the machine would do by itself."""
    for ruling in rulings:
        if _key(ruling) in heeded and ruling.proposal.source is not Source.HOLDOUT:
            yield replace(ruling, outcome=Outcome.REFUSE, bound_by="person")
        else:
            yield ruling


def _key(ruling: Ruling) -> tuple[str, str]:
    return ruling.proposal.lever.value, ruling.proposal.reason_code


def _keep(ruling: Ruling, campaign_id: int, now: datetime) -> CampaignAdjustment:
    """Return the row of a proposal: the waiting or refused one of before, or a new one."""
    proposal = ruling.proposal
    state = {
        Outcome.APPLY: State.APPLIED,
        Outcome.ASK: State.WAITING,
        Outcome.REFUSE: State.REFUSED,
    }[ruling.outcome]
    same = CampaignAdjustment.objects.filter(
        campaign_id=campaign_id,
        lever=proposal.lever,
        reason_code=proposal.reason_code,
        state__in=[State.WAITING, State.REFUSED],
    ).first()
    is_applied = state == State.APPLIED
    values = {
        "source": proposal.source,
        "before": proposal.before,
        "after": proposal.after,
        "evidence": {name: _finite(value) for name, value in proposal.evidence.items()},
        "expected_minor": round(proposal.expected_minor),
        "state": state,
        "bound_by": ruling.bound_by,
        "last_seen_at": now,
        "decided_at": now if is_applied else None,
    }
    if same is not None:
        for name, value in values.items():
            setattr(same, name, value)
        same.save()
        return same
    campaign_adjustments_total.labels(lever=proposal.lever, state=state).inc()
    return CampaignAdjustment.objects.create(
        campaign_id=campaign_id,
        lever=proposal.lever,
        reason_code=proposal.reason_code,
        proposed_at=now,
        **values,
    )


def _drop_stale(campaign_id: int, seen: Iterable[tuple[str, str]], now: datetime) -> None:
    """Take back what waits although the last look no longer found it."""
    kept = set(seen)
    for row in CampaignAdjustment.objects.filter(campaign_id=campaign_id, state=State.WAITING):
        if (row.lever, row.reason_code) not in kept:
            row.state, row.bound_by, row.decided_at = State.REFUSED, "no_longer", now
            row.save()


def _lock(adjustment_id: int) -> CampaignAdjustment:
    """Return the row with its campaign locked before it, as everywhere."""
    campaign_id = CampaignAdjustment.objects.values_list("campaign_id", flat=True).get(
        pk=adjustment_id
    )
    Campaign.objects.select_for_update().get(pk=campaign_id)
    return CampaignAdjustment.objects.select_for_update(of=("self",)).get(pk=adjustment_id)


def _move(row: CampaignAdjustment, *, forward: bool, now: datetime) -> bool:
    by_id = row.decided_by_id
    try:
        return move_lever(adjustment=row, forward=forward, by_id=by_id, now=now)
    except ActionConflict as moved:
        raise AdjustmentRefused(moved.message, lever=row.lever) from moved


def _finite(value: float) -> float | None:
    """Infinity is no JSON: an interval without bounds has none to show."""
    return value if abs(value) != float("inf") else None


__all__ = [
    "AdjustmentRefused",
    "adjust_campaign",
    "adjust_campaigns",
    "decide_adjustment",
    "undo_adjustment",
]
