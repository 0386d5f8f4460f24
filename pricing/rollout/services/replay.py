"""Make stored decisions again from their stored inputs and versions, and prove it each night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _

from pricing.base.core.values import Policy
from pricing.demand.selectors.versions import load_weights
from pricing.ledger.core.record import replay_record
from pricing.ledger.models.quotes import Quote
from pricing.optimum.core.signals import SignalWeights
from pricing.policy.selectors.rules import load_policy
from pricing.quoting.selectors.quotes import load_row
from shop.ground.kernel.errors import FairtagError

_CHUNK = 500


class NotReplayable(FairtagError):
    """The quote is a public price, or its decision never reached the table."""

    code = "not_replayable"


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision made again: identical or not, and where it differs."""

    quote_id: UUID
    is_identical: bool
    stored_minor: int
    replayed_minor: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """Many decisions made again: how many, those that differ, and those whose versions are gone."""

    checked: int
    differing: tuple[Replay, ...]
    lost: tuple[UUID, ...]


def replay_quote(*, quote_id: UUID) -> Replay:
    """Decide quote `quote_id` again and compare what is stored (`replay_record`). Writes nothing.

    At most three queries. Raises QuoteNotFound, NotReplayable.
    """
    row = load_row(quote_id)
    if not row["inputs"]:
        raise NotReplayable(_("This is a price for everybody: there was nothing to decide."))
    try:
        policy = load_policy(row["policy_version"])
        weights = _load_weights(row)
    except ObjectDoesNotExist as error:
        raise NotReplayable(_("A version this quote names is no longer stored.")) from error
    return _replay(row, weights, policy)


def replay_quotes(*, since: datetime, until: datetime, most: int = 10_000) -> ReplayReport:
    """Decide the newest `most` stored decisions of `[since, until)` again. Writes nothing.

    One query, read in chunks, and one for each version named.
    """
    rows = Quote.objects.filter(issued_at__gte=since, issued_at__lt=until, is_complete=True)
    rows = rows.exclude(inputs={}).order_by("-issued_at", "-id")[:most]
    checked, differing, lost = 0, [], []
    for row in rows.values().iterator(chunk_size=_CHUNK):
        try:
            policy, weights = load_policy(row["policy_version"]), _load_weights(row)
        except ObjectDoesNotExist:
            lost.append(row["id"])
            continue
        checked += 1
        made = _replay(row, weights, policy)
        if not made.is_identical:
            differing.append(made)
    return ReplayReport(checked, tuple(differing), tuple(lost))


def _load_weights(row: Mapping[str, Any]) -> SignalWeights:
    return load_weights(row["model_version"], row["inputs"].get("fit", 0))


def _replay(row: Mapping[str, Any], weights: SignalWeights, policy: Policy) -> Replay:
    outcome = replay_record(row, weights, policy)
    return Replay(
        quote_id=row["id"],
        is_identical=not outcome.differences,
        stored_minor=row["quoted_minor"],
        replayed_minor=outcome.quoted_minor,
        differences=outcome.differences,
    )


CHECKED_DAYS = 400
MOST_CHECKED = 10_000
MOST_NAMED = 5


class ReplayDiffers(ValueError):
    """A stored decision came out differently, or names a version that is gone."""


def check_replay(*, now: datetime, most: int = MOST_CHECKED) -> int:
    """Make the newest `most` stored decisions again; return how many came out bit-identical.

    Raises ReplayDiffers if any did not.
    """
    report = replay_quotes(since=now - timedelta(days=CHECKED_DAYS), until=now, most=most)
    if report.differing or report.lost:
        ids = [*(one.quote_id for one in report.differing), *report.lost][:MOST_NAMED]
        raise ReplayDiffers(
            f"{len(report.differing)} of {report.checked} decisions came out differently,"
            f" {len(report.lost)} name a version that is gone: {', '.join(map(str, ids))}"
        )
    return report.checked
