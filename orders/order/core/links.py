"""The secret link of an order: made from a key of the shop, looked up by its hash.

Whoever reads the table can neither write the link down nor test parts of it.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from shop.ground.kernel.hashing import sign

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
