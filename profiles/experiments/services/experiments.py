"""Begin, change and end experiments.

draft -> running -> stopped -> decided. Starting freezes what was promised; later changes are
refused, or kept as deviations that the read-out names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from profiles.experiments.core.assignment import SLOTS, ArmPlan, BadDesign, check_arms, find_slots
from profiles.experiments.models import (
    Experiment,
    ExperimentDeviation,
    ExperimentItem,
    ExperimentNamespace,
    ExperimentShares,
)
from profiles.experiments.selectors.experiments import ArmChoice, forget_experiments
from profiles.experiments.selectors.staff import say_problem
from profiles.experiments.services.drafts import (
    PUBLIC_PRICES,
    BadExperiment,
    Registered,
    get_namespace,
    lock_experiment,
)
from profiles.metrics import experiment_exposures_total, experiment_stops_total
from shop.ground.approvals.services import approve_request
from shop.ground.kernel.hashing import fingerprint
from shop.ground.outbox.services import write_fact

STATES = Experiment.State


@transaction.atomic
def start_experiment(*, experiment_id: int, now: datetime, by_id: int | None = None) -> None:
    """Register what was promised and let the experiment run, in free slots of its namespace.

    What moves everybody's prices is started by somebody else than who drafted it. Raises
    BadExperiment if so much of the namespace is not free, NeedsSecondPerson, Registered if it has
    started. Locks the namespace, then the experiment.
    """
    names = ExperimentNamespace.objects.filter(experiments=experiment_id)
    list(names.select_for_update(of=("self",)))
    row = lock_experiment(experiment_id)
    if row.state != STATES.DRAFT:
        raise Registered(_("It has started already."))
    is_public = row.unit == Experiment.Unit.CLUSTER
    if is_public:
        approve_request(PUBLIC_PRICES, experiment_id, by_id=by_id, now=now)
    row.first_slot, row.end_slot = _claim_slots(row)
    row.state, row.started_at = STATES.RUNNING, now
    row.registration = describe_registration(row, now) | {"registered_by": by_id}
    row.registration |= _describe_products(row) if is_public else {}
    row.registration_sha256 = fingerprint(row.registration)
    row.save()
    _write_shares(row, {arm.code: arm.share for arm in row.arms.all()}, now, "registered")


def _claim_slots(row: Experiment) -> tuple[int, int]:
    if row.unit == Experiment.Unit.CLUSTER:
        return _claim_products(row)
    running = Experiment.objects.filter(
        namespace=row.namespace, state=STATES.RUNNING, unit=Experiment.Unit.SHOPPER
    )
    taken = list(running.values_list("first_slot", "end_slot"))
    try:
        return find_slots(taken, max(1, round(row.traffic * SLOTS)))
    except BadDesign as refusal:
        raise BadExperiment(say_problem(str(refusal))) from refusal


def _claim_products(row: Experiment) -> tuple[int, int]:
    """Refuse products of no cluster, or of another running experiment with public prices."""
    mine = ExperimentItem.objects.filter(experiment=row).values("variant_id")
    others = ExperimentItem.objects.filter(experiment__state=STATES.RUNNING, variant_id__in=mine)
    if not mine.exists() or others.exists():
        raise BadExperiment(say_problem("clusters" if not mine.exists() else "goods"))
    return 0, SLOTS


def _describe_products(row: Experiment) -> dict[str, Any]:
    """Return what fixes the products and their clusters. One query."""
    items = list(row.items.order_by("variant_id").values_list("variant_id", "cluster"))
    return {
        "goods": len(items),
        "clusters": len({cluster for _, cluster in items}),
        "goods_sha256": fingerprint([list(one) for one in items]),
    }


def describe_registration(row: Experiment, now: datetime) -> dict[str, Any]:
    """Return what a start freezes, as JSON values: question, arms, metrics, plan, error."""
    frozen = (
        *("hypothesis", "subject", "subject_ref", "unit", "mode", "purpose", "targeting"),
        *("primary_metric", "guards", "minimum_effect", "planned_units", "planned_days"),
        *("alpha", "least_share", "period_days", "wash_out_days", "traffic"),
    )
    return {
        **{name: getattr(row, name) for name in frozen},
        "namespace": row.namespace.code,
        "registered_at": now.isoformat(),
        "arms": [
            {
                "code": arm.code,
                "name": arm.name,
                "share": arm.share,
                "is_control": arm.is_control,
                "price_factor": arm.price_factor,
                "settings": arm.settings,
            }
            for arm in row.arms.all()
        ],
    }


@transaction.atomic
def prolong_experiment(
    *, experiment_id: int, planned_days: int, reason: str, by_id: int | None, now: datetime
) -> None:
    """Change how long a running experiment shall run, kept as a deviation. Raises Registered.

    The duration is the only promise that may be changed: bounds hold at every look, so that
    looking longer makes nothing wrong. Metrics, arms and error are never changed.
    """
    row = lock_experiment(experiment_id)
    if row.state != STATES.RUNNING:
        raise Registered(_("Only a running experiment can be extended."))
    if planned_days < 1 or not reason.strip():
        raise BadExperiment(_("Enter how many days, and why."))
    _note_deviation(
        row, "planned_days", (row.planned_days, planned_days), reason=reason, by_id=by_id, now=now
    )
    row.planned_days = planned_days
    row.save(update_fields=["planned_days"])


@transaction.atomic
def move_shares(
    *, experiment_id: int, shares: Mapping[str, float], reason: str, now: datetime
) -> int:
    """Give the arms other shares for who comes from now on; return the revision.

    Who saw an arm keeps it. Bandits do this by plan; for others it is kept as a deviation. Raises
    BadExperiment for shares that are none, Registered if it does not run.
    """
    row = lock_experiment(experiment_id)
    if row.state != STATES.RUNNING:
        raise Registered(_("Only the shares of a running experiment can be changed."))
    plans = [ArmPlan(a.code, shares.get(a.code, 0.0), a.is_control) for a in row.arms.all()]
    try:
        check_arms(plans)
    except BadDesign as refusal:
        raise BadExperiment(say_problem(str(refusal))) from refusal
    if row.mode != Experiment.Mode.BANDIT:
        last = row.shares.order_by("-revision").values_list("shares", flat=True)[0]
        _note_deviation(row, "shares", (last, dict(shares)), reason=reason, by_id=None, now=now)
    row.revision += 1
    row.save(update_fields=["revision"])
    _write_shares(row, shares, now, reason)
    return row.revision


@transaction.atomic
def stop_experiment(
    *, experiment_id: int, reason: str, now: datetime, is_automatic: bool = False
) -> None:
    """End an experiment: everybody gets the plain arm within a second. Fact ExperimentStopped.

    Raises Registered if it does not run.
    """
    row = lock_experiment(experiment_id)
    if row.state != STATES.RUNNING:
        raise Registered(_("It is not running."))
    row.state, row.stopped_at, row.stop_reason = STATES.STOPPED, now, reason[:200]
    row.save(update_fields=["state", "stopped_at", "stop_reason"])
    experiment_stops_total.labels("automatic" if is_automatic else "staff").inc()
    write_fact(
        kind="ExperimentStopped",
        payload={"experiment_id": row.pk, "is_automatic": is_automatic, "reason": reason[:200]},
        occurred_at=now,
    )
    _forget_soon()


@transaction.atomic
def decide_experiment(*, experiment_id: int, arm: str, reason: str, now: datetime) -> None:
    """Write down which arm won and why. Raises Registered unless stopped, BadExperiment."""
    row = lock_experiment(experiment_id)
    if row.state != STATES.STOPPED:
        raise Registered(_("Stop it first: a running experiment is not decided."))
    if not row.arms.filter(code=arm).exists() or not reason.strip():
        raise BadExperiment(_("Choose one of its arms, and say why."))
    row.state, row.decided_at = STATES.DECIDED, now
    row.decision, row.decision_reason = arm, reason
    row.save(update_fields=["state", "decided_at", "decision", "decision_reason"])


def set_holdout(*, namespace: str, share: float) -> None:
    """Hold a share of the shoppers out of a namespace, or of all of them ("everything").

    A larger share keeps who was in; who saw an arm before keeps it. Raises BadExperiment.
    """
    if not 0.0 <= share < 1.0:
        raise BadExperiment(_("A holdout must be at least 0 % and below 100 %."))
    row = get_namespace(namespace)
    row.holdout_share = share
    row.save(update_fields=["holdout_share"])
    _forget_soon()


def _write_shares(row: Experiment, shares: Mapping[str, float], now: datetime, reason: str) -> None:
    ExperimentShares.objects.create(
        experiment=row, revision=row.revision, at=now, shares=dict(shares), reason=reason[:200]
    )
    _forget_soon()


def _note_deviation(
    row: Experiment,
    name: str,
    values: tuple[Any, Any],
    *,
    reason: str,
    by_id: int | None,
    now: datetime,
) -> None:
    ExperimentDeviation.objects.create(
        experiment=row,
        at=now,
        by_id=by_id,
        field=name,
        before=values[0],
        after=values[1],
        reason=reason[:300],
    )


def _forget_soon() -> None:
    forget_experiments()
    transaction.on_commit(forget_experiments)


# What this process wrote lately: a page seen again asks the database nothing.
MOST_KNOWN = 50_000
_known: dict[tuple[int, int], None] = {}

# Nothing is written of who was erased, or of an experiment that has ended, in the meantime.
_INSERT = """
INSERT INTO profiles_exposure (experiment_id, arm_id, shopper_id, at, propensity, revision)
SELECT experiment.id, seen.arm, shopper.id, %(now)s, seen.propensity, seen.revision
FROM unnest(
    %(experiments)s::bigint[], %(arms)s::bigint[], %(shoppers)s::bigint[],
    %(propensities)s::float8[], %(revisions)s::int[]
) AS seen(experiment, arm, shopper, propensity, revision)
JOIN profiles_experiment experiment
    ON experiment.id = seen.experiment AND experiment.state = 'running'
