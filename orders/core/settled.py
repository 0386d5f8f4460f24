"""Cart lines with the prices that hold for them, and what a cart is besides its lines."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from orders.core.stages import Settled
from pricing.core.values import PriceView
from shop.catalog.core.values import CatalogCard


def gift_line_id(variant_id: int) -> str:
    """Return the id of the line of what is given away.

    >>> gift_line_id(7)
    'gift-7'
    """
    return f"gift-{variant_id}"


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line with the price that holds for it. `is_sold` False: the product is off sale.

    `free` is how many pieces this cart may have: what is available and what it holds itself.
    """

    card: CatalogCard
    quantity: int
    price: PriceView
    settled: Settled
    free: int
    is_sold: bool = True
    is_gift: bool = False

    @property
    def line_id(self) -> str:
        """A cart has one line per variant, and one more if it is given away."""
        return gift_line_id(self.card.variant_id) if self.is_gift else str(self.card.variant_id)

    @property
    def subtotal_minor(self) -> int:
        """Return the line at its quoted price; what is off sale costs nothing."""
        return self.price.quoted_minor * self.quantity if self.is_sold else 0

    @property
    def full_minor(self) -> int:
        """Return the line at the price for everybody; what is given away counts for nothing."""
        return self.price.public_minor * self.quantity if self.is_sold and not self.is_gift else 0


@dataclass(frozen=True, slots=True)
class CartHead:
    """What a cart is, besides its lines."""

    cart_id: UUID | None
    version: int
    currency: str
    coupon_codes: tuple[str, ...]
    language: str
    time_zone: str = "UTC"
