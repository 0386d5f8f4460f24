"""Weight of new products among the front page's recommendations; experiments may vary it."""

from __future__ import annotations

from profiles.experiments.api import choose_arm, list_running, log_exposures
from profiles.values import OnlineProfile
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import find_participant, find_ranking_row


def find_novelty(ctx: PageContext, profile: OnlineProfile | None) -> float:
    """Return how likely new products count beside known ones, 1 unless an experiment with the picks
    says otherwise.

    Only who has picks of their own sees a difference, so only they are logged as having seen it.
    """
    running = list_running("recommendations")
    if not running or find_ranking_row(profile) is None:
        return 1.0
    found = 1.0
    for one in running:
        choice = choose_arm(
            one.plan.code,
            shopper=find_participant(ctx, profile),
            segment=None if profile is None else profile.segment,
            tags=frozenset(() if profile is None else profile.tags),
        )
        if choice is None or one.subject_ref not in ("", "home"):
            continue
        log_exposures([choice], now=ctx.now)
        found = _read_novelty(choice.settings.get("novelty"), found)
    return found


def _read_novelty(setting: object, otherwise: float) -> float:
    """Return a number that staff wrote into an arm; what is none changes nothing."""
    if isinstance(setting, int | float) and 0.0 <= setting < 100.0:
        return float(setting)
    return otherwise
