"""Check a signed quote without Redis and without a model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from pricing.core.tokens import NOBODY, MalformedToken, decode_token, owner_of
from pricing.core.values import VerifiedQuote
from pricing.metrics import quotes_refused_total
from pricing.services.keys import verifying_keys
from shop.kernel.errors import FairtagError

logger = logging.getLogger("fairtag.pricing")


class QuoteRefused(FairtagError):
    """The token is no valid quote for this shopper, variant and moment.

    Codes: quote_malformed, quote_forged, quote_other_variant, quote_other_shopper, quote_expired.
    """

    code = "quote_refused"


def verify_quote(
    *,
    token: str,
    shopper_pseudonym: str | None,
    variant_id: int,
    now: datetime,
    former_pseudonyms: Sequence[str] = (),
) -> VerifiedQuote:
    """Return what `token` promises, or raise QuoteRefused. No query, no Redis, no model.

    A price for everybody may be used by anybody; a personal one by its owner only. A guest who
    signed in is the same person: `former_pseudonyms` names who they were.
    """
    quote = _decode(token)
    if quote.variant_id != variant_id:
        raise _refuse("quote_other_variant", _("This price was for another product."))
    owners = {owner_of(name) for name in (shopper_pseudonym, *former_pseudonyms)}
    if quote.owner != NOBODY and quote.owner not in owners:
        raise _refuse("quote_other_shopper", _("This price was for somebody else."))
    if not quote.issued_at <= now < quote.expires_at:
        raise _refuse("quote_expired", _("This price has expired."))
    return quote


def read_token(token: str) -> VerifiedQuote:
    """Return what `token` promises to whoever holds it; raise QuoteRefused if it is not ours."""
    return _decode(token)


def _decode(token: str) -> VerifiedQuote:
    try:
        return decode_token(token, keys=verifying_keys())
    except MalformedToken as error:
        code = "quote_forged" if error.is_forged else "quote_malformed"
        # Never the token itself: it names its owner.
        logger.warning("a quote token was tampered with: %s", code)
        raise _refuse(code, _("This is no price of ours.")) from error


def _refuse(code: str, detail: str) -> QuoteRefused:
    quotes_refused_total.labels(code=code).inc()
    return QuoteRefused(detail, code=code)
