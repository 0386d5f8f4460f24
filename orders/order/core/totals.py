"""The ledger of a cart or order, which closes to the cent, and the share of each unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orders.terms.core.tax import TaxParts, sum_taxes
from orders.values import DeliveryOption
from shop.ground.kernel.errors import FairtagError


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
        goods = self.subtotal_minor - self.discount_minor
        return goods + self.delivery_minor + self.tax_added_minor


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
    goods = totals.total_minor - totals.delivery_minor
    delivery_tax = totals.tax_added_minor - sum(line.tax.added_minor for line in known)
    if sum(line.total_minor for line in known) + delivery_tax != goods:
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
