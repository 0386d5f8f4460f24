"""Events of shoppers: their records, their keys, and which of them count."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from profiles.features.core.registry import KIND_CODES
from profiles.values import EventValue


class EventRefused(ValueError):
    """An event that is not accepted: a stable `code` and a sentence for the developer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


MAX_QUANTITY = 999
MAX_ID = 2**63 - 1
MAX_TEXT = 64
MAX_QUERY = 200


def _check_id(name: str, value: Any) -> int:
    if type(value) is not int or not 0 < value <= MAX_ID:
        raise EventRefused("wrong_type", f"{name} must be a positive whole number.")
    return value


def _check_quantity(name: str, value: Any) -> int:
    if type(value) is not int or not 0 < value <= MAX_QUANTITY:
        raise EventRefused("out_of_range", f"{name} must be from 1 to {MAX_QUANTITY}.")
    return value


def _check_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise EventRefused("wrong_type", f"{name} must be text of 1 to {MAX_TEXT} characters.")
    if "\x00" in value:
        raise EventRefused("wrong_type", f"{name} must not hold a zero character.")
    return value.strip()


def _check_query(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise EventRefused("wrong_type", f"{name} must be text.")
    return value.replace("\x00", "")[:MAX_QUERY]


def _check_uuid(name: str, value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or len(value) != 36:
        raise EventRefused("wrong_type", f"{name} must be a UUID.")
    try:
        return UUID(value)
    except ValueError:
        raise EventRefused("wrong_type", f"{name} must be a UUID.") from None


FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "id": _check_uuid,
    "variant_id": _check_id,
    "category_id": _check_id,
    "quantity": _check_quantity,
    "query": _check_query,
    "basket_ref": _check_text,
    "offer_ref": _check_text,
    "quote_id": _check_uuid,
}
COMMON = frozenset({"id", "kind", "occurred_at"})


@dataclass(frozen=True, slots=True)
class EventSchema:
    """Fields of one kind: `required` all, `one_of` at least one (if any), `optional` any."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    one_of: frozenset[str] = frozenset()

    @property
    def allowed(self) -> frozenset[str]:
        """Every field the kind may carry."""
        return COMMON | self.required | self.optional | self.one_of


def _schema(required: str = "", optional: str = "", one_of: str = "") -> EventSchema:
    return EventSchema(
        required=frozenset(required.split()),
        optional=frozenset(optional.split()),
        one_of=frozenset(one_of.split()),
    )


# What a shopper's own device may report. Purchases, orders and returns are recorded by the shop
# itself: a browser must not be able to claim them.
SCHEMAS: dict[str, EventSchema] = {
    "view": _schema(optional="quote_id", one_of="variant_id category_id"),
    "click": _schema("variant_id", "quote_id query"),
    "search": _schema("query"),
    "cart_add": _schema("variant_id", "quantity quote_id basket_ref"),
    "cart_remove": _schema("variant_id", "quantity basket_ref"),
    "checkout": _schema(optional="basket_ref"),
    "review": _schema("variant_id"),
    "offer_view": _schema("offer_ref", "variant_id"),
    "offer_click": _schema("offer_ref", "variant_id"),
}
_ALLOWED = {kind: schema.allowed for kind, schema in SCHEMAS.items()}
SHOP_KINDS = frozenset({"purchase", "order", "return"})


def check_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked fields of a raw event, without `occurred_at`. Raises EventRefused.

    >>> check_fields({
    ...     "id": "0198c5e0-0000-7000-8000-000000000001", "kind": "view", "variant_id": 7,
    ...     "occurred_at": "2026-11-25T10:00:00Z",
    ... })["variant_id"]
    7
    """
    if not isinstance(raw, Mapping):
        raise EventRefused("wrong_type", "An event must be an object.")
    kind = raw.get("kind")
    kind = kind if isinstance(kind, str) else ""
    if kind in SHOP_KINDS:
        raise EventRefused("shop_only", f"{kind} events are recorded by the shop itself.")
    schema = SCHEMAS.get(kind)
    if schema is None:
        raise EventRefused("unknown_kind", f"kind must be one of {', '.join(SCHEMAS)}.")
    given = {name for name, value in raw.items() if value is not None}
    if not given <= _ALLOWED[kind]:
        surplus = ", ".join(sorted(given - _ALLOWED[kind]))
        raise EventRefused("unknown_field", f"{kind} events do not have: {surplus[:100]}.")
    missing = (schema.required | {"id", "occurred_at"}) - given
    if missing or (schema.one_of and not schema.one_of & given):
        names = ", ".join(sorted(missing)) or " or ".join(sorted(schema.one_of))
        raise EventRefused("missing_field", f"{kind} events need {names}.")
    checked = {
        name: FIELDS[name](name, value)
        for name, value in raw.items()
        if value is not None and name in FIELDS
    }
    checked["kind"] = kind
    return checked


MAX_AGE = timedelta(days=7)
MAX_AHEAD = timedelta(minutes=5)
TRUSTED_SKEW = timedelta(seconds=2)

# Crawlers that say so. A browser under test also calls itself headless, so that is no proof, and
# Cubot is a maker of phones.
_CRAWLERS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|bingpreview|facebookexternalhit|lighthouse|pingdom|uptime"
    r"|gptbot|archive\.org|scrapy",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CleanEvent:
    """A checked event of a shopper's device.

    `is_adjusted` tells that `occurred_at` was corrected by our clock: then a retry of the same
    event may carry another time and only the id can tell that it is the same.
    """

    id: UUID
    occurred_at: datetime
    kind: str
    is_adjusted: bool
    variant_id: int | None
    category_id: int | None
    quantity: int
    basket_ref: str
    query: str
    offer_ref: str
    quote_id: UUID | None


def is_crawler(user_agent: str) -> bool:
    """Return whether the user agent names itself a robot.

    >>> is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1)"), is_crawler("Mozilla/5.0 Firefox/140")
    (True, False)
    """
    return _CRAWLERS.search(user_agent) is not None


def scrub_query(query: str) -> str:
    """Return a search text without e-mail addresses and long numbers typed in by mistake.

    >>> scrub_query("cheddar  alice@example.com 555-123-4567")
    'cheddar'
    """
    text = _LONG_NUMBER.sub(" ", _EMAIL.sub(" ", query))
    return _SPACES.sub(" ", text).strip()


def correct_clock(
    occurred_at: datetime, sent_at: datetime | None, now: datetime
) -> tuple[datetime, bool]:
    """Return when the event happened by our clock, and whether that differs from the client's.

    A client that says when it sent the batch (`sent_at`) reveals how far its clock is off; small
    differences are travel time. What still lies ahead by at most five minutes happened now; more
    is refused (code clock_ahead), as is what is older than the seven days duplicates are known
    for (code too_old). Raises EventRefused.
    """
    skew = now - sent_at if sent_at is not None else timedelta(0)
    is_adjusted = abs(skew) > TRUSTED_SKEW
    if is_adjusted:
        occurred_at += skew
    if occurred_at > now:
        if occurred_at - now > MAX_AHEAD:
            raise EventRefused("clock_ahead", "occurred_at is in the future.")
        return now, True
    if now - occurred_at > MAX_AGE:
        raise EventRefused("too_old", f"occurred_at is more than {MAX_AGE.days} days ago.")
    return occurred_at, is_adjusted


def read_moment(value: Any) -> datetime:
    """Return an ISO 8601 time with offset (or an aware datetime). Raises EventRefused.

    >>> read_moment("2026-11-25T10:00:00Z").isoformat()
    '2026-11-25T10:00:00+00:00'
    """
    moment = value
    if isinstance(value, str) and len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise EventRefused("wrong_type", "occurred_at must be an ISO 8601 time with an offset.")
    return moment


def clean_event(raw: Mapping[str, Any], *, now: datetime, sent_at: datetime | None) -> CleanEvent:
    """Return the event as it may count. Raises EventRefused with the reason."""
    fields = check_fields(raw)
    try:
        occurred_at, is_adjusted = correct_clock(read_moment(raw["occurred_at"]), sent_at, now)
    except OverflowError:
        raise EventRefused("too_old", "occurred_at is outside of all calendars.") from None
    return CleanEvent(
        id=fields["id"],
        occurred_at=occurred_at,
        kind=fields["kind"],
        is_adjusted=is_adjusted,
        variant_id=fields.get("variant_id"),
        category_id=fields.get("category_id"),
        quantity=fields.get("quantity", 1),
        basket_ref=fields.get("basket_ref", ""),
        query=scrub_query(fields.get("query", "")),
        offer_ref=fields.get("offer_ref", ""),
        quote_id=fields.get("quote_id"),
    )


STREAM = "fairtag:events"
GROUP = "drain"
WARM_MARKER = "fairtag:profiles:warm"
SEEN_PREFIX = "fairtag:seen:"
RATE_PREFIX = "fairtag:rate:"

# Fields of a profile beside its sums: the shopper's id, the version that every write counts up,
# whether the whole history is in the sums, and the consents as four digits.
ID_FIELD = "!id"
VERSION_FIELD = "!v"
WARM_FIELD = "!w"
CONSENT_FIELD = "!k"
# What is known of a guest: nobody's account, or about to become somebody's.
FREE, JOINING = "free", "joining"
CATEGORY_MARK = "c"
BRAND_MARK = "b"


def profile_key(pseudonym: str) -> str:
    """Return the key of a shopper's sums by name, category and brand."""
    return f"fairtag:profile:{pseudonym}"


def variants_key(pseudonym: str) -> str:
    """Return the key of a shopper's interest by variant id."""
    return f"fairtag:variants:{pseudonym}"


def guest_key(pseudonym: str) -> str:
    """Return the key that says whether a pseudonym is a guest's: FREE, or JOINING an account."""
    return f"fairtag:guest:{pseudonym}"


def stored_affinities(
    categories: Mapping[int, float], brands: Mapping[int, float]
) -> dict[str, float]:
    """Return interest by category and brand as fields of a profile.

    >>> stored_affinities({3: 1.0}, {7: 2.0})
    {'c:3': 1.0, 'b:7': 2.0}
    """
    fields = {f"{CATEGORY_MARK}:{key}": value for key, value in categories.items()}
    return fields | {f"{BRAND_MARK}:{key}": value for key, value in brands.items()}


RECORD_VERSION = 1
# Where an event came from: somebody's device, the shop itself, or a simulated visit of the demo.
DEVICE, SHOP, SIMULATED = "device", "shop", "simulated"


class BadRecord(ValueError):
    """A stream entry that is no event of this version; it goes to quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord(EventValue):
    """An event as a row of the event table, plus what deciding about duplicates needs.

    `is_adjusted` tells that the time was set by our clock, so that only the id can reveal a
    duplicate.
    """

    received_at: datetime
    shopper_id: int
    source: str
    shopper: str = ""
    is_adjusted: bool = False


# As they stand in a line of the stream; all but the last are the table's columns, named alike.
RECORD_FIELDS = (
    *("id", "occurred_at", "received_at", "shopper_id", "variant_id", "category_id", "brand_id"),
    *("paid_minor", "list_minor", "price_rank", "quote_id", "quantity", "is_discounted", "kind"),
    *("channel", "source", "basket_ref", "query", "offer_ref", "is_adjusted"),
)
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


def name_fields(record: EventRecord) -> dict[str, Any]:
    """Return the fields by name."""
    return dict(zip(RECORD_FIELDS, _fields_of(record), strict=True))


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
    profiles.events.core.BadRecord: not a record of version 1
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
