"""Find, open and lock the rows of a cart. Locks: the cart row, before any stock row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orders.core.limits import CART_LIVES
from orders.core.refusals import CartChanged, CartRefused
from orders.core.stages import Promise
from orders.models import Cart, CartLine
from orders.services.statements import read_rows, update_row
from pricing.core.values import QuoteContext
from profiles.core.values import ShopperValue
from profiles.selectors import find_shopper
from shop.catalog.selectors import get_market


@dataclass(slots=True)
class OpenCart:
    """A shopper's cart with its lines. `cart` is None where nothing was ever put in."""

    shopper: ShopperValue | None
    cart: Cart | None
    lines: list[CartLine]

    @property
    def holder(self) -> str:
        """Under which name the stock of this cart is held."""
        return holder_of(self.cart) if self.cart is not None else ""

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
    return OpenCart(shopper, cart, _lines_of(cart))


def lock_cart(context: QuoteContext, *, version: int | None = None) -> OpenCart:
    """Return the open cart, its row locked; only inside a transaction.

    Raises CartRefused for an unknown shopper, CartChanged when `version` is not the cart's.
    """
    shopper = require_shopper(context)
    cart = _find_cart(shopper, context, "FOR NO KEY UPDATE")
    found = cart.version if cart is not None else 0
    if version is not None and version != found:
        raise CartChanged("The cart has changed meanwhile.", version=found)
    return OpenCart(shopper, cart, _lines_of(cart))


def lock_or_create_cart(context: QuoteContext, *, version: int | None = None) -> OpenCart:
    """Return the open cart, its row locked, made if there is none. Two tabs make one cart."""
    opened = lock_cart(context, version=version)
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
    return lock_cart(context, version=version)


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


def _lines_of(cart: Cart | None) -> list[CartLine]:
    return [] if cart is None else read_rows(CartLine, "WHERE cart_id = %s ORDER BY id", [cart.pk])
