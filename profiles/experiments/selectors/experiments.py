"""Running experiments, and the arm of a shopper in each.

from profiles.experiments.api import choose_arm, log_exposures

choice = choose_arm("shorter-list", shopper=shopper)
limit = 12 if choice is None else choice.settings.get("limit", 12)
...                                          # when the shopper really sees it:
log_exposures([choice], now=now)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from django.db import connection
from django.db.models import Q

from profiles.experiments.core.assignment import (
    ArmPlan,
    Assignment,
    ExperimentPlan,
    ServedHours,
    Targeting,
    UnitFacts,
    assign,
    cap_price,
)
from profiles.experiments.models import (
    EVERYTHING,
    Experiment,
    ExperimentArm,
    ExperimentNamespace,
    Exposure,
)
from profiles.experiments.selectors.cells import CellPeriod
from profiles.lots import OpenLots, Purpose
from profiles.values import Consents, Participant, ShopperValue

FRESH_SECONDS = 1.0
# How many first arms are remembered: they never change, so they are asked for once.
MOST_KEPT = 50_000
# How many experiments with personal prices run, as part of a query that somebody asks anyway.
PRICES_NOTICE = """
    (SELECT count(*) FROM profiles_experiment
     WHERE state = 'running' AND subject = 'prices' AND unit = 'shopper')
"""
# Says in one query whether anything changed that assignment reads.
_NOTICE = """
SELECT (SELECT coalesce(max(id), 0) FROM profiles_experimentshares),
       (SELECT count(*) FROM profiles_experiment WHERE state = 'running'),
       (SELECT coalesce(sum(first_slot * 1009 + end_slot + id), 0)
        FROM profiles_experiment WHERE state = 'running'),
       (SELECT coalesce(sum(hashtext(code || holdout_share)), 0)
        FROM profiles_experimentnamespace)
"""


@dataclass(frozen=True, slots=True)
class RunningExperiment:
    """A running experiment as assignment needs it. `arm_ids` are by code."""

    id: int
    plan: ExperimentPlan
    subject: str
    subject_ref: str
    purpose: str
    arm_ids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArmChoice:
    """The arm a shopper gets of one experiment. Give it to `log_exposures` once it was seen.

    `shopper_id` is None for somebody without a row: they get the plain arm, unmeasured.
    """

    experiment_id: int
    arm_id: int
    shopper_id: int | None
    assignment: Assignment

    @property
    def arm(self) -> str:
        """The code of the arm."""
        return self.assignment.arm.code

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the room reads of the arm."""
        return self.assignment.arm.settings

    @property
    def is_measured(self) -> bool:
        """Whether the shopper takes part; who does not is never logged."""
        return self.assignment.is_measured

    def price(self, public_minor: int) -> int:
        """Return the arm's price in minor units: never above the public one."""
        return cap_price(public_minor, self.assignment.arm)


