"""Learn from outcomes as they come in: minute by minute, exactly once each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from pricing.core.online import Delays, Evidence, Looked, Report, look_ahead, take_in
from pricing.models import OnlineEvidence
from pricing.selectors.evidence import Model, age_looked, open_evidence, read_settled
from pricing.selectors.exposures import Exposures, load_exposures
from pricing.selectors.look_fits import load_looked
from pricing.selectors.looks import PublicOutcomes, load_public_outcomes
from pricing.selectors.rules import load_active_policy
from pricing.selectors.versions import load_active_model
from pricing.services.sightings import age_of_looks, begin_hour, read_decisions, read_looks
from shop.kernel.arrays import hash_arrays, pack_arrays
from shop.kernel.clock import epoch_ms

# Whoever puts a quoted price into a cart in its last minute still pays for it after that.
CHECKOUT = timedelta(minutes=30)
# The first run begins here; a run that is behind takes windows of an hour, so many at once.
FIRST_LOOK = timedelta(hours=6)
WINDOW, MOST_WINDOWS = timedelta(hours=1), 24
KEEP_ROWS = 1_440  # a day of minutes
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MINUTE_MS = 60_000.0


# The model in use, and the fit of looks on top of it with when evidence had faded, if there is one.
type _Used = tuple[Model, tuple[Looked, datetime] | None]


@dataclass(frozen=True, slots=True)
class LearningReport:
    """What a run settled: prices shown that nobody can buy at any more, decisions and looks at
    public prices alike; purchases; families whose alarm rang.

    `until` is how far it came; `pending` prices shown since then may still be bought, and
    `pending_purchases` were. `moved` are variants to reprice.
    """

    exposures: int
    purchases: int
    alarms: int
    moved: int
    until: datetime
    pending: int = 0
    pending_purchases: int = 0


def learn_online(*, now: datetime, market: str = "us", channel: str = "online") -> LearningReport:
    """Take in outcomes: for good where the quote has run out, for now where it has not.

    A decision is settled once its quote can no longer be bought (its validity and half an hour for
    the payment), an hour's looks at public prices when that is so of its last one: only then is
    "not bought" known. Evidence and watermark change in one transaction,
    so that no outcome counts twice. Until then a purchase counts at once and its absence as far as
    purchases come that fast (`core.online.delays`), on top of what is settled and made anew by
    every run. Without a model nothing is learned.
    """
    place, model = (market, channel), load_active_model()
    fit = None if model is None else load_looked(model[0].id, place)
    horizon = timedelta(minutes=load_active_policy().quote_minutes) + CHECKOUT
    until = now - horizon
    total = LearningReport(0, 0, 0, 0, until)
    if model is None:
        return total
    for _ in range(MOST_WINDOWS):
        found = _settle_window((model, fit), place, until, now)
        if found is None:
            break
        report, came_to = found
        total = replace(
            total,
            exposures=total.exposures + report.exposures,
            purchases=total.purchases + report.purchases,
            alarms=total.alarms + len(report.alarmed),
            until=came_to,
        )
    ahead = _look_ahead((model, fit), place, horizon, now)
    if ahead is None:
        return total
    return replace(
        total, moved=len(ahead.moved), pending=ahead.exposures, pending_purchases=ahead.purchases
    )


def _settle_window(
    used: _Used, place: tuple[str, str], until: datetime, now: datetime
) -> tuple[Report, datetime] | None:
    """Take in the next window of decisions that are over; None if there is none."""
    model, fit = used
    with transaction.atomic():
        _lock_evidence(place)
        row = _current(place)
        since = until - FIRST_LOOK if row is None else row.watermark
        end = min(until, since + WINDOW)
        if end <= since:
            return None
        found, looks = _load_shown(since, end, now, place)
        if row is not None and not len(found) and not len(looks):
            OnlineEvidence.objects.filter(pk=row.pk).update(watermark=end)
            return Report.nothing(), end
        arrays = {} if row is None else read_settled(row)
        evidence = Evidence.from_arrays(arrays) if arrays else Evidence.nothing(model[0].id)
        days = 0.0 if row is None else (now - (row.faded_at or row.at)) / DAY
        seen = read_decisions(found, place).join(read_looks(looks, place))
        known, report = take_in(
            evidence,
            seen,
            model[1],
            model_version=model[0].id,
            days=days,
            looked=None if fit is None or row is None else age_looked(fit, row),
        )
        minutes = found.delay_ms[found.delay_ms >= 0] / MINUTE_MS
        delays = Delays.from_arrays(arrays).after(minutes, days)
        _store_settled(known.arrays() | delays.arrays(), report, row, place, (end, now))
    return report, end


def _look_ahead(
    used: _Used, place: tuple[str, str], horizon: timedelta, now: datetime
) -> Report | None:
    """Put the decisions that may still be bought on top of what is settled; None while that is
    behind."""
    model, fit = used
    with transaction.atomic():
        _lock_evidence(place)
        row = _current(place)
        if row is None or row.watermark < now - horizon:
            return None
        found, looks = _load_shown(row.watermark, now + HOUR, now, place)
        is_calm = not len(found) and not len(looks) and not row.pending_exposures
        if is_calm and row.pending_arrays is not None and row.at != now:
            return Report.nothing()
        arrays = read_settled(row)
        age = np.concatenate([epoch_ms(now) - found.issued_ms, age_of_looks(looks, now)])
        ahead, report = look_ahead(
            Evidence.from_arrays(arrays),
            read_decisions(found, place).join(read_looks(looks, place)),
            model[1],
            share=Delays.from_arrays(arrays).share(age / MINUTE_MS, horizon / MINUTE),
            sent=None if row.pending_arrays is None else open_evidence(row),
            looked=None if fit is None else age_looked(fit, row),
        )
        _store_pending(ahead, report, row, now)
    return report


def _load_shown(
    since: datetime, until: datetime, now: datetime, place: tuple[str, str]
) -> tuple[Exposures, PublicOutcomes]:
    """Return the drawn decisions of `[since, until)`, and the looks at public prices of the hours
    that end in it: windows follow each other, so each hour is in one of them."""
    market, channel = place
    found = load_exposures(
        since=since,
        until=until,
        now=now,
        market=market,
        channel=channel,
        counts_siblings=True,
    )
    looks = load_public_outcomes(
        since=begin_hour(since), until=begin_hour(until), now=now, market=market, channel=channel
    )
    return found.take(~found.is_book), looks


def _current(place: tuple[str, str]) -> OnlineEvidence | None:
    rows = OnlineEvidence.objects.filter(market_code=place[0], channel=place[1])
    return rows.filter(is_current=True).first()


def _store_settled(
    arrays: Mapping[str, NDArray[Any]],
    report: Report,
    old: OnlineEvidence | None,
    place: tuple[str, str],
    moments: tuple[datetime, datetime],
) -> None:
    """Write what is settled until `moments[0]`; prices are made of what they were until the run
    looks ahead again."""
    row = OnlineEvidence(
        market_code=place[0],
        channel=place[1],
        at=moments[1],
        faded_at=moments[1],
        watermark=moments[0],
        exposures=report.exposures,
        purchases=report.purchases,
        alarms=len(report.alarmed),
        metrics={
            "exposures": report.exposures,
            "purchases": report.purchases,
            "alarmed": report.alarmed.tolist(),
            "variants": len(arrays["variant_id"]),
            "interest": float(arrays["interest"][0]),
        },
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    if old is not None:
        row.exposures += old.exposures
        row.purchases += old.purchases
        row.alarms += old.alarms
        # Evidence of before there was any pending was itself what prices were made of.
        is_whole = old.pending_arrays is None
        row.pending_arrays = old.arrays if is_whole else old.pending_arrays
        row.pending_sha256 = old.sha256 if is_whole else old.pending_sha256
        row.pending_exposures = old.pending_exposures
        row.pending_purchases = old.pending_purchases
    _replace_current(row)


def _store_pending(ahead: Evidence, report: Report, row: OnlineEvidence, now: datetime) -> None:
    """Write what prices are made of: in a row of its own where anything happened, for publishers
    ask what moved in rows newer than the last they saw, and staff read row by row."""
    arrays = ahead.arrays()
    counts = (report.exposures, report.purchases)
    is_calm = counts == (row.pending_exposures, row.pending_purchases) and not len(report.moved)
    # What this run settled a moment ago: its row still has the pending counts of the run before.
    half = row.pk if row.at == now else None
    row.at, row.pending_arrays, row.pending_sha256 = now, pack_arrays(arrays), hash_arrays(arrays)
    row.pending_exposures, row.pending_purchases = counts
    if is_calm:
        row.save(update_fields=["at", "pending_arrays", "pending_sha256"])
        return
    row.pk, row.moved = None, report.moved.tolist()
    row._state.adding = True
    _replace_current(row)
    if half is not None:
        OnlineEvidence.objects.filter(pk=half).delete()


def _replace_current(row: OnlineEvidence) -> None:
    """Write `row` as the current one. Of those before, what they counted and moved is kept."""
    rows = OnlineEvidence.objects.filter(market_code=row.market_code, channel=row.channel)
    rows.filter(is_current=True).update(is_current=False, arrays=b"", pending_arrays=None)
    row.save()
    last = rows.order_by("-id").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1].first()
    if last is not None:
        rows.filter(pk__lte=last).delete()


def _lock_evidence(place: tuple[str, str]) -> None:
    """Let one run at a time learn for a place: two would take in the same outcomes."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_onlineevidence", *place))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
