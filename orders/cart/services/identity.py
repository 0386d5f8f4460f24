"""By what one person who comes as several shoppers is known: the keys that points use, too."""

from __future__ import annotations

from django.db import transaction

from orders.cart.models import Cart
from orders.cart.services.cart_rows import lock_cart
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


@transaction.atomic
def remember_contact(*, context: QuoteContext, contact: Contact) -> None:
    """Let the cart show what it costs this person: offers used before are no longer counted on.

    Doors call it before they place an order, so that a refused order leaves a cart that is true.
    Raises CartRefused.
    """
    opened = lock_cart(context)
    keys = identity_of(contact)
    if opened.cart is not None and opened.cart.identity != keys:
        Cart.objects.filter(pk=opened.cart.pk).update(identity=keys)
