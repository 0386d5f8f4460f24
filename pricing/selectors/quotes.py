"""Read stored quotes."""

from __future__ import annotations

from uuid import UUID

from pricing.core.values import QuoteTrace
from shop.kernel.errors import FairtagError


class QuoteNotFound(FairtagError):
    """No quote has this id."""

    code = "quote_not_found"


def get_quote(quote_id: UUID, *, shopper_pseudonym: str | None = None) -> QuoteTrace:
    """Return a quote from the table, or from the stream if it is not drained yet. One query.

    With `shopper_pseudonym` a quote of somebody else is not found.
    """
    raise NotImplementedError
