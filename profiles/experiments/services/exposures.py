"""Append-only log of each shopper's first exposure to an arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from profiles.experiments.selectors.experiments import ArmChoice
from profiles.metrics import experiment_exposures_total

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
