"""The door for behaviour: checked, cleaned, consented, then visible to the next quote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from profiles.events.core import (
    DEVICE,
    SHOP,
    CleanEvent,
    EventRecord,
    EventRefused,
    clean_event,
    is_crawler,
)
from profiles.events.services.online import accept_records, count_records
from profiles.events.services.rebuild import warm_shopper
from profiles.events.services.table import clear_lag, note_lag, store_records
from profiles.features.api import lookup_variants
from profiles.metrics import events_total
from profiles.shoppers.api import get_shopper_by_id
from profiles.values import Consents, IngestResult, PurchasedLine, RejectedEvent, ShopperValue
from shop.ground.jobs.redis import RedisUnavailable
from shop.ground.kernel.errors import FairtagError

MAX_BATCH = 500


class BatchTooLarge(FairtagError):
    """More events than one call may bring."""

    code = "batch_too_large"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Whose events they are, when they came, and by which way."""

    shopper: ShopperValue
    now: datetime
    channel: str
    source: str


@dataclass(frozen=True, slots=True)
class _Batch:
    records: list[EventRecord]
    rejected: tuple[RejectedEvent, ...]
    repeated: int


def ingest_events(
    *,
    shopper: ShopperValue,
    events: Sequence[Mapping[str, Any]],
    now: datetime,
    channel: str,
    user_agent: str,
    consents: Consents,
    sent_at: datetime | None = None,
    source: str = DEVICE,
) -> IngestResult:
    """Check, clean and accept a batch of a shopper's own events (500 at most).

    An accepted event is in the stream and in the online features: the next quote sees it. With
    Redis down it is written to the table instead. `consents` come from the door: the shopper's,
    with `price` off under Sec-GPC. `sent_at` is the client's clock when it sent the batch; `source`
    is SIMULATED for visits of the demo that nobody made.
    Raises BatchTooLarge. No query with Redis up but the catalogue's version, once a second.
    """
    if len(events) > MAX_BATCH:
        raise BatchTooLarge(f"Send at most {MAX_BATCH} events at once.", limit=MAX_BATCH)
    if not consents.allows_tracking:
        return _report(IngestResult(dropped_no_consent=len(events)))
    if is_crawler(user_agent):
        return _report(IngestResult(dropped_bot=len(events)))
    origin = _Origin(shopper, now, channel, source)
    batch = _clean_batch(origin, events, sent_at=sent_at)
    if not batch.records:
        return _report(IngestResult(rejected=batch.rejected, duplicates=batch.repeated))
    try:
        return _report(_accept(shopper, batch, now=now))
    except RedisUnavailable:
        return _report(_store(shopper, batch, now=now))


def _clean_batch(
    origin: _Origin, events: Sequence[Mapping[str, Any]], *, sent_at: datetime | None
) -> _Batch:
    records: dict[Any, EventRecord] = {}
    rejected = []
    for index, raw in enumerate(events):
        try:
            event = clean_event(raw, now=origin.now, sent_at=sent_at)
            record = _complete(event, origin)
        except EventRefused as refusal:
            rejected.append(RejectedEvent(index, refusal.code, refusal.message))
            continue
        records.setdefault(record.id, record)
    repeated = len(events) - len(rejected) - len(records)
    return _Batch(list(records.values()), tuple(rejected), repeated)


def _complete(event: CleanEvent, origin: _Origin) -> EventRecord:
    """Return the record with what the catalogue knows; raises EventRefused(unknown_variant)."""
    facts = None
    if event.variant_id is not None:
        facts = lookup_variants().get(event.variant_id)
        if facts is None:
            raise EventRefused("unknown_variant", "variant_id names nothing that is sold.")
    return EventRecord(
        id=event.id,
        occurred_at=event.occurred_at,
        received_at=origin.now,
        shopper_id=origin.shopper.id,
        variant_id=event.variant_id,
        category_id=event.category_id if facts is None else facts.category_id,
        brand_id=None if facts is None else facts.brand_id,
        price_rank=None if facts is None else facts.price_rank,
        quote_id=event.quote_id,
        quantity=event.quantity,
        kind=event.kind,
        channel=origin.channel,
        source=origin.source,
        basket_ref=event.basket_ref,
        query=event.query,
        offer_ref=event.offer_ref,
        is_adjusted=event.is_adjusted,
    )


def _accept(shopper: ShopperValue, batch: _Batch, *, now: datetime) -> IngestResult:
    accepted = accept_records(shopper=shopper, records=batch.records, now=now, is_limited=True)
    if accepted.is_over_limit:
        return IngestResult(
            rejected=batch.rejected, duplicates=batch.repeated, dropped_bot=len(batch.records)
        )
    if not accepted.is_warm:
        # Redis lost this shopper's history; the events are safe, so a failure here may wait.
        with suppress(RedisUnavailable):
            warm_shopper(shopper_id=shopper.id, now=now)
    known = len(batch.records) - len(accepted.fresh)
    return IngestResult(
        accepted=len(accepted.fresh),
        duplicates=batch.repeated + known,
        rejected=batch.rejected,
    )


