"""What pricing may know about a visit."""

from __future__ import annotations

from pricing.core.values import QuoteContext
from shop.pages.context import PageContext

# What shows prices to choose from. The cart shows what was chosen, sorting shows nothing.
SHOWING = frozenset({"home", "category", "search", "offer", "product", "api"})


def quote_context(ctx: PageContext, purpose: str) -> QuoteContext:
    """Return what pricing may know about the visit; `purpose` is kept with each quote."""
    return QuoteContext(
        shopper_pseudonym=ctx.shopper_pseudonym,
        market=ctx.market,
        channel=ctx.channel,
        jurisdiction_code=ctx.jurisdiction_code,
        language=ctx.language,
        gpc=ctx.gpc,
        now=ctx.now,
        purpose=purpose,
        is_look=ctx.is_counted and purpose in SHOWING,
    )
