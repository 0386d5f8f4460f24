"""Train the uplift model on what the randomised arm did, judge it, and bring it into use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from profiles.features.api import KIND_CODES, load_shopper_events
from profiles.lots import Purpose, is_in_share
from promotions.campaigns.api import list_covered_variants
from promotions.targeting.core.uplift import (
    FEWEST,
    ResponseLogit,
    TreatmentLog,
    calibrate,
    draw_qini,
)
from promotions.targeting.models import AllocationPlan, OfferDecision, UpliftVersion
from promotions.targeting.selectors.allocations import list_frames
from shop.ground.kernel.arrays import hash_arrays, pack_arrays

FloatArray = NDArray[np.float64]
JUDGED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Outcome:
    """What randomised decisions of one run and campaign led to: features, depth, outcome, chance,
    and whether the shopper belongs to those the model is judged on."""

    campaign_id: int
    frame: dict[str, FloatArray]
    depth: FloatArray
    bought: FloatArray
    chance: FloatArray
    is_judged: NDArray[np.bool_]


def train_uplift(*, now: datetime) -> UpliftVersion | None:
    """Train on randomised decisions whose outcome is known; None with too few of them.

    An outcome is a purchase of what the campaign covers within its days, less what came back. A
    quarter of the shoppers only judge: a model whose ranking is not better than chance there is
    kept for the record, and refused.
    """
    outcomes = list(list_outcomes(now))
    if not outcomes:
        return None
    names = sorted(outcomes[0].frame)
    frame = {name: np.concatenate([one.frame[name] for one in outcomes]) for name in names}
    depth, bought, chance = (
        np.concatenate([getattr(one, name) for one in outcomes])
        for name in ("depth", "bought", "chance")
    )
    is_judged = np.concatenate([one.is_judged for one in outcomes])
    enough = [int(((depth > 0) == given).sum()) for given in (True, False)]
    enough += [int(((depth > 0) == given)[~is_judged].sum()) for given in (True, False)]
    enough += [4 * int(((depth > 0) == given)[is_judged].sum()) for given in (True, False)]
    if min(enough) < FEWEST:
        return None
    trial = TreatmentLog.read(frame, depth, bought, chance)
    model = ResponseLogit().fit(trial.take(~is_judged))
    metrics = judge(model, trial.take(is_judged))
    return store_uplift(model, metrics, len(depth), now)


def judge(model: ResponseLogit, trial: TreatmentLog) -> dict[str, object]:
    """Return calibration by decile and Qini of each depth, on shoppers the model has not seen."""
    chance = model.respond(trial.features, [0.0, *trial.depths])
    uplift = chance[:, 1:] - chance[:, :1]
    table = calibrate(trial, uplift)
    curves = {
        f"{depth:.4f}": draw_qini(trial, uplift[:, at], float(depth))
        for at, depth in enumerate(trial.depths)
    }
    areas = {key: [curve.area, *curve.area_interval] for key, curve in curves.items()}
    return {
        "slope": table.slope,
        "slope_sd": table.slope_sd,
        "deciles": [
            {"predicted": float(p), "observed": float(o), "sd": float(s)}
            for p, o, s in zip(table.predicted, table.observed, table.sd, strict=True)
        ],
        "qini": areas,
        "is_better_than_chance": float(np.mean([area[0] for area in areas.values()])) > 0,
    }


def list_outcomes(now: datetime) -> Iterator[Outcome]:
    """Yield outcomes by campaign and run, oldest first."""
    for plan in AllocationPlan.objects.select_related("campaign").order_by("pk"):
        until = now - timedelta(days=plan.outcome_days)
        rows = OfferDecision.objects.filter(
            campaign_id=plan.campaign_id,
            arm__in=[OfferDecision.Arm.CONTROL, OfferDecision.Arm.CHANCE],
            at__lte=until,
            shopper__isnull=False,
        )
        by_run: dict[datetime, list[OfferDecision]] = defaultdict(list)
        for row in rows.order_by("at", "pk"):
            by_run[row.at].append(row)
        offer_id = plan.campaign.offers.values_list("pk", flat=True).first()
        covered = list_covered_variants(offer_id=offer_id or 0)
        for at, decisions in by_run.items():
            yield from _read_run(at, decisions, covered, plan)


def _read_run(
    at: datetime,
    decisions: Sequence[OfferDecision],
    covered: NDArray[np.int64],
    plan: AllocationPlan,
) -> Iterator[Outcome]:
    of = {row.shopper_id or 0: row for row in decisions}
    ends = at + timedelta(days=plan.outcome_days)
    for shopper_ids, frames in list_frames(list(of), as_of=at, goods={0: covered}):
        kept = _find_buyers(shopper_ids, covered, at, ends)
        mine = [of[pk] for pk in shopper_ids]
        yield Outcome(
            campaign_id=plan.campaign_id,
            frame=frames[0],
            depth=np.array([row.depth for row in mine]),
            bought=np.array([float(pk in kept) for pk in shopper_ids]),
            chance=np.array([row.propensity for row in mine]),
            is_judged=np.array(
                [is_in_share(str(pk), JUDGED_SHARE, Purpose.JUDGE) for pk in shopper_ids]
            ),
        )


def _find_buyers(
    shopper_ids: Sequence[int], covered: NDArray[np.int64], since: datetime, until: datetime
) -> frozenset[int]:
    """Return who bought covered products between two moments and did not send them all back."""
    events = load_shopper_events(shopper_ids, as_of=until)
    columns = events.columns
    among = (columns.at > since.timestamp()) & np.isin(columns.variant_id, covered)
    sign = np.where(columns.kind == KIND_CODES["purchase"], 1, 0)
    sign = np.where(columns.kind == KIND_CODES["return"], -1, sign)
    pieces: dict[int, int] = defaultdict(int)
    signed = (sign * columns.quantity)[among].tolist()
    for shopper_id, count in zip(events.shopper_id[among].tolist(), signed, strict=True):
        pieces[shopper_id] += count
    return frozenset(pk for pk, count in pieces.items() if count > 0)


@transaction.atomic
def store_uplift(
    model: ResponseLogit, metrics: dict[str, object], rows: int, now: datetime
) -> UpliftVersion:
    """Store a model; one whose ranking is better than chance takes the place of that in use."""
    arrays = model.pack()
    status = UpliftVersion.Status.REFUSED
    if metrics["is_better_than_chance"]:
        status = UpliftVersion.Status.ACTIVE
        UpliftVersion.objects.filter(status=status).update(status=UpliftVersion.Status.RETIRED)
    return UpliftVersion.objects.create(
        status=status,
        trained_at=now,
        rows=rows,
        metrics=metrics,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
