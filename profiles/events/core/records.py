"""An event on its way into the table: the record in the stream and the row it becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from profiles.features.core.columns import KIND_CODES
from profiles.values import EventValue

RECORD_VERSION = 1
# Where an event came from: somebody's device, the shop itself, or a simulated visit of the demo.
DEVICE, SHOP, SIMULATED = "device", "shop", "simulated"


class BadRecord(ValueError):
    """A stream entry that is no event of this version; it goes to quarantine."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One row of the event table, plus what deciding about duplicates needs.

    The fields up to `offer_ref` are the table's columns, named alike. `is_adjusted` tells that
    the time was set by our clock, so that only the id can reveal a duplicate.
    """

    id: UUID
    occurred_at: datetime
    received_at: datetime
    shopper_id: int
    variant_id: int | None
    category_id: int | None
    brand_id: int | None
    paid_minor: int | None
    list_minor: int | None
    price_rank: float | None
    quote_id: UUID | None
    quantity: int
    is_discounted: bool
    kind: str
    channel: str
    source: str
    basket_ref: str
    query: str
    offer_ref: str
    is_adjusted: bool = False

    def value(self, shopper: str) -> EventValue:
        """Return the event as features see it."""
        return EventValue(
            id=self.id,
            occurred_at=self.occurred_at,
            shopper=shopper,
            kind=self.kind,
            variant_id=self.variant_id,
            category_id=self.category_id,
            brand_id=self.brand_id,
            quantity=self.quantity,
            paid_minor=self.paid_minor,
            list_minor=self.list_minor,
            is_discounted=self.is_discounted,
            price_rank=self.price_rank,
            basket_ref=self.basket_ref,
            query=self.query,
            offer_ref=self.offer_ref,
            quote_id=self.quote_id,
            channel=self.channel,
        )


RECORD_FIELDS = tuple(field.name for field in fields(EventRecord))
EVENT_COLUMNS = RECORD_FIELDS[:-1]
_fields_of = attrgetter(*RECORD_FIELDS)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
# Where, behind the version, ids and times stand: JSON has neither.
_TEXT_AT = tuple(
    1 + RECORD_FIELDS.index(name) for name in ("id", "occurred_at", "received_at", "quote_id")
)
_WHOLE = ("shopper_id", "quantity")
_WHOLE_OR_NONE = ("variant_id", "category_id", "brand_id", "paid_minor", "list_minor")
_TEXTS = ("channel", "source", "basket_ref", "query", "offer_ref")


def encode_record(record: EventRecord) -> str:
    """Return the record as one line of JSON: the version, then the fields in order."""
    parts = [RECORD_VERSION, *_fields_of(record)]
    for at in _TEXT_AT:
        if parts[at] is not None:
            parts[at] = str(parts[at])
    return _encode(parts)


def record_row(record: EventRecord) -> tuple[Any, ...]:
    """Return the fields in order."""
    row: tuple[Any, ...] = _fields_of(record)
    return row


def owner_of(line: str) -> int | None:
    """Return the shopper's id of a record without reading the rest; None if there is none.

    >>> owner_of('[1,"0198","2026","2026",42,7]'), owner_of("{")
    (42, None)
    """
    parts = line.split(",", 5)
    return int(parts[4]) if len(parts) > 5 and parts[4].isdecimal() else None


def decode_record(line: bytes | str) -> EventRecord:
    """Return the record of `encode_record`. Raises BadRecord.

    >>> decode_record(b"[1, 2]")
    Traceback (most recent call last):
    ...
    profiles.events.core.records.BadRecord: not a record of version 1
    """
    try:
        parts = json.loads(line)
    except ValueError:
        raise BadRecord("not JSON") from None
    if not isinstance(parts, list) or len(parts) != 1 + len(RECORD_FIELDS) or parts[0] != 1:
        raise BadRecord("not a record of version 1")
    raw = dict(zip(RECORD_FIELDS, parts[1:], strict=True))
    _check_types(raw)
    try:
        raw["id"] = UUID(raw["id"])
        raw["quote_id"] = None if raw["quote_id"] is None else UUID(raw["quote_id"])
        raw["occurred_at"] = datetime.fromisoformat(raw["occurred_at"])
        raw["received_at"] = datetime.fromisoformat(raw["received_at"])
    except (AttributeError, TypeError, ValueError):
        raise BadRecord("an id or a time cannot be read") from None
    if raw["occurred_at"].tzinfo is None or raw["received_at"].tzinfo is None:
        raise BadRecord("a time has no offset")
    return EventRecord(**raw)


def _check_types(raw: dict[str, Any]) -> None:
    if raw["kind"] not in KIND_CODES:
        raise BadRecord("unknown kind")
    is_whole = all(type(raw[name]) is int for name in _WHOLE)
    is_whole &= all(raw[name] is None or type(raw[name]) is int for name in _WHOLE_OR_NONE)
    is_text = all(isinstance(raw[name], str) and "\x00" not in raw[name] for name in _TEXTS)
    is_flag = isinstance(raw["is_discounted"], bool) and isinstance(raw["is_adjusted"], bool)
    rank = raw["price_rank"]
    is_rank = rank is None or (type(rank) in (int, float) and 0 <= rank <= 1)
    if not (is_whole and is_text and is_flag and is_rank):
        raise BadRecord("a field has the wrong type")
