"""In which turn the picks of the front page stand: a question that experiments may ask."""

from __future__ import annotations

from profiles.core.recommend import PATTERN
from profiles.core.values import OnlineProfile
from profiles.selectors import choose_arm, list_running
from profiles.services import log_exposures
from shop.pages.context import PageContext
from shop.pages.profile import find_participant, find_ranking_row


def find_pattern(ctx: PageContext, profile: OnlineProfile | None) -> tuple[str, ...]:
    """Return in which turn known and new goods stand: as an experiment with the picks says.

    Only who has picks of their own sees a difference, so only they are logged as having seen it.
    """
    running = list_running("recommendations")
    if not running or find_ranking_row(profile) is None:
        return PATTERN
    found = PATTERN
    for one in running:
        choice = choose_arm(one.plan.code, shopper=find_participant(ctx, profile))
        if choice is None or one.subject_ref not in ("", "home"):
            continue
        log_exposures([choice], now=ctx.now)
        found = tuple(choice.settings.get("pattern", found))
    return found
