"""Exposures with their outcomes as arrays: what learning and off-policy evaluation read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.ledger.core.exposures import MOST_ACTIONS
from pricing.ledger.core.packed import DECISION_ROW, HELD_FIELDS, Rows
from pricing.optimum.core.signals import RAW_SIGNALS
from profiles.events.api import QUOTE_ID, QuoteOutcomes, load_quote_outcomes
from shop.ground.database.packed import Packed, fetch_packed

ARMS = ("treated", "holdout")

_NUMBERS = (
    ("variant_id", "variant_id"),
    ("list_minor", "list_minor"),
    ("public_minor", "public_minor"),
    ("quoted_minor", "quoted_minor"),
    *((name, f"(inputs->>'{name}')") for name in ("floor_minor", "category_id", "book_minor")),
    ("draw", "(inputs->>'draw')"),
    *((name, f"(inputs->>'{name}')") for name, _ in HELD_FIELDS),
)
_FLOATS = (
    *((name, f"(inputs->>'{name}')") for name in ("unit_cost", "elasticity", "elasticity_sd")),
    *((name, f"(features->>'{name}')") for name in RAW_SIGNALS),
    ("extra_cost", "coalesce(inputs->>'extra_cost', '0')"),
)
_OTHERS = (
    ("issued_ms", "(inputs->>'now_ms')"),
    ("exponent", "(inputs->>'exponent')"),
    ("fit", "coalesce(inputs->>'fit', '0')"),
    ("policy_version", "policy_version"),
    ("model_version", "model_version"),
    ("book_version", "book_version"),
    ("holdout", "(arm = 'holdout')::int"),
    ("segment", "hashtext(segment)"),
    ("stock", "coalesce(stock, -1)"),
    ("competitor", "coalesce(competitor_minor, 0)"),
)
_PLACES = range(1, MOST_ACTIONS + 1)
_COLUMNS = (
    Packed("quote", "(2,)>u8", "uuid_send(id)"),
    Packed("owner", ">i8", "substring(decode(shopper_hash, 'hex') FROM 1 FOR 8)"),
    *(Packed(name, ">i8", f"int8send({sql}::int8)") for name, sql in (*_NUMBERS, *_OTHERS)),
    *(Packed(name, ">f8", f"float8send({sql}::float8)") for name, sql in _FLOATS),
    Packed(
        "rungs",
        f"({MOST_ACTIONS},)>i4",
        " || ".join(f"int4send(coalesce(rung_minors[{at}], 0))" for at in _PLACES),
    ),
    Packed(
        "chances",
        f"({MOST_ACTIONS},)>f8",
        " || ".join(f"float8send(coalesce(rung_probabilities[{at}], 0))" for at in _PLACES),
    ),
)
_SOURCE = """
FROM pricing_quote
WHERE issued_at >= %(since)s AND issued_at < %(until)s AND is_complete
    AND rung_minors IS NOT NULL AND arm = ANY(%(arms)s)
    AND market_code = %(market)s AND channel = %(channel)s
"""
_SEGMENTS = """
SELECT DISTINCT segment, hashtext(segment) FROM pricing_quote
WHERE issued_at >= %(since)s AND issued_at < %(until)s AND segment IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Exposures:
    """n exposures, oldest first, and what became of them; all arrays (n,) unless said otherwise.

    `rows` are the decisions (dtype DECISION_ROW: prices, cost, elasticity, signals, promises,
    draw; without signatures); `shopper` tells shoppers apart without naming them; `rung_minor`
    (n, MOST_ACTIONS) are the feasible prices, highest first, 0 where there is none, and
    `probability` the chance of each; `chosen` is the column that was shown. `stock` is -1 and
    `competitor_minor` 0 where unknown. `paid_minor` is after offers, `margin_minor` what was earned
    after returns at the unit cost of the decision; a purchase counts until the moment of reading.
    `fit` is the fit of impressions whose weights of signals decided, 0 where the model version's
    did. `delay_ms` is from the quote to the first purchase, -1 without one.
    """

    rows: Rows
    shopper: IntArray
    issued_ms: IntArray
    exponent: IntArray
    policy_version: IntArray
    model_version: IntArray
    fit: IntArray
    book_version: IntArray
    is_held_out: BoolArray
    is_book: BoolArray
    segment: NDArray[np.str_]
    stock: IntArray
    competitor_minor: IntArray
    rung_minor: IntArray
    probability: FloatArray
    chosen: IntArray
    units: IntArray
    paid_minor: IntArray
    returned_units: IntArray
    margin_minor: FloatArray
    delay_ms: IntArray

    def __len__(self) -> int:
        return len(self.shopper)

    @property
    def propensity(self) -> FloatArray:
        """The probability of the price that was shown."""
        chance: FloatArray = self.probability[np.arange(len(self)), self.chosen]
        return chance

    def take(self, where: IntArray | BoolArray) -> Exposures:
        """Return the exposures at positions or where a mask says so."""
        return Exposures(**{name: getattr(self, name)[where] for name in self.__slots__})


