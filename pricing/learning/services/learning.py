"""Learn from outcomes as they come in: minute by minute, exactly once each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection, transaction

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice import Impressions
from pricing.learning.core.minutes import place_in_fit
from pricing.learning.core.shown import find_reset, forget_products
from pricing.learning.core.since import Settled, Since
from pricing.learning.core.taught import StoredNight, Views, renew_views
from pricing.learning.models.learning import OnlineEvidence
from pricing.learning.selectors.evidence import find_evidence, read_settled, read_views
from pricing.learning.selectors.impression_fits import list_nights, list_priced_models
from pricing.learning.selectors.shown_windows import ShownWindow, read_window
from pricing.ledger.selectors.references import SalesChannel
from pricing.policy.selectors import load_active_policy
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms

# Whoever puts a quoted price into a cart in its last minute still pays for it after that.
CHECKOUT = timedelta(minutes=30)
# The first run begins here; a run that is behind takes windows of an hour, so many at once.
FIRST_LOOK = timedelta(hours=6)
WINDOW, MOST_WINDOWS = timedelta(hours=1), 24
KEEP_ROWS = 1_440  # a day of minutes
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MINUTE_MS = 60_000.0
_NO_IDS: IntArray = np.zeros(0, dtype=np.int64)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What a run found so far. `rang` are families; `moved` variants, and those of which it settled
    what was `shown`."""

    settled: Settled
    watermark: datetime
    exposures: int = 0
    purchases: int = 0
    rang: IntArray = field(default_factory=lambda: _NO_IDS)
    pending: int = 0
    pending_purchases: int = 0
    moved: IntArray = field(default_factory=lambda: _NO_IDS)
    shown: IntArray = field(default_factory=lambda: _NO_IDS)


def learn_online(*, now: datetime, market: str = "us", channel: str = "online") -> LearningReport:
    """Take in outcomes: for good where the quote has run out, for now where it has not.

    A decision is settled once its quote can no longer be bought (its validity and half an hour for
    the payment), an hour's looks at public prices when that is so of its last one: only then is
    "not bought" known. Until then a purchase counts at once and its absence as far as purchases
    come that fast (`core.delays`). Prices are made of the night's fit with both on top, anew every
    run; what is settled and its watermark change in the same transaction, so that no outcome counts
    twice. Without a model nothing is learned.
    """
    place, models = (market, channel), list_priced_models()
    horizon = timedelta(minutes=load_active_policy().quote_minutes) + CHECKOUT
    if not models:
        return LearningReport(0, 0, 0, 0, now - horizon)
    with transaction.atomic():
        _lock_evidence(place)
        row = find_evidence(place)
        nights = list_nights(models, place)
        run = _begin(row, nights, place, now - horizon)
        run = _settle(run, nights, place, (now - horizon, now))
        run = _store(run, row, nights, place, (horizon, now))
    return LearningReport(
        exposures=run.exposures,
        purchases=run.purchases,
        alarms=len(run.rang),
        moved=len(run.moved),
        until=run.watermark,
        pending=run.pending,
        pending_purchases=run.pending_purchases,
    )


def _begin(
    row: OnlineEvidence | None, nights: Sequence[StoredNight], place: SalesChannel, until: datetime
) -> _Run:
    """Return what is known before a run: all that was shown since the first of the nights, and no
    more. Without a night nothing is kept: the first one reads all by itself."""
    watermark = until - FIRST_LOOK if row is None else row.watermark
    settled = read_settled(row) or Settled.nothing(epoch_ms(watermark))
    known = sorted({night.watermark for night in nights}) or [watermark]
    since = settled.since.forget(epoch_ms(known[0]))
    if epoch_ms(known[0]) < since.begin_ms:
        since = _read_again(place, known, watermark)
    fit = nights[0].pk if nights else 0
    alarms = settled.alarms if settled.fit == fit else settled.alarms.rest()
    return _Run(replace(settled, since=since, alarms=alarms, fit=fit), watermark)


def _read_again(place: SalesChannel, nights: Sequence[datetime], until: datetime) -> Since:
    """Return what was shown from the first of `nights` (ascending) on: less of it was kept. No
    window goes on beyond a night, beside which what it knows of it would count again."""
    since = nights[0]
    found = Since(epoch_ms(since))
    while since < until:
        end = min([since + DAY, until, *(one for one in nights if one > since)])
        window = read_window((since, end, until), place)
        if window is not None:
            found = found.add(window.seen, window.anchors, epoch_ms(end))
        since = end
    return found


def _settle(
    run: _Run,
    nights: Sequence[StoredNight],
    place: SalesChannel,
    moments: tuple[datetime, datetime],
) -> _Run:
    """Take in, window by window, what can no longer be bought; `moments` are until when that is so,
    and now."""
    until, now = moments
    for _ in range(MOST_WINDOWS):
        end = min(until, run.watermark + WINDOW)
        if end <= run.watermark:
            break
        window = read_window((run.watermark, end, now), place)
        if window is not None:
            run = _take_in(run, window, nights, end)
        run = replace(run, watermark=end)
    return run


