"""Outcomes of public prices: how often each was looked at, how likely it was, and what it sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.values import FloatArray, IntArray
from pricing.ledger.selectors.exposures import find_outcomes
from profiles.events.api import load_quote_outcomes
from shop.ground.database.packed import Packed, fetch_packed

# A price, the price point below it and the price point above.
MOST_RUNGS = 3

_HOUR = "(extract(epoch FROM hour) / 3600)::int8"
_LOOKS = (
    Packed("variant_id", ">i8", "int8send(variant_id)"),
    Packed("hour", ">i8", f"int8send({_HOUR})"),
    Packed("public_minor", ">i8", "int8send(public_minor::int8)"),
    Packed("book_version", ">i8", "int8send(book_version::int8)"),
    Packed("looks", ">i8", "int8send(looks)"),
    Packed("direction", ">i8", "int8send(direction::int8)"),
    Packed(
        "rungs",
        f"({MOST_RUNGS},)>i4",
        " || ".join(f"int4send(coalesce(rungs[{at + 1}], 0))" for at in range(MOST_RUNGS)),
    ),
    Packed(
        "chances",
        f"({MOST_RUNGS},)>f8",
        " || ".join(f"float8send(coalesce(chances[{at + 1}], 0))" for at in range(MOST_RUNGS)),
    ),
)
_LOOKS_SOURCE = """
FROM (
    SELECT variant_id, hour, public_minor, book_version, sum(looks)::int8 AS looks, direction,
        rung_minors AS rungs, rung_probabilities AS chances
    FROM pricing_publiclook
    WHERE hour >= %(since)s AND hour < %(until)s
        AND market_code = %(market)s AND channel = %(channel)s {variant}
    GROUP BY variant_id, hour, public_minor, book_version, direction, rung_minors,
        rung_probabilities
) counted
"""
# Quotes of everybody's price: stored when somebody bought at them.
_QUOTES = (
    Packed("quote", "(2,)>u8", "uuid_send(id)"),
    Packed("variant_id", ">i8", "int8send(variant_id)"),
    Packed("hour", ">i8", "int8send((extract(epoch FROM issued_at)::int8 / 3600)::int8)"),
    Packed("public_minor", ">i8", "int8send(public_minor::int8)"),
    Packed("book_version", ">i8", "int8send(book_version::int8)"),
)
_QUOTES_SOURCE = """
FROM pricing_quote
WHERE issued_at >= %(since)s AND issued_at < %(until)s AND arm = 'none'
    AND market_code = %(market)s AND channel = %(channel)s {variant}
"""
_KEY = ("variant_id", "hour", "public_minor", "book_version")


@dataclass(frozen=True, slots=True)
class PublicOutcomes:
    """Prices everybody saw in an hour, and what became of them; n rows, arrays (n,).

    `looks` is how often pages showed the price, `purchases` how many order lines bought at a quote
    of that hour, `units` and `paid_minor` what they came to after offers, less nothing:
    `returned_units` and `refunded_minor` went back. `rung_minor` (n, MOST_RUNGS) are the prices
    that chance could have shown, highest first, 0 where there is none, `probability` how likely
    each was, `chosen` the column that was shown, `direction` the way a shock had moved it.
    """

    variant_id: IntArray
    hour_ms: IntArray
    public_minor: IntArray
    book_version: IntArray
    looks: IntArray
    direction: IntArray
    rung_minor: IntArray
    probability: FloatArray
    chosen: IntArray
    purchases: IntArray
    units: IntArray
    paid_minor: IntArray
    returned_units: IntArray
    refunded_minor: IntArray

    def __len__(self) -> int:
        return len(self.variant_id)

    @property
    def propensity(self) -> FloatArray:
        """The probability of the price that was shown."""
        chance: FloatArray = self.probability[np.arange(len(self)), self.chosen]
        return chance


def load_public_outcomes(
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    variant_id: int | None = None,
) -> PublicOutcomes:
    """Return the looks at public prices in `[since, until)` with their outcomes up to `now`.

    Three queries. Sales at prices nobody was seen to look at (robots, staff, lost counts) are left
    out. With `variant_id` those of one variant only.
    """
    parameters: dict[str, Any] = {"since": since, "until": until}
    parameters |= {"market": market, "channel": channel, "variant": variant_id}
    only = "" if variant_id is None else "AND variant_id = %(variant)s"
    seen = fetch_packed(_LOOKS, _LOOKS_SOURCE.format(variant=only), parameters)
    seen = seen[np.lexsort([seen[name] for name in reversed(_KEY)])]
    sold = fetch_packed(_QUOTES, _QUOTES_SOURCE.format(variant=only), parameters)
    found = {name: seen[name].astype(np.int64) for name in (*_KEY, "looks", "direction")}
    price_points = seen["rungs"].astype(np.int64)
    return PublicOutcomes(
        hour_ms=found.pop("hour") * HOUR_MS,
        rung_minor=price_points,
        probability=seen["chances"].astype(np.float64),
        chosen=np.argmax(price_points == found["public_minor"][:, None], axis=1).astype(np.int64),
        **found,
        **_sum_outcomes(seen, sold, since, now, is_few=variant_id is not None),
    )


def _sum_outcomes(
    seen: NDArray[np.void], sold: NDArray[np.void], since: datetime, now: datetime, *, is_few: bool
) -> dict[str, IntArray]:
    """Return the outcomes of all quotes of each row's variant, hour, price and book. One query;
    where the quotes are few, they are asked for by id."""
    high, low = sold["quote"][:, 0], sold["quote"][:, 1]
    pairs = zip(high.tolist(), low.tolist(), strict=True) if is_few else ()
    named = [UUID(int=(first << 64) | second) for first, second in pairs]
    outcomes = load_quote_outcomes(
        since=since,
        until=now,
        quote_ids=named if is_few else None,
    )
    at, is_bought = find_outcomes(high.astype(np.uint64), low.astype(np.uint64), outcomes)
    keys = [np.stack([rows[name] for name in _KEY], axis=1) for rows in (seen, sold)]
    _, group = np.unique(np.concatenate(keys).astype(np.int64), axis=0, return_inverse=True)
    group = group.ravel()
    own, theirs = group[: len(seen)], group[len(seen) :][is_bought]
    count = int(group.max()) + 1 if len(group) else 0
    names = ("purchases", "units", "paid_minor", "returned_units", "refunded_minor")
    return {
        name: np.bincount(theirs, getattr(outcomes, name)[at[is_bought]], count)[own].astype(
            np.int64
        )
        for name in names
    }


@dataclass(frozen=True, slots=True)
class PriceImpressions:
    """One public price of a variant over a time: how often looked at and how often bought."""

    public_minor: int
    looks: int
    purchases: int
    units: int
    is_shocked: bool


def list_price_impressions(
    *,
    variant_id: int,
    since: datetime,
    now: datetime,
    market: str = "us",
    channel: str = "online",
) -> list[PriceImpressions]:
    """Return how often each public price of a variant was looked at and bought, highest first.

    Three queries. `is_shocked`: chance had moved the price when some of the impressions were
    counted.
    """
    found = load_public_outcomes(
        since=since, until=now, now=now, market=market, channel=channel, variant_id=variant_id
    )
    rows = []
    for price in sorted(set(found.public_minor.tolist()), reverse=True):
        at = found.public_minor == price
        rows.append(
            PriceImpressions(
                public_minor=price,
                looks=int(found.looks[at].sum()),
                purchases=int(found.purchases[at].sum()),
                units=int(found.units[at].sum()),
                is_shocked=bool(found.direction[at].any()),
            )
        )
    return rows
