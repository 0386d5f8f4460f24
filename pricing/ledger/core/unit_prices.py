"""Unit prices: what a pound, a quart or a liter costs, in the units of the market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from pricing.base.core.tokens import EPOCH
from pricing.base.core.values import VerifiedQuote
from pricing.ledger.core.packed import BatchHeader
from pricing.ledger.core.record import TEST
from shop.ground.kernel.translation import pgettext_noop, translate


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that prices are compared by: `size` in g, ml or pieces, and its name."""

    size: float
    name: str

    def label(self, language: str) -> str:
        """Return the name in words of `language`."""
        return translate(self.name, language)


# NIST Handbook 44, appendix C: US customary units.
OUNCE = Unit(28.349523125, pgettext_noop("unit", "oz"))
POUND = Unit(453.59237, pgettext_noop("unit", "lb"))
FLUID_OUNCE = Unit(29.5735295625, pgettext_noop("unit", "fl oz"))
QUART = Unit(946.352946, pgettext_noop("unit", "qt"))
KILOGRAM = Unit(1000.0, pgettext_noop("unit", "kg"))
LITER = Unit(1000.0, pgettext_noop("unit", "l"))
ONE_KILOGRAM = Unit(1000.0, pgettext_noop("unit", "1 kg"))
ONE_LITER = Unit(1000.0, pgettext_noop("unit", "1 l"))
HALF_KILOGRAM = Unit(500.0, pgettext_noop("unit", "500 g"))
HUNDRED_GRAMS = Unit(100.0, pgettext_noop("unit", "100 g"))
HUNDRED_MILLILITERS = Unit(100.0, pgettext_noop("unit", "100 ml"))
PIECE = Unit(1.0, pgettext_noop("unit", "item"))
GRAMS, MILLILITERS, PIECES = 1, 2, 3  # indexes in MEASURE_UNITS of the catalog
# Small solids, solids, small liquids, liquids: as the trade of a country compares them.
METRIC = (KILOGRAM, KILOGRAM, LITER, LITER)
UNITS = {
    "US": (OUNCE, POUND, FLUID_OUNCE, QUART),
    "CN": (HALF_KILOGRAM, HALF_KILOGRAM, LITER, LITER),
    "JP": (HUNDRED_GRAMS, HUNDRED_GRAMS, HUNDRED_MILLILITERS, HUNDRED_MILLILITERS),
    # Preisangabenverordnung, section 5: one kilogram or one liter, since 2022 nothing else.
    "DE": (ONE_KILOGRAM, ONE_KILOGRAM, ONE_LITER, ONE_LITER),
}
# What is exempt for being small: PAngV, section 4(3).
LEAST = {"DE": 10.0}


def choose_unit(
    amount: float, measure_unit: int, *, minor: int, country: str, is_bulk: bool
) -> Unit | None:
    """Return the unit that `amount`, costing `minor`, is compared by; None if there is none.

    `measure_unit` is an index in MEASURE_UNITS of the catalog. `is_bulk` says that the category
    mostly sells solids by the quarter pound and liquids by the pint or more: all of a category
    share one unit, or a shopper could not compare them. Where the price of it would be 0, the
    larger unit of the market takes its place, if its price is more. One piece alone has no unit
    price: it would repeat the price.

    >>> choose_unit(3785.4, 2, minor=279, country="US", is_bulk=True).label("en")
    'qt'
    >>> choose_unit(500.0, 1, minor=249, country="DE", is_bulk=False).label("en")
    '1 kg'
    >>> choose_unit(1.0, 3, minor=399, country="US", is_bulk=False) is None
    True
    """
    if amount <= 0.0:
        return None
    if measure_unit == PIECES:
        return PIECE if amount > 1.0 and price_per_unit(minor, amount, PIECE) else None
    if measure_unit not in (GRAMS, MILLILITERS) or amount < LEAST.get(country, 0.0):
        return None
    first = 2 * (measure_unit - GRAMS)
    units = UNITS.get(country, METRIC)[first + is_bulk : first + 2]
    return next((unit for unit in units if price_per_unit(minor, amount, unit)), None)


def price_per_unit(minor: int, amount: float, unit: Unit | None) -> int | None:
    """Return the price of one `unit` in minor units, half up, of `amount` (> 0) costing `minor`.

    None without a unit, and for what would be written as nothing.

    >>> price_per_unit(399, 453.59237, POUND)
    399
    """
    return None if unit is None else int(minor * unit.size / amount + 0.5) or None


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