JOIN profiles_shopper shopper ON shopper.id = seen.shopper AND shopper.erased_at IS NULL
ON CONFLICT (shopper_id, experiment_id) DO NOTHING
"""


def log_exposures(choices: Iterable[ArmChoice | None], *, now: datetime) -> int:
    """Log the arms that shoppers really see, the first time each; return how many are new.

    Call it where the difference between the arms becomes visible, in every arm alike: a plain arm
    logged elsewhere than the others makes arms incomparable. Who takes no part is left out. One
    statement, none for what this process logged before.
    """
    fresh = [one for one in choices if one is not None and one.is_measured and _is_fresh(one)]
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "now": now,
                "experiments": [one.experiment_id for one in fresh],
                "arms": [one.arm_id for one in fresh],
                "shoppers": [one.shopper_id for one in fresh],
                "propensities": [one.assignment.propensity for one in fresh],
                "revisions": [one.assignment.revision for one in fresh],
            },
        )
        new = int(cursor.rowcount)
    experiment_exposures_total.inc(new)
    transaction.on_commit(partial(_remember, fresh))
    return new


def forget_exposures() -> None:
    """Forget what this process logged (tests)."""
    _known.clear()


def _is_fresh(choice: ArmChoice) -> bool:
    shopper = choice.shopper_id
    return shopper is not None and (choice.experiment_id, shopper) not in _known


def _remember(choices: Sequence[ArmChoice]) -> None:
    if len(_known) > MOST_KNOWN:
        _known.clear()
    for one in choices:
        if one.shopper_id is not None:
            _known[(one.experiment_id, one.shopper_id)] = None
