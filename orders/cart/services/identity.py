"""By what one person who comes as several shoppers is known: the keys that points use, too."""

from __future__ import annotations

from orders.cart.models import Cart
from orders.cart.services.cart_rows import require_shopper
from orders.values import Contact
from pricing.base.core.values import QuoteContext
from promotions.loyalty.api import hash_identity


def identity_of(contact: Contact) -> list[str]:
    """Return the hashed keys of a contact. No query."""
    return hash_identity(
        email=contact.email,
        phone=contact.phone,
        line1=contact.address_line1,
        postcode=contact.postcode,
    )


def remember_contact(*, context: QuoteContext, contact: Contact) -> None:
    """Let the cart show what it costs this person: offers used before are no longer counted on.

    Doors call it before they place an order, so that a refused order leaves a cart that is true.
    Raises CartRefused.
    """
    shopper, keys = require_shopper(context), identity_of(contact)
    mine = Cart.objects.filter(
        shopper_id=shopper.id,
        market_code=context.market,
        channel=context.channel,
        status=Cart.Status.OPEN,
    )
    mine.exclude(identity=keys).update(identity=keys)
