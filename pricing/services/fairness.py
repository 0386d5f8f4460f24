"""Audit what demand models charge whom; no model is brought into use without a passed audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from pricing.core.audits import AuditVerdict
from pricing.core.fairness import FairnessLimits, PaidPrices, Trait, audit_prices, read_traits
from pricing.core.signals import SIGNAL_FEATURES
from pricing.models import DemandModelVersion, ModelAudit
from pricing.selectors.audits import audit_verdict, find_audit
from pricing.selectors.versions import load_model, model_row
from pricing.services.audited_prices import (
    Shelves,
    load_audited,
    open_shelves,
    price_audited,
    tabulate_features,
)
from profiles.core.features.registry import FEATURES
from profiles.selectors.traits import load_audit_traits
from profiles.services.traits import exchange_traits
from shop.kernel.errors import FairtagError
from shop.kernel.hashing import fingerprint

LIMITS = FairnessLimits()
# Exchanging the traits of this many people is enough: one changed price of one of them is too much.
MOST_EXCHANGED = 200


class NotAudited(FairtagError):
    """The model has no audit that allows its use."""

    code = "not_audited"


def audit_model(
    *,
    model_id: int,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    random_state: int = 0,
) -> AuditVerdict:
    """Measure what model `model_id` would charge people who told their traits; store the verdict.

    About twenty queries, and three per 500 shoppers; some seconds. Nothing is written but the audit
    itself. Raises DemandModelVersion.DoesNotExist, UntrustedModel.
    """
    version = DemandModelVersion.objects.defer("arrays").get(pk=model_id)
    served = load_model(model_id)
    rows = load_audit_traits()
    shopper_ids = sorted({shopper for shopper, _, _ in rows})
    traits = read_traits(shopper_ids, rows)
    found = _Measured()
    if shopper_ids:
        model = (model_row(version), served)
        shelves = open_shelves(model=model, place=(market, channel), now=now)
        found = _measure(shelves, traits, shopper_ids, now, random_state)
    unlisted = find_unlisted(version.feature_hash)
    row = ModelAudit.objects.create(
        model=version,
        sha256=version.sha256,
        at=now,
        is_passed=found.is_fair and found.is_blind and not unlisted,
        is_blind=found.is_blind,
        compared=found.compared,
        people=len(shopper_ids),
        unlisted=unlisted,
        limits=LIMITS.as_numbers(),
        report=dict(found.report),
    )
    return audit_verdict(row)


def audit_models(*, now: datetime, only_missing: bool = False) -> list[AuditVerdict]:
    """Audit the model in use and all candidates; `only_missing`: those without any audit."""
    status = DemandModelVersion.Status
    rows = DemandModelVersion.objects.filter(status__in=[status.ACTIVE, status.CANDIDATE])
    known = set(ModelAudit.objects.values_list("sha256", flat=True)) if only_missing else set()
    wanted = [pk for pk, sha in rows.order_by("pk").values_list("pk", "sha256") if sha not in known]
    return [audit_model(model_id=one, now=now) for one in wanted]


def audit_nightly(*, now: datetime) -> int:
    """Audit anew: people and prices change, models do not. Return how many models were audited.

    Raises NotAudited, after all verdicts are stored, if the model in use no longer passes: the job
    turns red and staff see it. Prices stay, for another model may be no fairer; people decide.
    """
    verdicts = audit_models(now=now)
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    for row in active.defer("arrays"):
        require_audit(row)
    return len(verdicts)


def require_audit(model: DemandModelVersion) -> None:
    """Raise NotAudited, saying why, unless the newest audit of the model's arrays allows its use.

    One query. Whoever brings a model into use, or before shoppers in a trial, calls this.
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
    is_blind, compared = _price_exchanged(shelves, shopper_ids, prices, now)
    return _Measured(report.is_passed, is_blind, compared, report.as_numbers())


def _price_exchanged(
    shelves: Shelves, shopper_ids: Sequence[int], before: PaidPrices, now: datetime
) -> tuple[bool, int]:
    """Price once more with everybody's traits exchanged: whether nothing changed, of how many."""
    chosen = shopper_ids[:MOST_EXCHANGED]
    with exchange_traits():
        after = price_audited(shelves, load_audited(chosen, now))
    same = np.array_equal(after.columns(), before.columns()[: len(chosen)])
    return bool(same), len(chosen)


def ask_for_waiver(*, audit_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Ask that a failed audit be answered for, with a reason; somebody else decides.

    Raises NotAudited where nobody may: a price saw a trait, or it did not fail.
    """
    with transaction.atomic():
        row = _lock(audit_id)
        row.waiver_asked_by_id, row.waiver_asked_at, row.waiver_reason = by_id, now, reason
        row.save(update_fields=["waiver_asked_by", "waiver_asked_at", "waiver_reason"])


def waive_audit(*, audit_id: int, by_id: int, now: datetime) -> None:
    """Answer for a failed audit as the second person. Raises NotAudited for the first."""
    with transaction.atomic():
        row = _lock(audit_id)
        if row.waiver_asked_by_id is None or not row.waiver_reason:
            raise NotAudited("Nobody has asked to answer for this audit: ask first, with a reason.")
        if row.waiver_asked_by_id == by_id:
            raise NotAudited("You asked to answer for this audit: somebody else must decide.")
        row.waived_by_id, row.waived_at = by_id, now
        row.save(update_fields=["waived_by", "waived_at"])


def _lock(audit_id: int) -> ModelAudit:
    row = ModelAudit.objects.select_for_update().get(pk=audit_id)
    if not row.is_waivable or row.waived_at is not None:
        raise NotAudited("Only a failed audit in which no price saw a trait can be answered for.")
    return row
