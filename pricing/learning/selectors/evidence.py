"""Read what outcomes said about elasticities since the night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from numpy.typing import NDArray

from pricing.base.core.values import ModelVersionRow
from pricing.demand.core.served import ServedDemand
from pricing.experiments.selectors import load_timed_draw, shock_week
from pricing.learning.core.shown import COLUMNS
from pricing.learning.core.since import Settled
from pricing.learning.core.taught import Views, teach
from pricing.learning.models.learning import OnlineEvidence, RampStep
from pricing.learning.selectors.impression_fits import load_looked
from pricing.ledger.models.impressions import ShockDraw
from pricing.optimum.core.thompson import DRAWS
from pricing.policy.models.policy import PricingPolicy
from profiles.experiments.api import HELD_OUT, OTHERS
from profiles.lots import OpenLots, Purpose
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays

Model = tuple[ModelVersionRow, ServedDemand]


class UntrustedEvidence(ValueError):
    """The stored arrays are not the ones that were hashed when they were written."""


def read_settled(row: OnlineEvidence | None) -> Settled | None:
    """Return what a row knows that is settled; None without one, and of one that was kept in
    another form than that of today. Raises UntrustedEvidence."""
    if row is None or not row.arrays:
        return None
    settled = Settled.from_arrays(_trust(row.pk, row.arrays, row.sha256))
    return settled if settled.since.seen.columns == COLUMNS else None


def read_views(row: OnlineEvidence | None) -> Views:
    """Return what prices are made of, with what may still be bought, and what the publisher was
    told last. Raises UntrustedEvidence."""
    if row is None or not row.pending_arrays:
        return Views.nothing()
    return Views.from_arrays(_trust(row.pk, row.pending_arrays, row.pending_sha256))


def _trust(row_id: int, packed: bytes | memoryview, sha256: str) -> Mapping[str, NDArray[Any]]:
    arrays = unpack_arrays(packed)
    if hash_arrays(arrays) != sha256:
        raise UntrustedEvidence(f"evidence {row_id} does not have the hash it was stored with")
    return arrays


def find_evidence(place: tuple[str, str]) -> OnlineEvidence | None:
    """Return the current evidence of a market's channel, None before the first run. One query."""
    rows = OnlineEvidence.objects.filter(market_code=place[0], channel=place[1])
    return rows.filter(is_current=True).first()


def add_evidence(model: Model | None, place: tuple[str, str]) -> Model | None:
    """Return a model with the elasticities that looks and outcomes of a place taught, last night
    and since. Two queries."""
    return None if model is None else (model[0], lay_evidence(model[0].id, model[1], place))


def lay_evidence(model_version: int, served: ServedDemand, place: tuple[str, str]) -> ServedDemand:
    """Return the arrays of a model version with what impressions and outcomes at a place taught;
    the very arrays before a night was fitted on top of it. Two queries. Raises UntrustedEvidence,
    UntrustedImpressions.
    """
    found = load_looked(model_version, place)
    if found is None:
        return served
    fit, until_ms, night = found
    now = read_views(find_evidence(place)).view.lay(fit, night)
    return teach(served, now, until_ms=until_ms)


def newest_evidence(place: tuple[str, str]) -> int:
    """Return the id of the newest evidence of a place, 0 if there is none. One query.

    Ids ascend in the order in which evidence becomes visible: one writer at a time.
    """
    rows = OnlineEvidence.objects.filter(market_code=place[0], channel=place[1])
    return rows.order_by("-id").values_list("pk", flat=True).first() or 0


def list_learned(*, place: tuple[str, str], after: int) -> set[int]:
    """Return the variants whose elasticity moved in evidence newer than id `after`. One query.

    By id, not by time: evidence is dated before it can be seen, and a book published in between
    would miss it.
    """
    rows = OnlineEvidence.objects.filter(
        market_code=place[0], channel=place[1], pk__gt=after
    ).values_list("moved", flat=True)
    return {variant_id for moved in rows for variant_id in moved}


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
    """Return what the draws of this week left to chance, the mean over products that could move; by
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
