"""Packed format of a shopper's last quotes in Redis, one value per variant."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from pricing.base.core.tokens import EPOCH, label_code_of
from pricing.ledger.core.labels import is_test_code
from pricing.optimum.core.decide import HeldQuotes

# 1 January 2200: no promise is made for so long.
LATEST_MS = 7_258_118_400_000

_FIXED = struct.Struct(">16sIIIQQ")
# Puts quotes (variant, packed quote, ...) into a shopper's hash (KEYS[1]) at the moment ARGV[1],
# but for those that a lower promise still stands for.
HOLD_LOWER = f"""
for at = 2, #ARGV, 2 do
  local held = redis.call('HGET', KEYS[1], ARGV[at])
  local stands = false
  if held and #held > {_FIXED.size} then
    local _, quoted, _, _, _, expires = struct.unpack('>c16I4I4I4I8I8', held)
    local _, fresh = struct.unpack('>c16I4', ARGV[at + 1])
    stands = tonumber(ARGV[1]) < expires and quoted < fresh
  end
  if not stands then redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
end
"""

# The places (market:channel) that hold quotes of anybody: where erasure has to look.
HELD_PLACES = "fairtag:held"


def held_key(market: str, channel: str, pseudonym: str) -> str:
    """Return the key of a shopper's held quotes: a hash by variant id.

    >>> held_key("us", "online", "alice")
    'fairtag:held:us:online:alice'
    """
    return f"fairtag:held:{market}:{channel}:{pseudonym}"


@dataclass(frozen=True, slots=True)
class HeldQuote:
    """The last quote of a variant: its id, amounts, moments (ms) and token.

    `discount_minor` is the largest discount it has to remember, its own or an earlier one. The id
    is kept as it is stored: a page reads 48 quotes and shows few of their ids anew.
    """

    id_bytes: bytes
    quoted_minor: int
    public_minor: int
    discount_minor: int
    issued_ms: int
    expires_ms: int
    token: str

    @property
    def quote_id(self) -> UUID:
        """The id."""
        return UUID(bytes=self.id_bytes)

    @property
    def label_code(self) -> str:
        """The code of its label; empty for a public price without one."""
        return label_code_of(self.token)

    @property
    def is_test(self) -> bool:
        """Whether a price test moved it."""
        return is_test_code(self.label_code)

    @property
    def expires_at(self) -> datetime:
        """When the promise ends."""
        return EPOCH + timedelta(milliseconds=self.expires_ms)


def pack_held(quote: HeldQuote) -> bytes:
    """Return the stored form of `quote`.

    >>> quote = HeldQuote(UUID(int=1).bytes, 389, 399, 10, 0, 3_600_000, "token")
    >>> unpack_held(pack_held(quote)) == quote
    True
    """
    head = _FIXED.pack(
        quote.id_bytes,
        quote.quoted_minor,
        quote.public_minor,
        quote.discount_minor,
        quote.issued_ms,
        quote.expires_ms,
    )
    return head + quote.token.encode()


def unpack_held(value: bytes | None) -> HeldQuote | None:
    """Return the quote in a stored value; None where there is none or it is not one of ours.

    Values of another release have another layout: read as ours they name absurd moments or amounts
    and count as absent, so that a deployment costs a promise at worst, never a page.

    >>> unpack_held(None) is None, unpack_held(b"?") is None, unpack_held(b"x" * 80) is None
    (True, True, True)
    """
    if value is None or len(value) <= _FIXED.size:
        return None
    raw, quoted, public, discount, issued, expires = _FIXED.unpack_from(value)
    is_ours = 0 < quoted <= public and issued <= expires <= LATEST_MS and discount < public
    if not is_ours:
        return None
    token = value[_FIXED.size :].decode("ascii", "replace")
    return HeldQuote(raw, quoted, public, discount, issued, expires, token)


def held_arrays(quotes: Sequence[HeldQuote | None]) -> HeldQuotes:
    """Return the quotes as arrays (m,), zeros where there is none.

    >>> held_arrays([None]).quoted_minor.tolist()
    [0]
    """
    table = np.zeros((5, len(quotes)), dtype=np.int64)
    for place, quote in enumerate(quotes):
        if quote is not None:
            table[:, place] = (
                quote.quoted_minor,
                quote.public_minor,
                quote.discount_minor,
                quote.issued_ms,
                quote.expires_ms,
            )
    return HeldQuotes(*table)
