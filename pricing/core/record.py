"""Decision records: everything a decision was made of, and making it again from that alone.

The request path stores inputs only, as packed numbers; the worker that drains them calls
`build_records`, which decides again with the same functions and writes down candidates, reasons
and counterfactuals. `replay_record` does the same 13 months later from the stored record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.decide import Decisions, Held, decide_rungs
from pricing.core.explain import counterfactuals, split_price
from pricing.core.guardrails import name_actions
from pricing.core.quote import RungTable, VariantTerms, build_rungs, demand_ratios, payoff_ratios
from pricing.core.signals import RAW_SIGNALS, ShopperSignals, SignalWeights, sensitivity_boost
from pricing.core.values import IntArray, Policy

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
DECISION_ROW = np.dtype([*TERM_FIELDS, *SIGNAL_FIELDS, *HELD_FIELDS, *RESULT_FIELDS, *ID_FIELDS])


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What all quotes of one request share. `owner` is the shopper's hash in hexadecimal digits."""

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


def encode_batch(header: BatchHeader, rows: Rows) -> dict[str, bytes]:
    """Return header and rows (dtype DECISION_ROW) as the two fields of a stream entry.

    >>> header = example_header()
    >>> back, rows = decode_batch(encode_batch(header, np.zeros(2, dtype=DECISION_ROW)))
    >>> back == header, len(rows)
    (True, 2)
    """
    return {"h": json.dumps(asdict(header)).encode(), "r": rows.tobytes()}


def decode_batch(fields: Mapping[str, bytes]) -> tuple[BatchHeader, Rows]:
    """Return what `encode_batch` was given. Raises ValueError or TypeError on foreign bytes."""
    header = BatchHeader(**json.loads(fields["h"]))
    return header, np.frombuffer(fields["r"], dtype=DECISION_ROW)


def build_records(
    header: BatchHeader, rows: Rows, weights: SignalWeights, policy: Policy
) -> list[dict[str, Any]]:
    """Return the decision record of each row: JSON values under the names of the quote's columns.

    Raises ValueError if deciding again does not give the price that was quoted: then a version is
    not the one the request used, and the record would be a fiction.
    """
    made = _decide(header, rows, weights, policy)
    if not np.array_equal(made.decided.quoted_minor, rows["quoted_minor"]):
        raise ValueError("the decision cannot be repeated with the versions it names")
    return [_record(made, header, rows, place) for place in range(len(rows))]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again: its price, and the names of the stored fields that differ."""

    quoted_minor: int
    differences: tuple[str, ...]


def replay_record(record: Mapping[str, Any], weights: SignalWeights, policy: Policy) -> Replayed:
    """Return what comes of deciding `record` again. Floats are compared bit for bit.

    `record` has the columns of a stored quote.
    """
    header, rows = _parse(record)
    made = _decide(header, rows, weights, policy)
    again = _record(made, header, rows, 0)
    again["quoted_minor"] = int(made.decided.quoted_minor[0])
    differences = tuple(name for name, value in again.items() if record[name] != value)
    return Replayed(quoted_minor=again["quoted_minor"], differences=differences)


@dataclass(frozen=True, slots=True)
class _Made:
    """Decisions of some rows with everything they were made of."""

    signals: ShopperSignals
    terms: VariantTerms
    rungs: RungTable
    decided: Decisions
    names: dict[str, IntArray]
    parts: list[list[tuple[str, int]]]


def _decide(header: BatchHeader, rows: Rows, weights: SignalWeights, policy: Policy) -> _Made:
    signals = _signals(rows)
    terms = _terms(rows, header.exponent)
    rungs = build_rungs(terms, policy)
    decided = decide_rungs(
        terms,
        rungs,
        sensitivity_boost(signals, weights),
        policy,
        held=Held(*(rows[name].astype(np.int64) for name, _ in HELD_FIELDS)),
        now_ms=header.now_ms,
        is_allowed=True,
        is_stale=False,
        is_held_out=header.arm == "holdout",
        book_minor=rows["book_minor"].astype(np.int64),
    )
    parts = split_price(signals, terms, weights, decided)
    return _Made(
        signals=signals,
        terms=terms,
        rungs=rungs,
        decided=decided,
        names=counterfactuals(signals, terms, weights, policy),
        parts=[parts.of(place) for place in range(len(rows))],
    )


def _signals(rows: Rows) -> ShopperSignals:
    values = {name: rows[name][None, :].astype(np.float64) for name in RAW_SIGNALS}
    return ShopperSignals(**values)


def _terms(rows: Rows, exponent: int) -> VariantTerms:
    fields = {name: np.ascontiguousarray(rows[name]) for name, _ in TERM_FIELDS}
    return VariantTerms(**fields, is_open=np.ones(len(rows), dtype=np.bool_), exponent=exponent)


def _record(made: _Made, header: BatchHeader, rows: Rows, place: int) -> dict[str, Any]:
    row = rows[place]
    inputs: dict[str, Any] = {
        name: row[name].item() for name, *_ in (*TERM_FIELDS, *HELD_FIELDS, *RESULT_FIELDS[:1])
    }
    inputs |= {"exponent": header.exponent, "now_ms": header.now_ms}
    return {
        "features": {name: row[name].item() for name in RAW_SIGNALS},
        "inputs": inputs,
        "candidates": _candidates(made, place),
        "guard_actions": list(name_actions(int(made.decided.actions[place]))),
        "reasons": [
            {
                "code": "book" if header.rung == "book" and code == "interest" else code,
                "amount_minor": amount,
            }
            for code, amount in made.parts[place]
        ],
        "counterfactuals": [
            {"code": name, "quoted_minor": int(prices[place])}
            for name, prices in made.names.items()
        ],
    }


def _candidates(made: _Made, place: int) -> list[dict[str, Any]]:
    """Return the feasible rungs of one variant, highest first, with what was expected of each."""
    here = np.array([place])
    terms = made.terms.take(here)
    rungs = made.rungs.take(here)
    boost = made.decided.boost[None, place : place + 1]
    demand = demand_ratios(terms, rungs, boost)[0, 0]
    payoff = payoff_ratios(terms, rungs, boost)[0, 0]
    chosen, model = int(made.decided.quoted_minor[place]), int(made.decided.model_minor[place])
    seen: dict[int, dict[str, Any]] = {}
    for at, minor in enumerate(rungs.minor[0].tolist()):
        seen.setdefault(
            minor,
            {
                "minor": minor,
                "demand_ratio": float(demand[at]),
                "payoff_ratio": float(payoff[at]),
                "outcome": _outcome(minor, chosen, model),
            },
        )
    return list(seen.values())


def _outcome(minor: int, chosen: int, model: int) -> str:
    if minor == chosen:
        return "chosen"
    if minor == model:
        return "best payoff, overruled by an earlier promise or a guardrail"
    return "lower expected payoff"


def _parse(record: Mapping[str, Any]) -> tuple[BatchHeader, Rows]:
    inputs, features = record["inputs"], record["features"]
    rows = np.zeros(1, dtype=DECISION_ROW)
    for name, *_ in (*TERM_FIELDS, *HELD_FIELDS, *RESULT_FIELDS[:1]):
        rows[name] = inputs[name]
    for name in RAW_SIGNALS:
        rows[name] = features[name]
    rows["quoted_minor"] = record["quoted_minor"]
    changes = {
        "exponent": inputs["exponent"],
        "now_ms": inputs["now_ms"],
        "arm": record["arm"],
        "rung": record["rung"],
    }
    return BatchHeader(**(asdict(example_header()) | changes)), rows


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
    )
