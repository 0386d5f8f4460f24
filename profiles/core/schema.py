"""Which fields each kind of event has, and of what type. Unknown fields are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


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
