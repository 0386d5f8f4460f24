"""Rows of the quote table as plain dicts: from a decision, or from a token alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from pricing.base.core.tokens import EPOCH
from pricing.base.core.values import VerifiedQuote
from pricing.ledger.core.labels import TEST
from pricing.ledger.core.packed import BatchHeader

QuoteRow = dict[str, Any]

JSON_COLUMNS = (
    "reasons",
    "counterfactuals",
    "features",
    "inputs",
    "candidates",
    "guard_actions",
)

# The data contract of an exposure, beside amounts, features, inputs and versions. Segment, stock
# and competitor are looked up when the row is stored, seconds after the request.
EXPOSURE_COLUMNS = ("segment", "rung_minors", "rung_probabilities", "stock", "competitor_minor")


def row_id(row: np.void) -> UUID:
    """Return the quote id inside a decision row."""
    return UUID(int=(int(row["id_high"]) << 64) | int(row["id_low"]))


def row_of_record(header: BatchHeader, row: np.void, record: Mapping[str, Any]) -> QuoteRow:
    """Return the table row of a decision made on the request path."""
    public, quoted = int(row["public_minor"]), int(row["quoted_minor"])
    is_personal = quoted < public
    return {
        "id": row_id(row),
        "issued_at": _moment(header.now_ms),
        "expires_at": _moment(header.expires_ms),
        "shopper_id": header.shopper_id,
        "shopper_hash": header.owner,
        "variant_id": int(row["variant_id"]),
        "market_code": header.market,
        "channel": header.channel,
        "currency": header.currency,
        "purpose": header.purpose,
        "list_minor": int(row["list_minor"]),
        "public_minor": public,
        "quoted_minor": quoted,
        "is_personal": is_personal,
        "rung": header.rung if is_personal else "public",
        "arm": header.arm,
        "propensity": header.propensity,
        "label_code": _label_code(header, row) if is_personal else "",
        "jurisdiction_code": header.jurisdiction_code,
        "policy_version": header.policy_version,
        "model_version": header.model_version,
        "book_version": header.book_version,
        "is_complete": True,
        "kid": header.kid,
        "signature": row["signature"].tobytes().hex(),
        **dict.fromkeys(EXPOSURE_COLUMNS),
        **record,
    }


def _label_code(header: BatchHeader, row: np.void) -> str:
    return f"{header.label_code}{TEST}" if row["is_test"] else header.label_code


def row_of_token(quote: VerifiedQuote, signature: str) -> QuoteRow:
    """Return the table row of a quote of which only the token is at hand.

    A public price is complete as it is: there was nothing to decide.
    """
    discount = quote.quoted_minor - quote.public_minor
    reasons = [{"code": "public", "amount_minor": quote.public_minor}]
    if discount:
        reasons.append({"code": "personal", "amount_minor": discount})
    return {
        "id": quote.quote_id,
        "issued_at": quote.issued_at,
        "expires_at": quote.expires_at,
        "shopper_id": None,
        "shopper_hash": quote.owner.hex(),
        "variant_id": quote.variant_id,
        "market_code": quote.market,
        "channel": quote.channel,
        "currency": quote.currency,
        "purpose": "cart",
        "list_minor": quote.list_minor,
        "public_minor": quote.public_minor,
        "quoted_minor": quote.quoted_minor,
        "is_personal": quote.is_personal,
        "rung": quote.rung,
        "arm": quote.arm,
        "propensity": 1.0,
        "label_code": quote.label_code,
        "jurisdiction_code": quote.jurisdiction_code,
        "policy_version": quote.policy_version,
        "model_version": quote.model_version,
        "book_version": quote.book_version,
        "is_complete": quote.arm == "none",
        "reasons": reasons,
        "counterfactuals": [],
        "features": {},
        "inputs": {},
        "candidates": [],
        "guard_actions": [],
        "kid": quote.kid,
        "signature": signature,
        **dict.fromkeys(EXPOSURE_COLUMNS),
    }


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)
