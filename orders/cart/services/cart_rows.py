"""Find, open and lock the rows of a cart. Locks: the cart row, before any stock row.

What every look at a cart and every act on it asks has statements whose text never changes: a
queryset needs five times as long to be built. All else uses querysets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Field, Model

from orders.cart.core.cart_view import CART_LIVES
from orders.cart.core.stages import Promise
from orders.cart.models import Cart, CartLine
from orders.refusals import CartChanged, CartRefused
from pricing.base.core.values import QuoteContext
from profiles.shoppers.api import find_shopper
from profiles.values import ShopperValue
from shop.ground.catalog.selectors import get_market


def read_rows[Row: Model](model: type[Row], rest: str, given: Sequence[Any]) -> list[Row]:
    """Return the rows that `rest` (from WHERE on, with its own parameters) selects. One query."""
    return _fetch(model, f"{_select(model)} {rest}", given)


def _fetch[Row: Model](
    model: type[Row], statement: str, given: Sequence[Any] | Mapping[str, Any]
) -> list[Row]:
    fields = _fields_of(model)
    names = [field.attname for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found = cursor.fetchall()
    decoders = [(at, field) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [
        model.from_db(connection.alias, names, _decode(row, decoders) if decoders else row)
        for row in found
    ]


def update_row(row: Model, names: Sequence[str]) -> None:
    """Write the named fields of a row that is there. One query."""
    known = {field.name: field for field in _fields_of(type(row))}
    fields = [known[name] for name in names]
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_update(type(row), tuple(names)), [*values, row.pk])


def _decode(row: Sequence[Any], decoders: Sequence[tuple[int, Any]]) -> list[Any]:
    values = list(row)
    for at, field in decoders:
        values[at] = field.from_db_value(values[at], None, connection)
    return values


@lru_cache
def _fields_of(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@lru_cache
def _select(model: type[Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields_of(model))
    return f'SELECT {columns} FROM "{model._meta.db_table}"'  # noqa: S608  # the model's own names


@lru_cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    columns = {field.name: field.column for field in _fields_of(model)}
    written = ", ".join(f'"{columns[name]}" = %s' for name in names)
    return f'UPDATE "{model._meta.db_table}" SET {written} WHERE "id" = %s'  # noqa: S608  # the model's own


@dataclass(slots=True)
class OpenCart:
    """A shopper's cart with its lines. `cart` is None where nothing was ever put in.

    Only a locked one may be written. Its lines promise what was last shown.
    """

    shopper: ShopperValue | None
    cart: Cart | None
    lines: list[CartLine]
    is_locked: bool = False

    @property
    def holder(self) -> str:
        """Under which name the stock of this cart is held."""
        return holder_of(self.cart) if self.cart is not None else ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that were entered."""
        return () if self.cart is None else tuple(self.cart.coupon_codes)

    @property
    def gift_choices(self) -> dict[int, int]:
        """Which variant the shopper chose as a gift, by offer id."""
        kept = {} if self.cart is None else self.cart.gift_choices
        return {int(offer_id): int(variant_id) for offer_id, variant_id in kept.items()}

    def frozen_until(self, now: datetime) -> datetime | None:
        """Until when prices are frozen by a checkout under way, or None."""
        until = None if self.cart is None else self.cart.frozen_until
        return until if until is not None and now < until else None

    def find_line(self, variant_id: int) -> CartLine | None:
        """Return the line of a variant, or None."""
        return next((line for line in self.lines if line.variant_id == variant_id), None)


def holder_of(cart: Cart) -> str:
    """Return the reservation's holder key of a cart and of the order it becomes."""
    return f"cart:{cart.pk}"


def read_cart(context: QuoteContext) -> OpenCart:
    """Return the open cart of the shopper of `context`, unlocked. Three queries at most."""
    if context.shopper_pseudonym is None:
        return OpenCart(None, None, [])
    return read_cart_of(find_shopper(context.shopper_pseudonym), context)


def read_cart_of(shopper: ShopperValue | None, context: QuoteContext) -> OpenCart:
    """Return the open cart of a shopper, unlocked. Two queries at most."""
    if shopper is None:
        return OpenCart(None, None, [])
    cart = _find_cart(shopper, context)
    return OpenCart(shopper, cart, [] if cart is None else read_lines(cart.pk))


def lock_cart(
    context: QuoteContext, *, version: int | None = None, shopper: ShopperValue | None = None
) -> OpenCart:
    """Return the open cart, its row locked; only inside a transaction.

    `shopper` is that of `context` for who has read it already.
    Raises CartRefused for an unknown shopper, CartChanged when `version` is not the cart's.
    """
    shopper = shopper or require_shopper(context)
    cart = _find_cart(shopper, context, "FOR NO KEY UPDATE")
    found = cart.version if cart is not None else 0
    if version is not None and version != found:
        raise CartChanged("The cart has changed meanwhile.", version=found)
    lines = [] if cart is None else take_lines(cart.pk)
    return OpenCart(shopper, cart, lines, is_locked=True)


def lock_or_create_cart(
    context: QuoteContext, *, version: int | None = None, shopper: ShopperValue | None = None
) -> OpenCart:
    """Return the open cart, its row locked, made if there is none. Two tabs make one cart."""
    opened = lock_cart(context, version=version, shopper=shopper)
    if opened.cart is not None or opened.shopper is None:
        return opened
    # The unique constraint decides who makes it; the other one finds it
    Cart.objects.bulk_create(
        [
            Cart(
                shopper_id=opened.shopper.id,
                market_code=context.market,
                channel=context.channel,
                currency=get_market(context.market).currency,
                version=0,
                created_at=context.now,
                changed_at=context.now,
                expires_at=context.now + CART_LIVES,
            )
        ],
        ignore_conflicts=True,
    )
    return lock_cart(context, version=version, shopper=opened.shopper)


