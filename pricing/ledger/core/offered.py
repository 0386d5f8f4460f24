"""The price anybody could get: the public price, less the offers that were open to everybody.

An announced reduction is measured by the lowest price that was offered (Directive 98/6/EC Art.
6a), and a public offer is one. Times are seconds since 1970, amounts minor units, m variants.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from pricing.base.core.reference import PriceSeries
from pricing.base.core.tokens import EPOCH, label_code_of
from pricing.base.core.values import BoolArray, IntArray
from pricing.ledger.core.record import is_test_code
from pricing.optimum.core.decide import HeldQuotes

_SHIFT = 33


@dataclass(frozen=True, slots=True)
class OfferedCut:
    """A cut on one piece of each of `variant_id` from `starts` until `ends`, open to everybody.

    One of `percent`, `amount_minor` and `price_minor`, a piece's price. Of the cuts of one `group`
    the deepest counts; cuts of group "" come on top of each other; `is_alone`: never with another
    one.
    """

    variant_id: IntArray
    starts: int
    ends: int
    percent: float | None = None
    amount_minor: int | None = None
    group: str = ""
    is_alone: bool = False
    price_minor: int | None = None


def lower_series(
    series: PriceSeries, variant_id: IntArray, cuts: Sequence[OfferedCut]
) -> PriceSeries:
    """Return the ledger of m variants (ascending ids) as anybody could buy under `cuts`.

    Floors are not known of the past: where one stopped a cut, this is lower than what was paid,
    which is the strict side.

    >>> series = PriceSeries(np.array([0, 1]), np.array([0]), np.array([1_000]))
    >>> cut = OfferedCut(np.array([7]), starts=50, ends=60, percent=10.0)
    >>> lowered = lower_series(series, np.array([7]), [cut])
    >>> lowered.start.tolist(), lowered.amount.tolist()
    ([0, 50, 60], [1000, 900, 1000])
    """
    if not len(series.start) or not any(np.isin(c.variant_id, variant_id).any() for c in cuts):
        return series
    opened = _open_rows(series, variant_id, cuts)
    owner = np.repeat(np.arange(len(variant_id)), np.diff(opened.offsets))
    active = [_is_active(cut, opened, variant_id[owner]) for cut in cuts]
    amount = opened.amount
    # Of all cuts, near or not: a share and an amount do not commute, so the place of a group must
    # depend neither on which of its cuts run nor on which other variants are asked for.
    groups: dict[str, list[int]] = {}
    for at, cut in enumerate(cuts):
        if not cut.is_alone:
            groups.setdefault(cut.group or f"alone {at}", []).append(at)
    stacked = amount
    for members in groups.values():
        lowered = [np.where(active[at], _cut(cuts[at], stacked), stacked) for at in members]
        stacked = np.minimum.reduce(lowered)
    for at, cut in enumerate(cuts):
        if cut.is_alone:
            stacked = np.minimum(stacked, np.where(active[at], _cut(cut, amount), amount))
    return PriceSeries(offsets=opened.offsets, start=opened.start, amount=stacked)


def append_prices(series: PriceSeries, where: BoolArray, at: int, amount: IntArray) -> PriceSeries:
    """Return the ledger with one more entry for each variant in `where`, (m,).

    >>> series = PriceSeries(np.array([0, 1]), np.array([0]), np.array([400]))
    >>> append_prices(series, np.array([True]), 50, np.array([380])).amount.tolist()
    [400, 380]
    """
    if not where.any():
        return series
    rows = np.flatnonzero(where)
    ends = series.offsets[1:][rows]
    grown = np.cumsum(where.astype(np.int64))
    return PriceSeries(
        offsets=series.offsets + np.concatenate([[0], grown]),
        start=np.insert(series.start, ends, at),
        amount=np.insert(series.amount, ends, amount[rows]),
    )


def _open_rows(
    series: PriceSeries, variant_id: IntArray, cuts: Sequence[OfferedCut]
) -> PriceSeries:
    """Return the ledger with a row wherever a cut begins or ends, at the price that held then."""
    owner = np.repeat(np.arange(len(variant_id), dtype=np.int64), np.diff(series.offsets))
    keys = (owner << _SHIFT) + series.start
    wanted = [keys]
    for cut in cuts:
        at = np.flatnonzero(np.isin(variant_id, cut.variant_id)).astype(np.int64)
        wanted += [(at << _SHIFT) + max(cut.starts, 0), (at << _SHIFT) + max(cut.ends, 0)]
    opened = np.unique(np.concatenate(wanted))
    row = np.searchsorted(keys, opened, side="right") - 1
    # Before a variant's first price there is nothing to cut.
    holds = (row >= 0) & (keys[np.maximum(row, 0)] >> _SHIFT == opened >> _SHIFT)
    opened, row = opened[holds], row[holds]
    counts = np.bincount(opened >> _SHIFT, minlength=len(variant_id))
    return PriceSeries(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        start=opened & ((1 << _SHIFT) - 1),
        amount=series.amount[row],
    )


def _is_active(cut: OfferedCut, series: PriceSeries, owner_id: IntArray) -> BoolArray:
    inside: BoolArray = (series.start >= cut.starts) & (series.start < cut.ends)
    return inside & np.isin(owner_id, cut.variant_id)


def _cut(cut: OfferedCut, amount: IntArray) -> IntArray:
    """Return prices after one cut, rounded half up at the line as the evaluator does."""
    if cut.percent is not None:
        off = np.floor(amount * (cut.percent / 100.0) + 0.5).astype(np.int64)
        lowered: IntArray = amount - off
        return lowered
    if cut.price_minor is not None:
        return np.minimum(amount, cut.price_minor)
    return np.maximum(amount - (cut.amount_minor or 0), 0)


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