def _take_in(run: _Run, window: ShownWindow, nights: Sequence[StoredNight], end: datetime) -> _Run:
    settled = run.settled
    since, alarms = settled.since, settled.alarms
    if nights:
        since = since.add(window.seen, window.anchors, epoch_ms(end))
        alarms = alarms.hear(nights[0].fit, _read_for(nights[0], window.seen, since))
    else:
        since = Since(epoch_ms(end))
    delays = settled.delays.after(window.minutes, (end - run.watermark) / DAY)
    return replace(
        run,
        settled=replace(settled, since=since, delays=delays, alarms=alarms),
        exposures=run.exposures + window.looks,
        purchases=run.purchases + window.purchases,
        rang=np.union1d(run.rang, np.setdiff1d(alarms.ringing, settled.alarms.ringing)),
        shown=np.union1d(run.shown, window.seen.item),
    )


def _read_for(night: StoredNight, seen: Impressions, since: Since) -> Impressions:
    """Return impressions as a night's fit takes them, without products that have another anchor."""
    known = forget_products(seen, find_reset(night.anchors, since.anchors))
    return place_in_fit(night.fit, known, night.usual)


def _store(
    run: _Run,
    row: OnlineEvidence | None,
    nights: Sequence[StoredNight],
    place: SalesChannel,
    moments: tuple[timedelta, datetime],
) -> _Run:
    """Look at what may still be bought, and write what prices are made of from now on.

    In a row of its own where anything happened: publishers ask what moved in rows newer than the
    last they saw, and staff read row by row.
    """
    horizon, now = moments
    ahead = None
    if run.watermark >= now - horizon:  # else it is behind
        ahead = _look_ahead(run, place, horizon, now)
    if ahead is not None:
        run = replace(run, pending=ahead.looks, pending_purchases=ahead.purchases)
    fits = [night.pk for night in nights]
    pending = (run.pending, run.pending_purchases)
    before = None if row is None else (row.pending_exposures, row.pending_purchases)
    is_still = row is not None and not run.exposures and before == pending == (0, 0)
    if row is not None and is_still and row.metrics.get("fits") == fits and row.arrays:
        OnlineEvidence.objects.filter(pk=row.pk).update(watermark=run.watermark)
        return run
    views = _view(run, ahead, nights, row)
    run = replace(run, moved=views.moved)
    is_calm = before == pending and not run.exposures and not len(run.moved)
    _write(run, row, place, now, (views, fits), is_new=row is None or not is_calm)
    return run


def _view(
    run: _Run,
    ahead: ShownWindow | None,
    nights: Sequence[StoredNight],
    row: OnlineEvidence | None,
) -> Views:
    """Return what prices are made of after a run. Where nights and alarms are those of the last
    run, so are the elasticities of products of which nothing is new, open, or was open then."""
    before = read_views(row)
    since, opened = run.settled.since, _NO_IDS
    if ahead is not None:
        since = since.add(ahead.seen, ahead.anchors, epoch_ms(run.watermark) + 1)
        opened = np.unique(ahead.seen.item)
    stale = None
    fits = [night.pk for night in nights]
    if row is not None and row.arrays and row.metrics.get("fits") == fits and not len(run.rang):
        stale = np.concatenate([run.shown, opened, before.opened])
    return renew_views(before, nights, since, run.settled.alarms, stale=stale, opened=opened)


def _look_ahead(
    run: _Run, place: SalesChannel, horizon: timedelta, now: datetime
) -> ShownWindow | None:
    """Return what was shown since the watermark, each look as the share of its purchases that would
    have come by now."""
    delays = run.settled.delays

    def share(age_ms: FloatArray) -> FloatArray:
        return delays.share(age_ms / MINUTE_MS, horizon / MINUTE)

    return read_window((run.watermark, now + HOUR, now), place, share)


def _write(
    run: _Run,
    old: OnlineEvidence | None,
    place: SalesChannel,
    now: datetime,
    found: tuple[Views, list[int]],
    *,
    is_new: bool,
) -> None:
    views, fits = found
    arrays, pending = run.settled.arrays(), views.arrays()
    row = OnlineEvidence(market_code=place[0], channel=place[1])
    if old is not None:
        row.exposures, row.purchases, row.alarms = old.exposures, old.purchases, old.alarms
    row.at, row.watermark = now, run.watermark
    row.exposures += run.exposures
    row.purchases += run.purchases
    row.alarms += len(run.rang)
    row.moved = run.moved.tolist()
    row.metrics = {
        "fits": fits,
        "alarmed": run.rang.tolist(),
        "variants": len(views.view.variant_id),
    }
    row.arrays, row.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.pending_arrays, row.pending_sha256 = pack_arrays(pending), hash_arrays(pending)
    row.pending_exposures, row.pending_purchases = run.pending, run.pending_purchases
    if old is not None and not is_new:
        row.pk, row.moved = old.pk, old.moved
        row.save(force_update=True)
        return
    _replace_current(row)


def _replace_current(row: OnlineEvidence) -> None:
    """Write `row` as the current one. Of those before, what they counted and moved is kept."""
    rows = OnlineEvidence.objects.filter(market_code=row.market_code, channel=row.channel)
    rows.filter(is_current=True).update(is_current=False, arrays=b"", pending_arrays=None)
    row.save()
    last = rows.order_by("-id").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1].first()
    if last is not None:
        rows.filter(pk__lte=last).delete()


def _lock_evidence(place: SalesChannel) -> None:
    """Let one run at a time learn for a place: two would take in the same outcomes."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_onlineevidence", *place))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