def require_shopper(context: QuoteContext) -> ShopperValue:
    """Return the shopper of `context`. Raises CartRefused: doors make guests before they act."""
    shopper = find_shopper(context.shopper_pseudonym) if context.shopper_pseudonym else None
    if shopper is None:
        raise CartRefused("This shopper is not known.", code="unknown_shopper")
    return shopper


def count_version(opened: OpenCart, now: datetime) -> None:
    """Note a change of the cart: a new version, and a new month to live. One query."""
    if opened.cart is None:
        return
    cart = opened.cart
    cart.version += 1
    cart.changed_at, cart.expires_at = now, now + CART_LIVES
    changed = ["version", "changed_at", "expires_at", "coupon_codes", "frozen_until"]
    update_row(cart, [*changed, "points_wanted", "gift_choices"])


def promise_on(line: CartLine) -> Promise:
    """Return what the line promises."""
    return Promise(
        list_minor=line.list_minor,
        public_minor=line.public_minor,
        quoted_minor=line.quoted_minor,
        is_personal=line.is_personal,
        label_code=line.label_code,
        quote_id=line.quote_id,
        token=line.quote_token,
        expires_at=line.quote_expires_at,
    )


def write_promise(line: CartLine, promise: Promise) -> None:
    """Put `promise` on the line; the caller saves PROMISE_FIELDS."""
    line.list_minor = promise.list_minor
    line.public_minor = promise.public_minor
    line.quoted_minor = promise.quoted_minor
    line.is_personal = promise.is_personal
    line.label_code = promise.label_code
    line.quote_id = promise.quote_id
    line.quote_token = promise.token
    line.quote_expires_at = promise.expires_at
    line.offered_minor = None


PROMISE_FIELDS = (
    "offered_minor",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "is_personal",
    "label_code",
    "quote_id",
    "quote_token",
    "quote_expires_at",
)


_OPEN = """
WHERE shopper_id = %s AND market_code = %s AND channel = %s AND status = 'open'
ORDER BY changed_at DESC LIMIT 1
"""


def _find_cart(shopper: ShopperValue, context: QuoteContext, lock: str = "") -> Cart | None:
    given = [shopper.id, context.market, context.channel]
    return next(iter(read_rows(Cart, _OPEN + lock, given)), None)


# A look may end after one that began later, or after a change of the cart. No look raises what is
# promised, so the lowest counts, and the newest of equals: a late one takes no promise back.
_COUNTS = """newest AS (
    SELECT DISTINCT ON (shown.line_id) shown.* FROM {shown} shown
    JOIN orders_cartline line ON line.id = shown.line_id
    WHERE line.cart_id = %(cart)s AND shown.quoted_minor <= line.quoted_minor
    ORDER BY shown.line_id, shown.quoted_minor, shown.id DESC
)"""
_TAKEN = """
taken AS (
    DELETE FROM orders_shownpromise shown USING orders_cartline line
    WHERE line.id = shown.line_id AND line.cart_id = %(cart)s
    RETURNING shown.*
),
{counting},
written AS (
    UPDATE orders_cartline line SET ({promise}) = ROW ({newest})
    FROM newest WHERE newest.line_id = line.id
)
"""
_LINES = """
WITH {first}
SELECT {columns} FROM orders_cartline line LEFT JOIN newest ON newest.line_id = line.id
WHERE line.cart_id = %(cart)s ORDER BY line.id
"""
_APPEND = """
INSERT INTO orders_shownpromise (line_id, {promise})
SELECT line.id, {given}
FROM jsonb_populate_recordset(NULL::orders_shownpromise, %(rows)s) given
-- Who changes the cart is waited for: a line that is taken out meanwhile is not written of.
JOIN (
    SELECT line.id FROM orders_cartline line JOIN orders_cart cart ON cart.id = line.cart_id
    WHERE line.id = ANY(%(lines)s) FOR SHARE OF cart FOR KEY SHARE OF line
) line ON line.id = given.line_id
"""


@lru_cache
def _lines_statement(*, takes: bool) -> str:
    promise = ", ".join(PROMISE_FIELDS)
    newest = ", ".join(f"newest.{name}" for name in PROMISE_FIELDS)
    columns = ", ".join(
        f"CASE WHEN newest.id IS NULL THEN line.{name} ELSE newest.{name} END"
        if name in PROMISE_FIELDS
        else f"line.{name}"
        for name in (field.column for field in _fields_of(CartLine))
    )
    first = _COUNTS.format(shown="orders_shownpromise")
    if takes:
        counting = _COUNTS.format(shown="taken")
        first = _TAKEN.format(counting=counting, promise=promise, newest=newest)
    return _LINES.format(first=first, columns=columns)


def read_lines(cart_id: UUID) -> list[CartLine]:
    """Return the lines of a cart with the promise that counts on each. One query."""
    return _fetch(CartLine, _lines_statement(takes=False), {"cart": cart_id})


def take_lines(cart_id: UUID) -> list[CartLine]:
    """Return the lines of a locked cart; the promise that counts is written on each. One query."""
    return _fetch(CartLine, _lines_statement(takes=True), {"cart": cart_id})


def append_promises(lines: Sequence[CartLine]) -> None:
    """Note what these lines promise as shown; no line is changed. One query."""
    rows = [
        {"line_id": line.pk} | {name: getattr(line, name) for name in PROMISE_FIELDS}
        for line in lines
    ]
    promise = ", ".join(PROMISE_FIELDS)
    given = ", ".join(f"given.{name}" for name in PROMISE_FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND.format(promise=promise, given=given),
            {
                "rows": json.dumps(rows, cls=DjangoJSONEncoder),
                "lines": [line.pk for line in lines],
            },
        )
