"""Purchase and return events of orders, recorded in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from profiles.events.core.records import SHOP, EventRecord
from profiles.events.services.online import count_records
from profiles.events.services.table import clear_lag, note_lag, store_records
from profiles.features.api import lookup_variants
from profiles.shoppers.api import get_shopper_by_id
from profiles.values import PurchasedLine, ShopperValue
from shop.ground.jobs.redis import RedisUnavailable

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
            query="",
            offer_ref="",
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


@transaction.atomic
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
