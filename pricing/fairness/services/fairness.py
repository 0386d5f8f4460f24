"""Audit what demand models charge whom; no model is brought into use without a passed audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import load_model, model_row
from pricing.fairness.core.audit import AuditVerdict, audit_prices
from pricing.fairness.core.groups import FairnessLimits, Trait, read_traits
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.selectors import find_audit, is_no_worse, worst_verdict
from pricing.fairness.services.audited_prices import (
    Shelves,
    load_audited,
    open_shelves,
    price_audited,
    tabulate_features,
)
from pricing.learning.models.learning import ModelRamp
from pricing.ledger.selectors.references import SalesChannel, list_places
from pricing.optimum.core.signals import SIGNAL_FEATURES
from pricing.publishing.core.changes import AUDIT_WAIVER, MODEL_USE
from profiles.features.api import FEATURES
from profiles.shoppers.api import exchange_traits, load_audit_traits
from shop.ground.approvals.selectors import find_waiting, list_waiting_ids
from shop.ground.approvals.services import approve_request, ask_approval
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import fingerprint

LIMITS = FairnessLimits()
# Exchanging the traits of this many people is enough: one changed price of one of them is too much.
MOST_EXCHANGED = 200
# The newest candidates, besides the models in use and on trial: an audit takes half a minute.
MOST_CANDIDATES = 5

Status = DemandModelVersion.Status


class NotAudited(FairtagError):
    """The model has no audit that allows its use."""

    code = "not_audited"


def audit_model(*, model_id: int, now: datetime, random_state: int = 0) -> AuditVerdict:
    """Measure what model `model_id` would charge people who told their traits, in every place that
    has prices, among the people of its market; store the verdicts, return the worst.

    For each place about twenty queries, and four per 500 shoppers; some seconds. Nothing is written
    but the audits themselves. What two people answered for stays answered for while it is no worse.
    Raises DemandModelVersion.DoesNotExist, UntrustedModel.
    """
    version = DemandModelVersion.objects.defer("arrays").get(pk=model_id)
    model = (model_row(version), load_model(model_id))
    rows = []
    for place in list_places():
        told = load_audit_traits(market=place[0])
        people = sorted({shopper for shopper, _, _ in told})
        found = _Measured()
        if people:
            shelves = open_shelves(model=model, place=place, now=now)
            found = _measure(shelves, read_traits(people, told), people, now, random_state)
        rows.append(_store(version, found, place=place, people=len(people), now=now))
    return worst_verdict(rows)


def _store(
    version: DemandModelVersion,
    found: _Measured,
    *,
    place: SalesChannel,
    people: int,
    now: datetime,
) -> ModelAudit:
    unlisted = find_unlisted(version.feature_hash)
    row = ModelAudit(
        model=version,
        sha256=version.sha256,
        market_code=place[0],
        channel=place[1],
        at=now,
        is_passed=found.is_fair and found.is_blind and not unlisted,
        is_blind=found.is_blind,
        compared=found.compared,
        people=people,
        unlisted=unlisted,
        limits=LIMITS.as_numbers(),
        report=dict(found.report),
    )
    if row.is_waivable:
        _carry_waiver(row)
    row.save()
    return row


def _carry_waiver(row: ModelAudit) -> None:
    """Let two people's answer for these arrays stand if nothing is worse than what they read."""
    place = {"market_code": row.market_code, "channel": row.channel}
    waived = ModelAudit.objects.filter(sha256=row.sha256, waived_at__isnull=False, **place)
    newest = waived.order_by("-id").first()
    if newest is None:
        return
    # The one they read is the first with their signature: measured against the last one, findings
    # could creep up night by night.
    read = waived.filter(waived_at=newest.waived_at).earliest("id")
    if is_no_worse(row.report, read.report):
        row.waiver_asked_by_id, row.waiver_asked_at = read.waiver_asked_by_id, read.waiver_asked_at
        row.waiver_reason = read.waiver_reason
        row.waived_by_id, row.waived_at = read.waived_by_id, read.waived_at


def audit_models(*, now: datetime, only_missing: bool = False) -> list[AuditVerdict]:
    """Audit the model in use, the one on trial, what somebody asked for and the newest candidates.

    In this order, so that what matters most is known first. `only_missing`: those without an audit
    in one of the places that have prices.
    """
    rows = DemandModelVersion.objects.order_by("-pk").values_list("pk", "sha256")
    candidates = rows.filter(status=Status.CANDIDATE)
    wanted = dict(rows.filter(status=Status.ACTIVE))
    wanted |= dict(rows.filter(ramps__isnull=False, ramps__ended_at__isnull=True))
    wanted |= dict(candidates.filter(pk__in=list_waiting_ids(MODEL_USE))[:MOST_CANDIDATES])
    wanted |= dict(candidates[:MOST_CANDIDATES])
    places = set(list_places())
    audited = ModelAudit.objects.values_list("sha256", "market_code", "channel")
    known = set(audited) if only_missing else set()
    return [
        audit_model(model_id=pk, now=now)
        for pk, sha in wanted.items()
        if not known.issuperset((sha, *place) for place in places)
    ]


