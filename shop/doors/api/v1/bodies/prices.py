"""Money and prices as every operation writes them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from pricing.base.core.values import Counterfactual, PriceView, Reason
from shop.ground.kernel.money import exponent, format_money

API_ROOT = "/api/v1"
OPT_OUT_URL = f"{API_ROOT}/consent/price"

Json = dict[str, Any]


@lru_cache(maxsize=65_536)
def money(minor: int, currency: str, locale: str) -> Json:
    """Return an amount: exact `minor` units, the currency's `exponent`, and text for people.

    The same dict is handed out again and again (a page repeats few amounts): never change it.

    >>> money(1234, "USD", "en_US")
    {'minor': 1234, 'currency': 'USD', 'exponent': 2, 'display': '$12.34'}
    """
    return {
        "minor": minor,
        "currency": currency,
        "exponent": exponent(currency),
        "display": format_money(minor, currency, locale),
    }


def optional_money(minor: int | None, currency: str, locale: str) -> Json | None:
    """Return an amount, or None where there is none."""
    return None if minor is None else money(minor, currency, locale)


def moment(at: datetime | None) -> str | None:
    """Return an aware moment in ISO 8601, or None."""
    return None if at is None else at.isoformat()


def why_url(quote_id: UUID | str | None) -> str | None:
    """Return where the price of a quote is explained."""
    return None if not quote_id else f"{API_ROOT}/quotes/{quote_id}/why"


def price_body(price: PriceView, locale: str) -> Json:
    """Return a price with both stages, its label, its reasons and the way to switch it off."""
    currency = price.currency
    return {
        "variant_id": price.variant_id,
        "list_price": money(price.list_minor, currency, locale),
        "public_price": money(price.public_minor, currency, locale),
        "quoted_price": money(price.quoted_minor, currency, locale),
        "is_personal": price.is_personal,
        "label_code": price.label_code,
        "label": price.label,
        "reference_price": optional_money(price.reference_minor, currency, locale),
        "reference_note": price.reference_note,
        "unit_price": optional_money(price.unit_minor, currency, locale),
        "unit_label": price.unit_label,
        "rung": price.rung,
        "reasons": reason_bodies(price.reasons, currency, locale),
        "quote_id": None if price.quote_id is None else str(price.quote_id),
        "quote_token": price.token,
        "expires_at": moment(price.expires_at),
        "why_url": why_url(price.quote_id),
        "opt_out_url": OPT_OUT_URL,
    }


def reason_bodies(reasons: tuple[Reason, ...], currency: str, locale: str) -> list[Json]:
    """Return the parts of a price; they sum to it exactly."""
    return [
        {
            "code": reason.code,
            "amount": money(reason.amount_minor, currency, locale),
            "text": reason.text,
        }
        for reason in reasons
    ]


def counterfactual_bodies(
    counterfactuals: tuple[Counterfactual, ...], currency: str, locale: str
) -> list[Json]:
    """Return what the price would be if something were not known."""
    return [
        {
            "code": other.code,
            "quoted_price": money(other.quoted_minor, currency, locale),
            "text": other.text,
        }
        for other in counterfactuals
    ]
