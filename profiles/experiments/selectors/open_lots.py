"""Lots of experiments that are drawn now, and who is held out of them."""

from __future__ import annotations

from profiles.experiments.models import Experiment, ExperimentNamespace
from profiles.lots import OpenLots, Purpose

OTHERS = "others"
HELD_OUT = "held_out"


def list_experiment_lots() -> list[OpenLots]:
    """Return the lots of running experiments, and of holdouts from experiments. Up to four queries.

    When a holdout began is on no record.
    """
    rows = Experiment.objects.filter(state=Experiment.State.RUNNING).order_by("code")
    found = [_describe(row) for row in rows.prefetch_related("arms", "shares")]
    held = ExperimentNamespace.objects.filter(holdout_share__gt=0.0)
    return found + [
        OpenLots(Purpose.EXPERIMENT_HOLDOUT, code, {HELD_OUT: share, OTHERS: 1.0 - share})
        for code, share in held.values_list("code", "holdout_share")
    ]


def _describe(row: Experiment) -> OpenLots:
    newest = max(row.shares.all(), key=lambda one: one.revision, default=None)
    codes = [arm.code for arm in row.arms.all()]
    shares = {arm.code: arm.share for arm in row.arms.all()} if newest is None else newest.shares
    is_turned = row.unit == Experiment.Unit.CLUSTER
    return OpenLots(
        purpose=Purpose.TURN if is_turned else Purpose.ARM,
        subject=row.code,
        chances={code: 0.5 if is_turned else shares[code] for code in codes},
        since=row.started_at if newest is None else newest.at,
        markets=tuple(row.targeting.get("markets", ())),
    )