def drop_superseded() -> int:
    """Refuse candidates that nobody asked for once a newer model has their kind and inputs.

    Return how many. Refused, not retired: to a retired model one person may go back.
    """
    alike = DemandModelVersion.objects.filter(
        kind=OuterRef("kind"),
        feature_hash=OuterRef("feature_hash"),
        status__in=[Status.ACTIVE, Status.CANDIDATE],
        pk__gt=OuterRef("pk"),
    )
    on_trial = ModelRamp.objects.filter(model=OuterRef("pk"), ended_at__isnull=True)
    candidates = DemandModelVersion.objects.filter(status=Status.CANDIDATE)
    superseded = candidates.filter(Exists(alike), ~Exists(on_trial)).values_list("pk", flat=True)
    return sum(_drop(pk, candidates) for pk in superseded)


@transaction.atomic
def _drop(pk: int, candidates: QuerySet[DemandModelVersion]) -> int:
    """Refuse a candidate unless it is in use or asked for by now: both lock its row."""
    row = candidates.defer("arrays").select_for_update().filter(pk=pk).first()
    if row is None or find_waiting(MODEL_USE, pk) is not None:
        return 0
    row.status = Status.REFUSED
    row.metrics |= {"refusal": "a newer model of its kind has taken its place"}
    row.save(update_fields=["status", "metrics"])
    return 1


def audit_nightly(*, now: datetime) -> int:
    """Audit anew: people and prices change, models do not. Return how many models were audited.

    Candidates that a newer model has overtaken are dropped first. Raises NotAudited, after all
    verdicts are stored, if the model in use no longer passes: the job turns red and staff see it.
    Prices stay, for another model may be no fairer; people decide. A trial ends by itself.
    """
    drop_superseded()
    verdicts = audit_models(now=now)
    active = DemandModelVersion.objects.filter(status=Status.ACTIVE)
    for row in active.defer("arrays"):
        require_audit(row)
    return len(verdicts)


def require_audit(model: DemandModelVersion) -> None:
    """Raise NotAudited, saying why, unless the newest audits of the model's arrays allow its use in
    every place.

    Two queries. Whoever brings a model into use, or before shoppers in a trial, calls this.
    """
    verdict = find_audit(model_id=model.pk, sha256=model.sha256)
    if not verdict.allows_use:
        raise NotAudited(" ".join(verdict.reasons))


def find_unlisted(feature_hash: str) -> list[str]:
    """Return the inputs of prices that are not registered for prices."""
    names = [
        name
        for name in SIGNAL_FEATURES
        if name not in FEATURES or "price" not in FEATURES[name].purposes
    ]
    is_known = feature_hash == fingerprint(sorted(SIGNAL_FEATURES))
    return names if is_known else [*names, f"inputs {feature_hash[:12]}"]


@dataclass(frozen=True, slots=True)
class _Measured:
    """What an audit found: `is_fair` by groups, `is_blind` of `compared` people's prices."""

    is_fair: bool = True
    is_blind: bool = True
    compared: int = 0
    report: Mapping[str, Any] = field(default_factory=dict)


def _measure(
    shelves: Shelves,
    traits: Sequence[Trait],
    shopper_ids: Sequence[int],
    now: datetime,
    random_state: int,
) -> _Measured:
    shoppers = load_audited(shopper_ids, now)
    prices = price_audited(shelves, shoppers)
    report = audit_prices(
        tabulate_features(shelves, shoppers), prices, traits, LIMITS, random_state=random_state
    )
    is_blind, compared = _price_exchanged(shelves, shopper_ids, now)
    return _Measured(report.is_passed, is_blind, compared, report.as_numbers())


def _price_exchanged(
    shelves: Shelves, shopper_ids: Sequence[int], now: datetime
) -> tuple[bool, int]:
    """Price with everybody's traits exchanged and without: whether nothing differs, of how many."""
    chosen = shopper_ids[:MOST_EXCHANGED]
    with _one_moment():
        # The exchange comes first: the sooner it follows the snapshot, the less can collide.
        with exchange_traits():
            exchanged = price_audited(shelves, load_audited(chosen, now))
        declared = price_audited(shelves, load_audited(chosen, now))
    return bool(np.array_equal(exchanged.columns(), declared.columns())), len(chosen)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let all queries inside see one state: what people do meanwhile must not look like a trait.

    Inside a transaction of the caller, its isolation holds.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@transaction.atomic
def ask_for_waiver(*, audit_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Ask that a failed audit be answered for, with a reason; somebody else decides.

    Raises NotAudited where nobody may: a price saw a trait, or it did not fail.
    """
    row = _lock(audit_id)
    ask_approval(AUDIT_WAIVER, row.pk, name=str(row), reason=reason, by_id=by_id, now=now)


@transaction.atomic
def waive_audit(*, audit_id: int, by_id: int, now: datetime) -> None:
    """Answer for a failed audit as the second person. Raises NeedsSecondPerson, NotWaiting."""
    row = _lock(audit_id)
    asked = approve_request(AUDIT_WAIVER, audit_id, by_id=by_id, now=now)
    row.waiver_asked_by_id, row.waiver_asked_at = asked.asked_by_id, asked.asked_at
    row.waiver_reason, row.waived_by_id, row.waived_at = asked.reason, by_id, now
    row.save()


def _lock(audit_id: int) -> ModelAudit:
    row = ModelAudit.objects.select_for_update().get(pk=audit_id)
    if not row.is_waivable or row.waived_at is not None:
        raise NotAudited(
            _("Only a failed audit in which no price depended on a trait can be waived.")
        )
    return row