def load_exposures(
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    arms: tuple[str, ...] = ("treated",),
) -> Exposures:
    """Return the exposures of `[since, until)` with outcomes up to `now`. Three queries.

    A quote looked at again while it holds is the same exposure. About 450 bytes each: a million
    take half a gigabyte.
    """
    parameters: dict[str, Any] = {
        "since": since,
        "until": until,
        "arms": list(arms),
        "market": market,
        "channel": channel,
    }
    found = fetch_packed(_COLUMNS, _SOURCE, parameters)
    found = found[np.lexsort((found["quote"][:, 1], found["quote"][:, 0], found["issued_ms"]))]
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS, parameters)
        names = {code: name for name, code in cursor.fetchall()}
    outcomes = load_quote_outcomes(since=since, until=now)
    return _assemble(found, names, outcomes)


def _assemble(found: Rows, names: dict[int, str], outcomes: QuoteOutcomes) -> Exposures:
    rows = np.zeros(len(found), dtype=DECISION_ROW)
    for name, _ in (*_NUMBERS, *_FLOATS):
        rows[name] = found[name]
    rows["id_high"], rows["id_low"] = found["quote"][:, 0], found["quote"][:, 1]
    price_points = found["rungs"].astype(np.int64)
    at, is_bought = find_outcomes(rows["id_high"], rows["id_low"], outcomes)

    def outcome(values: NDArray[np.int64]) -> IntArray:
        return np.where(is_bought, values[at], 0) if len(values) else np.zeros(len(rows), np.int64)

    units, returned = outcome(outcomes.units), outcome(outcomes.returned_units)
    paid, refunded = outcome(outcomes.paid_minor), outcome(outcomes.refunded_minor)
    plain = {
        name: found[name].astype(np.int64)
        for name, _ in _OTHERS
        if name not in ("holdout", "segment", "competitor")
    }
    return Exposures(
        rows=rows,
        shopper=found["owner"].astype(np.int64),
        is_held_out=found["holdout"] > 0,
        is_book=rows["book_minor"] > 0,
        segment=np.array([names[code] for code in found["segment"].tolist()], dtype=np.str_),
        competitor_minor=found["competitor"].astype(np.int64),
        rung_minor=price_points,
        probability=found["chances"].astype(np.float64),
        chosen=np.argmax(price_points == rows["quoted_minor"][:, None], axis=1).astype(np.int64),
        units=units,
        paid_minor=paid,
        returned_units=returned,
        margin_minor=paid - refunded - (units - returned) * rows["unit_cost"],
        delay_ms=np.where(units > 0, outcome(outcomes.first_ms) - plain["issued_ms"], -1),
        **plain,
    )


def find_outcomes(
    high: NDArray[np.uint64], low: NDArray[np.uint64], outcomes: QuoteOutcomes
) -> tuple[IntArray, BoolArray]:
    """Return where the outcome of each quote stands, and whether there is one; ids in halves."""
    known = outcomes.quote_id
    if not len(known):
        return np.zeros(len(high), np.int64), np.zeros(len(high), np.bool_)
    ids = np.empty(len(high), dtype=QUOTE_ID)
    ids["high"], ids["low"] = high, low
    both, place = np.unique(np.concatenate([known, ids]), return_inverse=True)
    where = np.full(len(both), -1)
    where[place[: len(known)]] = np.arange(len(known))
    at = where[place[len(known) :]]
    return np.maximum(at, 0), at >= 0
