"""Status of a campaign at a moment, as text with a tone."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.api import Phase

PHASES: dict[Phase, tuple[str | Promise, str]] = {
    Phase.DRAFT: (_("draft"), "blue"),
    Phase.SCHEDULED: (_("waits for a second person"), "amber"),
    Phase.APPROVED: (_("approved, not begun"), "blue"),
    Phase.LIVE: (_("live"), "green"),
    Phase.PAUSED: (_("paused"), "amber"),
    Phase.OVER: (_("over"), "gray"),
    Phase.ENDED: (_("ended"), "gray"),
}
