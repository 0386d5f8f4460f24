"""The cart. Every function returns the whole cart as it now stands, so doors ask only once.

The cart belongs to the shopper of `context` (a guest's pseudonym is enough). Each change locks the
cart row, checks `version` when the caller gives one, and counts it up.
"""

from __future__ import annotations

from orders.core.values import CartView
from pricing.core.values import QuoteContext


def view_cart(*, context: QuoteContext) -> CartView:
    """Return the cart; lower prices are taken over at once, higher ones ask for consent."""
    raise NotImplementedError


def add_to_cart(
    *,
    context: QuoteContext,
    variant_id: int,
    quantity: int = 1,
    token: str | None = None,
    version: int | None = None,
) -> CartView:
    """Put `quantity` more of a variant into the cart, at the price `token` promises if valid.

    Raises CartRefused, CartChanged.
    """
    raise NotImplementedError


def set_quantity(
    *, context: QuoteContext, variant_id: int, quantity: int, version: int | None = None
) -> CartView:
    """Set how many of a variant are in the cart; 0 removes it."""
    raise NotImplementedError


def remove_line(*, context: QuoteContext, variant_id: int, version: int | None = None) -> CartView:
    """Take a variant out of the cart; not there is fine."""
    raise NotImplementedError


def apply_coupon(*, context: QuoteContext, code: str, version: int | None = None) -> CartView:
    """Enter a code. It stays entered even if it does not apply: `rejected` says why."""
    raise NotImplementedError


def remove_coupon(*, context: QuoteContext, code: str, version: int | None = None) -> CartView:
    """Take a code out; not there is fine."""
    raise NotImplementedError


def accept_price_changes(*, context: QuoteContext, version: int) -> CartView:
    """Agree to every higher price the cart shows at `version`."""
    raise NotImplementedError


def merge_carts(*, context: QuoteContext, from_shopper_id: int) -> CartView:
    """Merge the cart of a guest into that of `context`'s shopper at login: quantities as the
    larger of both, the better price kept, codes joined. Twice is once."""
    raise NotImplementedError
