"""Move one lever of a campaign and back: exposure, depth, audience, window, pause.

Each looks first whether the lever still stands where the change found it: what staff set in the
meantime is never overwritten. What a campaign promises is changed as staff change it, as a version
of its own that the law and the two-person rule judge. The caller holds the campaign's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from math import isclose
from typing import Any

from django.utils.translation import gettext as _

from promotions.core.adjusting import Lever
from promotions.core.adjusting.groups import leave_out
from promotions.core.workflow import Step
from promotions.models import Campaign, CampaignAdjustment, CampaignTuning, Offer
from promotions.services.campaign_revisions import open_for_change, record_change
from promotions.services.campaigns import move_campaign
from shop.kernel.errors import FairtagError

STEPS = {"paused": Step.PAUSE, "live": Step.RESUME}


class LeverMoved(FairtagError):
    """The lever stands elsewhere than the change says: somebody moved it."""

    code = "lever_moved"


def move_lever(
    *, adjustment: CampaignAdjustment, forward: bool, by_id: int | None, now: datetime
) -> bool:
    """Set the lever to what the change says, or back; return whether that holds at once.

    False: the new version waits until a second person approves it. The cooldown begins anew either
    way: the next look judges the new setting by its own pulse. Raises LeverMoved, and what the
    campaign's own services raise (CampaignRefused, LawBroken).
    """
    old, new = adjustment.before, adjustment.after
    if not forward:
        old, new = new, old
    campaign = Campaign.objects.get(pk=adjustment.campaign_id)
    reason = f"{adjustment.source}: {adjustment.reason_code}{'' if forward else ', undone'}"
    lever, holds = Lever(adjustment.lever), True
    if lever is Lever.EXPOSURE:
        _move_exposure(campaign, old, new)
    elif lever is Lever.PAUSE:
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
        raise LeverMoved(_("Somebody has changed this since; look at the campaign first."))


_PROMISES: dict[Lever, Callable[[Campaign, Any, Any], None]] = {
    Lever.DEPTH: _move_depth,
    Lever.WINDOW: _move_window,
    Lever.AUDIENCE: _move_audience,
}
