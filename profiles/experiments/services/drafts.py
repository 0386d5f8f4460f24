"""Drafts of experiments: written as often as staff like, checked at every save."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from profiles.experiments.core.assignment import ArmPlan, BadDesign, check_arms
from profiles.experiments.core.metrics import CELL_METRICS, METRICS
from profiles.experiments.models import (
    EVERYTHING,
    Experiment,
    ExperimentArm,
    ExperimentItem,
    ExperimentNamespace,
)
from profiles.experiments.selectors.cells import AMOUNTS, propose_clusters
from profiles.experiments.selectors.staff import say_problem
from profiles.values import PURPOSES
from shop.ground.approvals.core.values import Kind
from shop.ground.approvals.selectors import find_waiting
from shop.ground.approvals.services import ask_approval, list_involved, withdraw_request
from shop.ground.kernel.errors import FairtagError

PUBLIC_PRICES = Kind(
    "profiles.experiment", right="profiles.change_experiment", page="admin:experiment"
)

STATES = Experiment.State
# What can be summed up by cluster of products, nobody named.
CLUSTER_METRICS = frozenset(AMOUNTS)


class BadExperiment(FairtagError):
    """What was asked cannot be run or read; the sentence says why."""

    code = "bad_experiment"


class Registered(FairtagError):
    """What was promised before the start is not changed after it."""

    code = "experiment_registered"


@dataclass(frozen=True, slots=True)
class ExperimentDraft:
    """An experiment as staff write it, arms included. `guards` are tolerated relative losses."""

    code: str
    name: str
    hypothesis: str
    subject: str
    arms: Sequence[ArmPlan]
    primary_metric: str
    minimum_effect: float
    planned_units: int
    planned_days: int
    purpose: str
    namespace: str
    name_zh: str = ""
    subject_ref: str = ""
    unit: str = "shopper"
    mode: str = "fixed"
    traffic: float = 1.0
    targeting: Mapping[str, Any] = field(default_factory=dict)
    guards: Mapping[str, float] = field(default_factory=dict)
    alpha: float = 0.05
    least_share: float = 0.1
    period_days: int = 7
    wash_out_days: int = 1


def save_draft(
    *, draft: ExperimentDraft, by_id: int | None, now: datetime, experiment_id: int | None = None
) -> int:
    """Save a new draft, or change one that has not started; return its id.

    Raises BadExperiment for what could not be run or read, Registered once it has started.
    """
    _check(draft)
    columns = {name: value for name, value in asdict(draft).items() if name != "arms"}
    with transaction.atomic():
        row = _get_draft(experiment_id, by_id, now)
        columns["namespace"] = get_namespace(draft.namespace)
        for name, value in columns.items():
            setattr(row, name, value)
        row.save()
        row.arms.all().delete()
        ExperimentArm.objects.bulk_create(
            ExperimentArm(experiment=row, position=at, **asdict(arm))
            for at, arm in enumerate(draft.arms)
        )
        _ask_second_person(row, by_id, now)
    return int(row.pk)


def _ask_second_person(row: Experiment, by_id: int | None, now: datetime) -> None:
    """What moves everybody's prices waits for somebody who wrote nothing of it to start it."""
    if row.unit != Experiment.Unit.CLUSTER:
        withdraw_request(PUBLIC_PRICES, row.pk, by_id=by_id, now=now)
        return
    before = find_waiting(PUBLIC_PRICES, row.pk)
    ask_approval(
        PUBLIC_PRICES,
        row.pk,
        name=row.name,
        reason=row.hypothesis,
        by_id=by_id,
        now=now,
        authors=[row.created_by_id, *(() if before is None else list_involved(before))],
    )


def _check(draft: ExperimentDraft) -> None:
    # Clusters are no shoppers: they have guards of their own.
    is_public = draft.unit == "cluster"
    guards = {*(CELL_METRICS if is_public else METRICS)}
    known = {*METRICS}
    problems = {
        "metric": draft.primary_metric not in known or not {*draft.guards} <= guards,
        "purpose": draft.purpose not in PURPOSES,
        "hypothesis": not draft.hypothesis.strip(),
        "effect": draft.minimum_effect == 0.0,
        "plan": draft.planned_units < 1 or draft.planned_days < 1,
        "traffic": not 0.0 < draft.traffic <= 1.0,
        "everything": draft.namespace == EVERYTHING,
        "guard": any(not 0.0 <= loss < 1.0 for loss in draft.guards.values()),
        "least": draft.mode == "bandit" and not 0.0 < draft.least_share * len(draft.arms) < 1.0,
        "bandit_metric": draft.mode == "bandit"
        and any(
            METRICS[one].base != "one" for one in {draft.primary_metric, *draft.guards} & known
        ),
        "cluster_metric": is_public and draft.primary_metric not in CLUSTER_METRICS,
        "cluster_arms": is_public and len(draft.arms) != 2,
        "price_arm": draft.subject == "prices"
        and draft.unit == "shopper"
        and any(arm.price_factor != 1.0 for arm in draft.arms),
        "wash_out": is_public and not 0 <= draft.wash_out_days < draft.period_days,
    }
    for code, is_wrong in problems.items():
        if is_wrong:
            raise BadExperiment(say_problem(code))
    try:
        check_arms(draft.arms)
    except BadDesign as refusal:
        raise BadExperiment(say_problem(str(refusal))) from refusal


@transaction.atomic
def set_clusters(*, experiment_id: int, variant_ids: Sequence[int]) -> int:
    """Put products into clusters by what is bought together; return how many clusters there are.

    For a draft whose unit is a cluster. Raises BadExperiment, Registered.
    """
    row = lock_experiment(experiment_id)
    if row.state != STATES.DRAFT:
        raise Registered(_("It has started: what was registered can no longer be changed."))
    ids = np.array(sorted({*variant_ids}), dtype=np.int64)
    if row.unit != Experiment.Unit.CLUSTER or not len(ids):
        raise BadExperiment(say_problem("clusters"))
    clusters = propose_clusters(ids).tolist()
    row.items.all().delete()
    ExperimentItem.objects.bulk_create(
        ExperimentItem(experiment=row, variant_id=variant, cluster=cluster)
        for variant, cluster in zip(ids.tolist(), clusters, strict=True)
    )
    return max(clusters) + 1


def _get_draft(experiment_id: int | None, by_id: int | None, now: datetime) -> Experiment:
    if experiment_id is None:
        return Experiment(created_at=now, created_by_id=by_id, salt=secrets.token_hex(8))
    row = lock_experiment(experiment_id)
    if row.state != STATES.DRAFT:
        raise Registered(_("It has started: what was registered can no longer be changed."))
    return row


def get_namespace(code: str) -> ExperimentNamespace:
    """Return a namespace, made with a salt of its own at its first mention."""
    found, _is_new = ExperimentNamespace.objects.get_or_create(
        code=code, defaults={"salt": secrets.token_hex(8)}
    )
    return found


def lock_experiment(experiment_id: int) -> Experiment:
    """Return the row, locked. Raises BadExperiment if there is none."""
    rows = Experiment.objects.select_for_update(of=("self",)).select_related("namespace")
    row = rows.filter(pk=experiment_id).first()
    if row is None:
        raise BadExperiment(_("There is no such experiment."))
    return row
