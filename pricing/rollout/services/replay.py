"""Make stored decisions again from their stored inputs and versions, and prove it each night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.utils.translation import gettext as _

from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.demand.selectors.versions import load_weights
from pricing.ledger.core.record import replay_record
from pricing.ledger.models.quotes import Quote
from pricing.ledger.selectors.exposures import Exposures, load_exposures
from pricing.optimum.core.signals import SignalWeights
from pricing.policy.models.breakers import PricedVisit
from pricing.policy.selectors import load_policy
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


# A busy day does not fit into memory at once.
PIECE = timedelta(hours=3)
# Until then products come back, and with them what a visit earned.
RETURN_DAYS = 35
# Longer than any sequence of the lift (six months): a year of impact of models, then no owner.
KEEP_DAYS = 400
ARMS = ("treated", "holdout")
_KEY = ("market_code", "channel", "day", "owner", "model_version", "is_held_out")
_FIGURES = ("decisions", "units", "paid_minor", "margin_minor")


def count_visits(
    *, now: datetime, days: int = 2, market: str = "us", channel: str = "online"
) -> int:
    """Count the visits of the last `days` days (UTC) anew, returns up to `now` included.

    Days are counted whole, each in one transaction, so that counting twice changes nothing; only
    rows whose figures changed are written. Return how many.
    """
    today = now.astimezone(UTC).date()
    written = 0
    for back in range(days - 1, -1, -1):
        written += _count_day(today - timedelta(days=back), now, (market, channel))
    return written


def forget_visits(*, now: datetime) -> int:
    """Delete the visits of days more than `KEEP_DAYS` ago, everywhere; return how many."""
    first = now.astimezone(UTC).date() - timedelta(days=KEEP_DAYS)
    return PricedVisit.objects.filter(day__lt=first).delete()[0]


def _count_day(day: date, now: datetime, place: tuple[str, str]) -> int:
    with transaction.atomic():
        _lock_day(day, place)
        stored = PricedVisit.objects.filter(day=day, market_code=place[0], channel=place[1])
        before = {
            tuple(row[1 : 1 + len(_KEY)]): row
            for row in stored.order_by().values_list("pk", *_KEY, *_FIGURES)
        }
        changed = []
        for visit in _sum_day(day, now, place):
            key = tuple(getattr(visit, name) for name in _KEY)
            known = before.pop(key, None)
            figures = tuple(getattr(visit, name) for name in _FIGURES)
            if known is None or known[1 + len(_KEY) :] != figures:
                changed.append(visit)
        PricedVisit.objects.filter(pk__in=[row[0] for row in before.values()]).delete()
        PricedVisit.objects.bulk_create(
            changed,
            batch_size=5_000,
            update_conflicts=True,
            unique_fields=_KEY,
            update_fields=_FIGURES,
        )
    return len(changed) + len(before)


def _sum_day(day: date, now: datetime, place: tuple[str, str]) -> list[PricedVisit]:
    begin = datetime.combine(day, time(), UTC)
    keys: list[IntArray] = []
    sums: list[FloatArray] = []
    for at in range(int(timedelta(days=1) / PIECE)):
        since = begin + at * PIECE
        if since >= now:
            break
        found = load_exposures(
            since=since,
            until=since + PIECE,
            now=now,
            market=place[0],
            channel=place[1],
            arms=ARMS,
        )
        keys.append(np.stack([found.shopper, found.model_version, found.is_held_out], axis=1))
        sums.append(_earned(found))
    if not keys:
        return []
    both, inverse = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    columns = np.concatenate(sums).T
    totals = np.stack([np.bincount(inverse.ravel(), one, len(both)) for one in columns], axis=1)
    return [
        _row(day, place, key, total)
        for key, total in zip(both.tolist(), totals.tolist(), strict=True)
    ]


def _row(day: date, place: tuple[str, str], key: list[int], total: list[float]) -> PricedVisit:
    return PricedVisit(
        day=day,
        owner=key[0],
        market_code=place[0],
        channel=place[1],
        model_version=key[1],
        is_held_out=bool(key[2]),
        decisions=int(total[0]),
        units=int(total[1]),
        paid_minor=int(total[2]),
        margin_minor=total[3],
    )


def _earned(found: Exposures) -> FloatArray:
    """Return decisions, units, money paid and margin of each exposure, (n, 4)."""
    columns = (np.ones(len(found)), found.units, found.paid_minor, found.margin_minor)
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _lock_day(day: date, place: tuple[str, str]) -> None:
    """Let one run at a time count a day: two would both find it empty and write it twice."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_pricedvisit", *place, day.isoformat()))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