def _store(shopper: ShopperValue, batch: _Batch, *, now: datetime) -> IngestResult:
    """Write the batch straight to the table; online features follow by repair. One transaction."""
    with transaction.atomic():
        stored = store_records(batch.records, now=now)
        note_lag({shopper.id}, now=now)
    return IngestResult(
        accepted=stored.new,
        duplicates=batch.repeated + stored.known,
        rejected=batch.rejected,
        dropped_no_consent=stored.gone,
    )


def _report(result: IngestResult) -> IngestResult:
    counts = {
        "accepted": result.accepted,
        "duplicate": result.duplicates,
        "rejected": len(result.rejected),
        "no_consent": result.dropped_no_consent,
        "bot": result.dropped_bot,
    }
    for outcome, count in counts.items():
        if count:
            events_total.labels(outcome=outcome).inc(count)
    return result


_NAMESPACE = uuid5(NAMESPACE_URL, "fairtag:profiles:events")


@dataclass(frozen=True, slots=True)
class _PurchaseFacts:
    """What the events of one order or return share."""

    shopper_id: int
    basket_ref: str
    occurred_at: datetime
    channel: str
    now: datetime
    source: str = SHOP

    def record(self, kind: str, position: int, line: PurchasedLine | None) -> EventRecord:
        """Return the event of `line` (None: of the order as a whole)."""
        facts = None if line is None else lookup_variants().get(line.variant_id)
        return EventRecord(
            id=uuid5(_NAMESPACE, f"{kind}:{self.basket_ref}:{position}"),
            occurred_at=self.occurred_at,
            received_at=self.now,
            shopper_id=self.shopper_id,
            variant_id=None if line is None else line.variant_id,
            category_id=None if facts is None else facts.category_id,
            brand_id=None if facts is None else facts.brand_id,
            paid_minor=None if line is None else line.paid_minor,
            list_minor=None if line is None else line.list_minor,
            price_rank=None if facts is None else facts.price_rank,
            quote_id=None if line is None else line.quote_id,
            quantity=1 if line is None else line.quantity,
            is_discounted=line is not None and line.is_discounted,
            kind=kind,
            channel=self.channel,
            source=self.source,
            basket_ref=self.basket_ref,
            # The order's time may be read anew when the caller tries again; the id is the same.
            is_adjusted=True,
        )


def record_purchase_events(
    *,
    shopper_id: int,
    basket_ref: str,
    lines: Sequence[PurchasedLine],
    occurred_at: datetime,
    channel: str,
    now: datetime,
    source: str = SHOP,
) -> int:
    """Record an order and its lines as events in the caller's transaction; return new rows.

    Idempotent by `basket_ref` and the order of `lines`. Online features follow on commit; if
    Redis is down then, the repair job brings them up to date. `source` is SIMULATED for an order
    of the demo that nobody placed. Raises ShopperNotFound.
    """
    facts = _PurchaseFacts(shopper_id, basket_ref, occurred_at, channel, now, source)
    records = [facts.record("purchase", at, line) for at, line in enumerate(lines)]
    records.append(facts.record("order", 0, None))
    return _record_all(shopper_id, records, now=now)


def record_return_events(
    *,
    shopper_id: int,
    basket_ref: str,
    lines: Sequence[PurchasedLine],
    occurred_at: datetime,
    channel: str,
    now: datetime,
) -> int:
    """Record returned lines as events in the caller's transaction; return new rows.

    Idempotent by `basket_ref` (the return's own reference) and the order of `lines`.
    """
    facts = _PurchaseFacts(shopper_id, basket_ref, occurred_at, channel, now)
    records = [facts.record("return", at, line) for at, line in enumerate(lines)]
    return _record_all(shopper_id, records, now=now)


@transaction.atomic(savepoint=False)
def _record_all(shopper_id: int, records: Sequence[EventRecord], *, now: datetime) -> int:
    shopper = get_shopper_by_id(shopper_id)
    new = store_records(records, now=now).new
    if new:
        notes = note_lag({shopper_id}, now=now)
        transaction.on_commit(partial(_count_online, shopper, records, notes, now), robust=True)
    return new


def _count_online(
    shopper: ShopperValue, records: Sequence[EventRecord], notes: Sequence[int], now: datetime
) -> None:
    """Add what was committed to the online sums; without Redis the note stays for the repair."""
    with suppress(RedisUnavailable):
        count_records(shopper=shopper, records=records, now=now)
        clear_lag(notes)
