"""Status of a campaign at a moment, as text with a tone."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.api import CampaignStatus

PHASES: dict[CampaignStatus, tuple[str | Promise, str]] = {
    CampaignStatus.DRAFT: (_("draft"), "blue"),
    CampaignStatus.SCHEDULED: (_("waits for a second person"), "amber"),
    CampaignStatus.APPROVED: (_("approved, not begun"), "blue"),
    CampaignStatus.LIVE: (_("live"), "green"),
    CampaignStatus.PAUSED: (_("paused"), "amber"),
    CampaignStatus.OVER: (_("over"), "gray"),
    CampaignStatus.ENDED: (_("ended"), "gray"),
}
