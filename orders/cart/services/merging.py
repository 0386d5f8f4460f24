"""At login the guest's cart and orders become the account's."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from orders.cart.core.cart_view import merged_quantity
from orders.cart.models import Cart
from orders.cart.services.cart_rows import (
    PROMISE_FIELDS,
    OpenCart,
    count_version,
    holder_of,
    lock_or_create_cart,
    promise_on,
    require_shopper,
    take_lines,
    write_promise,
)
from orders.cart.services.valuation import value_cart
from orders.order.models import Order
from orders.values import CartView, Contact
from pricing.base.core.values import QuoteContext
from profiles.values import ShopperValue
from promotions.coupons.api import MAX_CODES
from promotions.loyalty.api import hash_identity
from promotions.merging import move_uses
from shop.ground.inventory.services import release_reservation


@transaction.atomic
def merge_carts(*, context: QuoteContext, from_shopper_id: int) -> CartView:
    """Merge the cart of a guest into that of `context`'s shopper; orders move over with it.

    No line is lost; of a variant in both the larger quantity and the better promise are kept;
    codes are joined, and of gifts the guest's choice holds: it is the later one. What the guest's
    checkout held is given back. Twice is once.
    """
    theirs = _lock_guest_cart(context, from_shopper_id)
    mine = lock_or_create_cart(context)
    if mine.shopper is not None and mine.shopper.id != from_shopper_id:
        Order.objects.filter(shopper_id=from_shopper_id).update(shopper_id=mine.shopper.id)
        move_uses(from_shopper_id=from_shopper_id, to_shopper_id=mine.shopper.id)
    if theirs is None or mine.cart is None or theirs.pk == mine.cart.pk:
        return value_cart(mine, context).valued.view
    _move_lines(mine, mine.cart.pk, theirs)
    mine.cart.coupon_codes = _join_codes(mine.cart.coupon_codes, theirs.coupon_codes)
    mine.cart.gift_choices = mine.cart.gift_choices | theirs.gift_choices
    release_reservation(holder=holder_of(theirs))
    Cart.objects.filter(pk=theirs.pk).update(status=Cart.Status.MERGED, changed_at=context.now)
    count_version(mine, context.now)
    return value_cart(mine, context).valued.view


def _lock_guest_cart(context: QuoteContext, shopper_id: int) -> Cart | None:
    """Lock the guest's cart before the account's: everybody does it in this order."""
    carts = Cart.objects.filter(
        shopper_id=shopper_id,
        market_code=context.market,
        channel=context.channel,
        status=Cart.Status.OPEN,
    )
    return carts.select_for_update(no_key=True).first()


def _move_lines(mine: OpenCart, mine_id: UUID, theirs: Cart) -> None:
    for line in take_lines(theirs.pk):
        known = mine.find_line(line.variant_id)
        if known is None:
            line.cart_id, line.held_quantity = mine_id, 0
            line.save(update_fields=["cart", "held_quantity"])
            mine.lines.append(line)
            continue
        known.quantity = merged_quantity(known.quantity, line.quantity)
        better = min(promise_on(known), promise_on(line), key=lambda each: each.quoted_minor)
        write_promise(known, better)
        known.save(update_fields=["quantity", *PROMISE_FIELDS])


def _join_codes(mine: list[str], theirs: list[str]) -> list[str]:
    return list(dict.fromkeys([*mine, *theirs]))[:MAX_CODES]


def identity_of(contact: Contact) -> list[str]:
    """Return the hashed keys of a contact. No query."""
    return hash_identity(
        email=contact.email,
        phone=contact.phone,
        line1=contact.address_line1,
        postcode=contact.postcode,
    )


def remember_contact(*, context: QuoteContext, contact: Contact) -> ShopperValue:
    """Let the cart show what it costs this person: offers used before are no longer counted on.

    Doors call it before they place an order, so that a refused order leaves a cart that is true.
    Returns the shopper. Raises CartRefused.
    """
    shopper, keys = require_shopper(context), identity_of(contact)
    mine = Cart.objects.filter(
        shopper_id=shopper.id,
        market_code=context.market,
        channel=context.channel,
        status=Cart.Status.OPEN,
    )
    mine.exclude(identity=keys).update(identity=keys)
    return shopper
