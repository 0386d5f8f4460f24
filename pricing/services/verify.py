"""Check a signed quote without Redis and without a model."""

from __future__ import annotations

from datetime import datetime

from pricing.core.values import VerifiedQuote
from shop.kernel.errors import FairtagError


class QuoteRefused(FairtagError):
    """The token is no valid quote for this shopper, variant and moment.

    Codes: quote_malformed, quote_forged, quote_other_variant, quote_other_shopper, quote_expired.
    """

    code = "quote_refused"


def verify_quote(
    *, token: str, shopper_pseudonym: str | None, variant_id: int, now: datetime
) -> VerifiedQuote:
    """Return what `token` promises, or raise QuoteRefused. No query, no Redis, no model."""
    raise NotImplementedError
