"""A guest signs in: history, promises and cart follow, for the browser and the app alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orders.cart.api import merge_carts
from orders.values import CartView
from pricing.api import carry_promises
from pricing.base.core.values import QuoteContext
from profiles.accounts.api import link_account
from profiles.shoppers.api import find_shopper
from profiles.values import Consents, ShopperValue
from profiles.wishes.api import list_saved


@dataclass(frozen=True, slots=True)
class Joined:
    """The shopper of a login, whether it saved products, and the merged cart if a guest's was
    taken over."""

    shopper: ShopperValue
    saved_count: int
    cart: CartView | None


def join_guest(
    *,
    account_id: int,
    guest: str | None,
    context: QuoteContext,
    defaults: Consents | None = None,
) -> Joined:
    """Make the guest behind pseudonym `guest` the shopper of a login. Twice is once.

    Promised prices go before the cart, whose lines are quoted anew: a login never raises a price.
    `context` says where and when; its pseudonym is not read. `defaults` are the answers of a
    shopper who is made now. Raises what `link_account` raises.
    """
    before = find_shopper(guest) if guest else None
    shopper = link_account(
        account_id=account_id,
        pseudonym=guest,
        now=context.now,
        defaults=defaults,
        market_code=context.market,
    )
    saved_count = len(list_saved(shopper.id))
    # A guest's token outlives the guest: on a shared device it may lead to somebody else's login,
    # whose cart and orders are not ours to take.
    if before is None or before.account_id is not None or before.id == shopper.id:
        return Joined(shopper, saved_count, None)
    carry_promises(former=before.pseudonym, pseudonym=shopper.pseudonym, now=context.now)
    theirs = replace(context, shopper_pseudonym=shopper.pseudonym)
    return Joined(shopper, saved_count, merge_carts(context=theirs, from_shopper_id=before.id))
