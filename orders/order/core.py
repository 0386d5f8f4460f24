"""Numbers of orders, their states and the links that open them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from orders.terms.core import TaxParts, sum_taxes
from orders.values import DeliveryOption
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import sign

# Whoever reads the table can neither write the link down nor test parts of it.

# Long enough for a delivery, a return and a complaint; each later e-mail brings a new one.
LINK_LIVES = timedelta(days=90)
TOKEN_SIGNS = 43  # order numbers are shorter


def make_link_token(link_key: UUID, *, secret: bytes) -> str:
    """Return the secret part of a link, 43 signs.

    >>> len(make_link_token(UUID(int=1), secret=b"shop"))
    43
    """
    signed = sign(b"order link:" + link_key.bytes, key=secret)
    return urlsafe_b64encode(signed).decode().rstrip("=")


def hash_link_token(token: str) -> str:
    """Return what is stored of a link: it finds the order, and leads back to no link.

    >>> hash_link_token("abc")[:8]
    'ba7816bf'
    """
    return hashlib.sha256(token.encode()).hexdigest()


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O or U
BITS = 50


def order_number(bits: int) -> str:
    """Return the number for 50 random `bits`, in two groups of five signs.

    >>> order_number(0), order_number(2**50 - 1)
    ('FT-00000-00000', 'FT-ZZZZZ-ZZZZZ')
    """
    signs = "".join(ALPHABET[bits >> shift & 31] for shift in range(BITS - 5, -1, -5))
    return f"FT-{signs[:5]}-{signs[5:]}"


def normalize_number(text: str) -> str:
    """Return a number as typed in the spelling it is stored in: O is 0, I and L are 1.

    >>> normalize_number(" ft-o1l23 45678 ")
    'FT-01123-45678'
    """
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    if not signs.startswith("FT") or len(signs) != 12:
        return text.strip().upper()
    body = signs[2:].translate(str.maketrans("OIL", "011"))
    return f"FT-{body[:5]}-{body[5:]}"


class OrderStatus(StrEnum):
    """Where an order stands; the values of `Order.status`."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


ORDER_STEPS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.AWAITING_PAYMENT: frozenset(
        {OrderStatus.PAID, OrderStatus.CANCELLED, OrderStatus.EXPIRED}
    ),
    OrderStatus.PAID: frozenset(
        {OrderStatus.FULFILLED, OrderStatus.CANCELLED, OrderStatus.REFUNDED}
    ),
    OrderStatus.FULFILLED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
    OrderStatus.REFUNDED: frozenset(),
}


def may_become(status: str, wanted: OrderStatus) -> bool:
    """Return whether an order in `status` may step to `wanted`.

    >>> may_become("paid", OrderStatus.CANCELLED), may_become("fulfilled", OrderStatus.CANCELLED)
    (True, False)
    """
    return wanted in ORDER_STEPS[OrderStatus(status)]


class LedgerBroken(FairtagError):
    """Sums that must agree do not: a bug, stopped before money moves."""

    code = "ledger_broken"


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line's price at its quote, what is taken off, and its tax.

    `points_minor` is the part of the discount that `points` loyalty points paid.
    """

    subtotal_minor: int
    discount_minor: int
    tax: TaxParts
    points: int = 0
    points_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Return what the line costs in the end."""
        return self.subtotal_minor - self.discount_minor + self.tax.added_minor


@dataclass(frozen=True, slots=True)
class Totals:
    """All sums, minor units; `total_minor` is what is charged."""

    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    tax_minor: int
    tax_added_minor: int

    @property
    def total_minor(self) -> int:
        """Return the charge."""
        products = self.subtotal_minor - self.discount_minor
        return products + self.delivery_minor + self.tax_added_minor


def sum_totals(lines: Iterable[LineAmounts], delivery: DeliveryOption | None) -> Totals:
    """Return the sums over `lines` and `delivery`.

    >>> line = LineAmounts(1_000, 100, TaxParts(63, 63))
    >>> sum_totals([line, line], None).total_minor
    1926
    """
    known = list(lines)
    on_delivery = TaxParts(0, 0)
    if delivery is not None:
        on_delivery = TaxParts(delivery.tax_minor, delivery.tax_added_minor)
    tax = sum_taxes([*(line.tax for line in known), on_delivery])
    return Totals(
        subtotal_minor=sum(line.subtotal_minor for line in known),
        discount_minor=sum(line.discount_minor for line in known),
        delivery_minor=0 if delivery is None else delivery.price_minor,
        tax_minor=tax.tax_minor,
        tax_added_minor=tax.added_minor,
    )


def check_ledger(totals: Totals, lines: Iterable[LineAmounts]) -> None:
    """Raise LedgerBroken unless the lines add up to the totals and nothing is negative."""
    known = list(lines)
    products = totals.total_minor - totals.delivery_minor
    delivery_tax = totals.tax_added_minor - sum(line.tax.added_minor for line in known)
    if sum(line.total_minor for line in known) + delivery_tax != products:
        raise LedgerBroken("The lines do not add up to the total.", total=totals.total_minor)
    if min((line.total_minor for line in known), default=0) < 0 or totals.total_minor < 0:
        raise LedgerBroken("An amount is negative.", total=totals.total_minor)


def units_share(total_minor: int, quantity: int, *, refunded: int, more: int) -> int:
    """Return the price of `more` units of a line after `refunded` ones went back.

    The line's total is split over its units by largest remainder: the first `total % quantity`
    units cost one minor unit more. However a line is refunded piece by piece, the pieces sum to
    its total exactly. Raises ValueError for more units than are left.

    >>> [units_share(1_000, 3, refunded=n, more=1) for n in range(3)]
    [334, 333, 333]
    >>> units_share(1_000, 3, refunded=0, more=3)
    1000
    """
    if not 0 < more <= quantity - refunded:
        raise ValueError(f"{more} units asked, {quantity - refunded} of {quantity} are left")
    each, dearer = divmod(total_minor, quantity)
    dearer_left = max(0, min(dearer, refunded + more) - refunded)
    return each * more + dearer_left
