"""Signatures, fingerprints and stable draws. Canonical JSON so that equal values hash equally."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Return `value` as JSON bytes with sorted keys and no spaces.

    >>> canonical_json({"b": 1, "a": [2]})
    b'{"a":[2],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a JSON value as 64 hexadecimal digits.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(canonical_json(value)).hexdigest()


def sign(message: bytes, *, key: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA256 of `message` (RFC 2104).

    >>> len(sign(b"quote", key=b"secret"))
    32
    """
    return hmac.digest(key, message, "sha256")


def is_signed(message: bytes, signature: bytes, *, key: bytes) -> bool:
    """Return whether `signature` is `message`'s; constant time, so that nothing leaks by timing.

    >>> is_signed(b"quote", sign(b"quote", key=b"secret"), key=b"secret")
    True
    >>> is_signed(b"quote", bytes(32), key=b"secret")
    False
    """
    return hmac.compare_digest(sign(message, key=key), signature)


def stable_draw(*parts: str) -> float:
    """Return a number in [0, 1) that depends only on `parts`: the same draw in every process.

    Used for holdouts and experiment arms, where a fresh random number on each page view would
    flicker the price. Parts are separated so that ("ab", "c") and ("a", "bc") differ.

    >>> stable_draw("holdout", "alice") == stable_draw("holdout", "alice")
    True
    >>> 0 <= stable_draw("holdout", "bob") < 1
    True
    """
    return (stable_seed(*parts) >> 11) / 2**53


def stable_seed(*parts: str) -> int:
    """Return 64 bits that depend only on `parts`, to start a reproducible sequence from.

    >>> stable_seed("week", "1") == stable_seed("week", "1")
    True
    >>> 0 <= stable_seed("week", "1") < 2**64
    True
    """
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest)
