"""How far a campaign is, and the one step that leads on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.api import CampaignStatus, CampaignView, Note, Step, may_step

STAGES: tuple[Promise, ...] = (
    _("Draft"),
    _("Checked"),
    _("Approved"),
    _("Live"),
    _("Ended"),
)
DRAFT, CHECKED, APPROVED, LIVE, ENDED = range(len(STAGES))
COPY = "copy"
# The step of each button: who may take it, what the button says, and what happens then
ACTIONS: dict[str, tuple[str, Promise, Promise]] = {
    Step.SCHEDULE: (
        "promotions.change_campaign",
        _("Schedule"),
        _("The law is checked now. The campaign applies between its dates by itself."),
    ),
    Step.APPROVE: (
        "promotions.approve_campaign",
        _("Approve (second person)"),
        _("Who wrote it or handed it in cannot approve it."),
    ),
    Note.REFUSE: (
        "promotions.approve_campaign",
        _("Send back"),
        _("Nothing changes for shoppers. Whoever asked reads your reason."),
    ),
    Step.WITHDRAW: (
        "promotions.change_campaign",
        _("Take back"),
        _("It becomes a draft again."),
    ),
    Step.PAUSE: (
        "promotions.change_campaign",
        _("Pause"),
        _("Shoppers stop getting it within a second. Its dates stay."),
    ),
    Step.RESUME: (
        "promotions.change_campaign",
        _("Resume"),
        _("It applies again, until the end it always had."),
    ),
    Step.END: (
        "promotions.change_campaign",
        _("End"),
        _("It cannot be started again: its end is part of what shoppers were told."),
    ),
    COPY: (
        "promotions.add_campaign",
        _("Run it again"),
        _("A draft with the same offers is made. Codes are not copied."),
    ),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the bar: its name, whether it lies behind, and whether it is the present one."""

    name: str | Promise
    is_done: bool
    is_current: bool


def list_stages(campaign: CampaignView, *, is_checked: bool) -> list[Stage]:
    """Return the bar from draft to results. `is_checked`: the law said yes to this version."""
    at = {
        CampaignStatus.DRAFT: CHECKED if is_checked else DRAFT,
        CampaignStatus.SCHEDULED: CHECKED,
        CampaignStatus.APPROVED: APPROVED,
        CampaignStatus.LIVE: LIVE,
        CampaignStatus.PAUSED: LIVE,
    }.get(campaign.phase, ENDED)
    return [Stage(name, place < at, place == at) for place, name in enumerate(STAGES)]


def list_steps_of(campaign: CampaignView) -> list[str]:
    """Return the steps that lead on from where a campaign is, the main one first."""
    if campaign.phase in (CampaignStatus.OVER, CampaignStatus.ENDED):
        return [COPY]
    waits = campaign.pending_revision is not None or may_step(Step.APPROVE, campaign.status)
    asked = [Step.APPROVE, Note.REFUSE] if waits else []
    own = (Step.SCHEDULE, Step.RESUME, Step.PAUSE, Step.WITHDRAW, Step.END)
    return [*asked, *(one for one in own if may_step(one, campaign.status)), COPY]


def describe_steps(campaign: CampaignView, rights: Any) -> list[dict[str, Any]]:
    """Return the steps this reader may take now, as buttons; `rights` answers for a permission."""
    return [
        {"step": str(step), "words": ACTIONS[step][1], "note": ACTIONS[step][2]}
        for step in list_steps_of(campaign)
        if rights(ACTIONS[step][0])
    ]
