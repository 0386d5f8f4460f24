"""By what one person who comes as several shoppers is known: the keys that points use, too."""

from __future__ import annotations

from django.db import connection, transaction

from orders.core.values import Contact
from orders.models import Cart
from orders.services.rows import lock_cart
from pricing.core.values import QuoteContext
from promotions.services.referrals import hash_identity


def identity_of(contact: Contact) -> list[str]:
    """Return the hashed keys of a contact. No query."""
    return hash_identity(
        email=contact.email,
        phone=contact.phone,
        line1=contact.address_line1,
        postcode=contact.postcode,
    )


def lock_identity(keys: list[str]) -> None:
    """Wait for orders of the same keys, until the transaction ends: one of them comes first."""
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"id:{key}"])


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