class _Memory:
    """The running experiments of this process, and when they were compared with the database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.notice: tuple[int, ...] | None = None
        self.running: dict[str, RunningExperiment] = {}
        self.kept: dict[tuple[int, int], str] = {}
        self.read_at = -inf


_memory = _Memory()


def forget_experiments() -> None:
    """Compare with the database at the next call (after a write in this process, and in tests)."""
    with _memory.lock:
        _memory.notice, _memory.read_at = None, -inf
        _memory.kept.clear()


def list_running(subject: str | None = None) -> list[RunningExperiment]:
    """Return running experiments, of one subject if named, by code.

    At most a second old: no query while fresh, one to compare, four when something changed.
    """
    running = _read_memory()
    found = (running[code] for code in sorted(running))
    return [one for one in found if subject is None or one.subject == subject]


def choose_arm(
    experiment: str,
    *,
    shopper: ShopperValue | Participant | None,
    channel: str = "online",
    segment: str | None = None,
    tags: frozenset[str] = frozenset(),
) -> ArmChoice | None:
    """Return the arm of a running experiment (by its code) for a shopper; None if it does not run.

    The same answer on every page and device until the experiment ends. Who did not agree to the
    experiment's purpose, or to being measured at all, gets the plain arm and is not measured.
    `segment` and `tags` are needed only where targeting asks for them. Seeing the arm is logged
    by `log_exposures`, not here. No query, but one for logins, and where shares moved.
    """
    running = _read_memory().get(experiment)
    if running is None:
        return None
    asks = Participant.of(shopper) if isinstance(shopper, ShopperValue) else shopper
    unit = _facts(running, asks, channel=channel, segment=segment, tags=tags)
    found = assign(running.plan, unit, _find_kept(running, asks) if unit.is_willing else None)
    return ArmChoice(
        experiment_id=running.id,
        arm_id=running.arm_ids[found.arm.code],
        shopper_id=None if asks is None else asks.shopper_id,
        assignment=found,
    )


def choose_arms(
    experiment: str, shoppers: Sequence[ShopperValue], *, channel: str = "online"
) -> list[ArmChoice | None]:
    """Return what `choose_arm` says of many shoppers, in their order, in one query at most.

    For jobs: arms seen before are read for all at once, segments and tags are not asked.
    """
    running = _read_memory().get(experiment)
    if running is None:
        return [None for _ in shoppers]
    kept = _find_all_kept(running, shoppers)
    found: list[ArmChoice | None] = []
    for one in shoppers:
        asks = Participant.of(one)
        unit = _facts(running, asks, channel=channel, segment=None, tags=frozenset())
        given = assign(running.plan, unit, kept.get(one.id) if unit.is_willing else None)
        arm_id = running.arm_ids[given.arm.code]
        found.append(ArmChoice(running.id, arm_id, one.id, given))
    return found


def _find_all_kept(running: RunningExperiment, shoppers: Sequence[ShopperValue]) -> dict[int, str]:
    ids = [one.id for one in shoppers]
    seen = Exposure.objects.filter(
        Q(shopper_id__in=ids) | Q(shopper__merged_into_id__in=ids), experiment_id=running.id
    )
    rows = seen.order_by("at", "id").values_list(
        "shopper_id", "shopper__merged_into_id", "arm__code"
    )
    kept: dict[int, str] = {}
    for shopper_id, merged_into, arm in rows:
        for one in (shopper_id, merged_into):
            if one is not None:
                kept.setdefault(one, arm)
    return kept


def is_willing(purpose: str, consents: Consents) -> bool:
    """Return whether an experiment for a purpose may measure somebody with these consents."""
    return bool(getattr(consents, purpose)) and consents.allows_tracking


def _facts(
    running: RunningExperiment,
    shopper: Participant | None,
    *,
    channel: str,
    segment: str | None,
    tags: frozenset[str],
) -> UnitFacts:
    if shopper is None:
        return UnitFacts("", is_willing=False, channel=channel)
    return UnitFacts(
        unit=shopper.pseudonym,
        is_willing=is_willing(running.purpose, shopper.consents),
        market_code=shopper.market_code,
        channel=channel,
        segment=segment,
        tags=tags,
        is_member=shopper.is_member,
    )


def _find_kept(running: RunningExperiment, shopper: Participant | None) -> str | None:
    """Return the arm a shopper saw first, if the hash alone may say something else by now.

    It may where shares moved, and for a login, whose guest may have seen another arm.
    """
    if shopper is None or (running.plan.revision == 1 and not shopper.is_member):
        return None
    mine, memory = shopper.shopper_id, _memory.kept
    if (running.id, mine) in memory:
        return memory[running.id, mine]
    is_theirs = Q(shopper_id=mine) | Q(shopper__merged_into_id=mine)
    rows = Exposure.objects.filter(is_theirs, experiment_id=running.id).order_by("at", "id")
    found = rows.values_list("arm__code", flat=True).first()
    if found is not None:
        if len(memory) > MOST_KEPT:
            memory.clear()
        memory[running.id, mine] = found
    return found


def _read_memory() -> dict[str, RunningExperiment]:
    if time.monotonic() - _memory.read_at < FRESH_SECONDS:
        return _memory.running
    with _memory.lock:
        begun = time.monotonic()
        if begun - _memory.read_at < FRESH_SECONDS:
            return _memory.running
        with connection.cursor() as cursor:
            cursor.execute(_NOTICE)
            notice = tuple(cursor.fetchone())
        if notice != _memory.notice:
            _memory.running, _memory.notice = _load(), notice
        _memory.read_at = begun
        return _memory.running


def _load() -> dict[str, RunningExperiment]:
    rows = Experiment.objects.filter(
        state=Experiment.State.RUNNING, unit=Experiment.Unit.SHOPPER
    ).select_related("namespace")
    everything = ExperimentNamespace.objects.filter(code=EVERYTHING).first()
    held = 0.0 if everything is None else everything.holdout_share
    return {row.code: _running(row, held) for row in rows.prefetch_related("arms", "shares")}


def _running(row: Experiment, held: float) -> RunningExperiment:
    return RunningExperiment(
        id=row.pk,
        plan=make_plan(row, held),
        subject=row.subject,
        subject_ref=row.subject_ref,
        purpose=row.purpose,
        arm_ids={arm.code: arm.pk for arm in row.arms.all()},
    )


def make_arm(row: ExperimentArm, share: float | None = None) -> ArmPlan:
    """Return the arm of a row, with its share as first planned or as moved since."""
    return ArmPlan(
        code=row.code,
        share=row.share if share is None else share,
        is_control=row.is_control,
        price_factor=row.price_factor,
        settings=row.settings,
        name=row.name,
        name_zh=row.name_zh,
    )


def make_plan(row: Experiment, global_holdout_share: float = 0.0) -> ExperimentPlan:
    """Return what assignment knows of a row with its arms, newest shares and namespace."""
    shares = max(row.shares.all(), key=lambda one: one.revision, default=None)
    return ExperimentPlan(
        code=row.code,
        salt=row.salt,
        arms=tuple(
            make_arm(arm, None if shares is None else shares.shares[arm.code])
            for arm in row.arms.all()
        ),
        namespace=row.namespace.code,
        namespace_salt=row.namespace.salt,
        first_slot=row.first_slot,
        end_slot=row.end_slot,
        holdout_share=row.namespace.holdout_share,
        global_holdout_share=global_holdout_share,
        targeting=read_targeting(row.targeting),
        revision=row.revision,
    )


def read_targeting(kept: Mapping[str, Any]) -> Targeting:
    """Return stored targeting as the value that judges units."""
    return Targeting(
        markets=frozenset(kept.get("markets", ())),
        channels=frozenset(kept.get("channels", ())),
        segments=frozenset(kept.get("segments", ())),
        tags=frozenset(kept.get("tags", ())),
        members=kept.get("members"),
    )


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


@dataclass(frozen=True, slots=True)
class Served:
    """The turns of an experiment that are over, as they were served.

    `places` is in how many markets and channels, `hours` what products were shown at, `looks` how
    often their prices were seen, by (cluster, day since the start).
    """

    places: int
    hours: tuple[ServedHours, ...]
    looks: Mapping[tuple[int, int], float]


type LoadServed = Callable[[CellPeriod], Served]
