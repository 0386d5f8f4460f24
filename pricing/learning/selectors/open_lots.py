"""Lots about prices that are drawn now: holdout, personal draws, price tests, the trial."""

from __future__ import annotations

from datetime import datetime

from pricing.experiments.selectors.price_tests import load_timed_draw, shock_week
from pricing.learning.models.learning import RampStep
from pricing.ledger.models.impressions import ShockDraw
from pricing.optimum.core.thompson import DRAWS
from pricing.policy.models.policy import PricingPolicy
from profiles.experiments.api import HELD_OUT, OTHERS
from profiles.lots import OpenLots, Purpose

DOWN, UP, STAYS = "down", "up", "stays"
EACH_DEPTH = "each_depth"
TRIED = "tried"
_SHARES = ("holdout_share", "exploration", "shock_share")


def list_price_lots() -> list[OpenLots]:
    """Return what the policy in force and the open trial leave to chance. Two queries.

    Shares of the policy are the most there may be: a kill switch, a market without price tests or
    a price that cannot move draws less.
    """
    found = []
    holdout, exploration, shocks = _read_shares()
    if holdout[0] > 0.0:
        chances = {HELD_OUT: holdout[0], OTHERS: 1.0 - holdout[0]}
        found.append(OpenLots(Purpose.PRICE_HOLDOUT, "", chances, holdout[1]))
    if exploration[0] > 0.0:
        found.append(OpenLots(Purpose.PRICE_DRAW, "", {EACH_DEPTH: 1.0 / DRAWS}, exploration[1]))
    if shocks[0] > 0.0:
        half = 0.5 * shocks[0]
        chances = {DOWN: half, UP: half, STAYS: 1.0 - shocks[0]}
        found.append(OpenLots(Purpose.PRICE_TEST, "", chances, shocks[1]))
    return found + _list_trials()


def list_week_lots(*, now: datetime) -> list[OpenLots]:
    """Return what the draws of this week left to chance, the mean over goods that could move; by
    market and channel. One query, one more for each place."""
    week, found = shock_week(now), []
    rows = ShockDraw.objects.filter(week=week).order_by("market_id", "channel")
    for market, channel in rows.values_list("market_id", "channel"):
        timed = load_timed_draw(place=(market, channel), week=week)
        if timed is not None:
            down, up = timed[0].chance.mean(axis=0).tolist()
            chances = {DOWN: down, UP: up, STAYS: 1.0 - down - up}
            place = f"{market}/{channel}"
            found.append(OpenLots(Purpose.PRICE_TEST, place, chances, timed[1], (market,)))
    return found


def _read_shares() -> list[tuple[float, datetime | None]]:
    """Return each share of the policy in force, and since which version it is this one."""
    rows = list(
        PricingPolicy.objects.order_by("-version").values_list("is_active", "created_at", *_SHARES)
    )
    active = next((at for at, row in enumerate(rows) if row[0]), len(rows))
    found: list[tuple[float, datetime | None]] = []
    for column in range(2, 2 + len(_SHARES)):
        share, since = 0.0, None
        for row in rows[active:]:
            if since is not None and row[column] != share:
                break
            share, since = row[column], row[1]
        found.append((share, since))
    return found


def _list_trials() -> list[OpenLots]:
    step = RampStep.objects.filter(ramp__ended_at__isnull=True)
    row = step.values_list("ramp__model_id", "share", "at").first()
    if row is None or row[1] <= 0.0:
        return []
    model, share, since = row
    return [OpenLots(Purpose.TRIAL, str(model), {TRIED: share, OTHERS: 1.0 - share}, since)]
