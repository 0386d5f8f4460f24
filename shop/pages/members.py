"""Who the signed-in shopper is."""

from __future__ import annotations

from profiles.selectors import find_shopper
from shop.pages.context import PageContext


def find_member_id(ctx: PageContext) -> int | None:
    """Return the shopper of the account; None for who is not signed in. One query, else none."""
    if ctx.account_id is None or ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id
