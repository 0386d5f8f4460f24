"""The keys that sign quotes: the first signs, all of them verify (rotation without a gap)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=8)
def _derive(texts: tuple[str, ...]) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for text in texts:
        number, separator, secret = text.partition(":")
        if not separator or not number.isdigit() or int(number) > 255 or not secret:
            raise ImproperlyConfigured("QUOTE_KEYS must look like 2:new-secret,1:old-secret")
        # A key of its own: a leaked quote key must not open sessions, nor the other way round.
        keys[int(number)] = hashlib.blake2b(
            secret.encode(), digest_size=32, person=b"fairtag-quote"
        ).digest()
    return keys


def verifying_keys() -> Mapping[int, bytes]:
    """Return all accepted keys by their id."""
    return _derive(tuple(settings.QUOTE_KEYS))


def signing_key() -> tuple[int, bytes]:
    """Return the id and the key that new quotes are signed with."""
    return next(iter(verifying_keys().items()))
