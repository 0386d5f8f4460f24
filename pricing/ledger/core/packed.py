"""Decisions on their way to the table: what a request shares, and a packed row for each quote.

Format 1 (before prices were drawn) has no draw, format 2 (before quotes knew of stock and siblings)
no additional cost, format 3 (before price tests had a label) does not say which prices a test
moved, format 4 (before weights of signals were learned from impressions) names no fit. Entries of
them that are still on the stream when a release turns are read as rows without.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import IntArray
from pricing.optimum.core.decide import HeldQuotes
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import RAW_SIGNALS, ShopperSignals

Rows = NDArray[np.void]

_INT, _FLOAT = "<i8", "<f8"
TERM_FIELDS = (
    ("variant_id", _INT),
    ("list_minor", _INT),
    ("public_minor", _INT),
    ("floor_minor", _INT),
    ("unit_cost", _FLOAT),
    ("elasticity", _FLOAT),
    ("elasticity_sd", _FLOAT),
    ("category_id", _INT),
)
SIGNAL_FIELDS = tuple((name, _FLOAT) for name in RAW_SIGNALS)
HELD_FIELDS = (
    ("held_quoted", _INT),
    ("held_public", _INT),
    ("held_discount", _INT),
    ("held_issued", _INT),
    ("held_expires", _INT),
)
# book_minor is the price-book entry that answered instead of the model, 0 if the model did.
RESULT_FIELDS = (("book_minor", _INT), ("quoted_minor", _INT))
ID_FIELDS = (("id_high", "<u8"), ("id_low", "<u8"), ("signature", "<u8", (4,)))
# draw is the quantile of the elasticity that was drawn, NO_DRAW if none was.
DRAW_FIELDS = (("draw", _INT),)
# extra_cost is what a sale costs beside its unit cost: scarce stock, what siblings lose.
COST_FIELDS = (("extra_cost", _FLOAT),)
# is_test says that a test moved the price: it has a label of its own.
TEST_FIELDS = (("is_test", "?"),)
_FIRST = [*TERM_FIELDS, *SIGNAL_FIELDS, *HELD_FIELDS, *RESULT_FIELDS, *ID_FIELDS]
DECISION_ROW = np.dtype([*_FIRST, *DRAW_FIELDS, *COST_FIELDS, *TEST_FIELDS])
_ROWS = {
    1: np.dtype(_FIRST),
    2: np.dtype([*_FIRST, *DRAW_FIELDS]),
    3: np.dtype([*_FIRST, *DRAW_FIELDS, *COST_FIELDS]),
    4: DECISION_ROW,
    5: DECISION_ROW,
}
DRAWN, COSTED, EXPLAINED, WEIGHED, FORMAT = 2, 3, 4, 5, 5
NO_DRAW = -1


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What all quotes of one request share. `owner` is the shopper's hash in hexadecimal digits.

    `propensity` is the share of shoppers in the arm. `fit` is the fit of impressions whose weights
    of signals were used, 0 where they were the model version's own.
    """

    shopper_id: int | None
    owner: str
    market: str
    channel: str
    currency: str
    exponent: int
    purpose: str
    jurisdiction_code: str
    label_code: str
    policy_version: int
    model_version: int
    book_version: int
    rung: str
    arm: str
    propensity: float
    now_ms: int
    expires_ms: int
    kid: int
    format: int = 1
    fit: int = 0


def encode_batch(header: BatchHeader, rows: Rows) -> dict[str, bytes]:
    """Return header and rows (dtype DECISION_ROW) as the two fields of a stream entry.

    >>> header = example_header()
    >>> back, rows = decode_batch(encode_batch(header, np.zeros(2, dtype=DECISION_ROW)))
    >>> back == header, len(rows)
    (True, 2)
    """
    return {"h": json.dumps(asdict(header)).encode(), "r": rows.tobytes()}


def decode_batch(fields: Mapping[str, bytes]) -> tuple[BatchHeader, Rows]:
    """Return what `encode_batch` was given, or a batch of a format before it.

    Raises ValueError or TypeError on foreign bytes.
    """
    header = BatchHeader(**json.loads(fields["h"]))
    if header.format not in _ROWS:
        raise ValueError(f"decisions of format {header.format} are not known here")
    found = np.frombuffer(fields["r"], dtype=_ROWS[header.format])
    if _ROWS[header.format] == DECISION_ROW:
        return header, found
    rows = np.zeros(len(found), dtype=DECISION_ROW)
    rows["draw"] = NO_DRAW
    for name in found.dtype.names or ():
        rows[name] = found[name]
    return header, rows


def read_signals(rows: Rows) -> ShopperSignals:
    """Return the signals of decision rows, (1, m)."""
    values = {name: rows[name][None, :].astype(np.float64) for name in RAW_SIGNALS}
    return ShopperSignals(**values)


def read_held(rows: Rows) -> HeldQuotes:
    """Return what was promised before, (m,)."""
    return HeldQuotes(*(rows[name].astype(np.int64) for name, _ in HELD_FIELDS))


def read_draws(rows: Rows) -> IntArray | None:
    """Return the drawn quantiles, (m,); None where nothing was drawn."""
    return rows["draw"].astype(np.int64) if len(rows) and (rows["draw"] >= 0).all() else None


def read_terms(rows: Rows, exponent: int) -> VariantTerms:
    """Return the terms of decision rows, (m,)."""
    fields = {name: np.ascontiguousarray(rows[name]) for name, _ in (*TERM_FIELDS, *COST_FIELDS)}
    return VariantTerms(**fields, is_open=np.ones(len(rows), dtype=np.bool_), exponent=exponent)


def example_header() -> BatchHeader:
    """Return a header for examples."""
    return BatchHeader(
        shopper_id=1,
        owner="",
        market="us",
        channel="online",
        currency="USD",
        exponent=2,
        purpose="example",
        jurisdiction_code="US-other",
        label_code="generic",
        policy_version=1,
        model_version=1,
        book_version=1,
        rung="personal",
        arm="treated",
        propensity=0.95,
        now_ms=0,
        expires_ms=3_600_000,
        kid=1,
        format=FORMAT,
    )
