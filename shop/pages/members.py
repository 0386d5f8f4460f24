"""Who the visitor is to offers, and who the signed-in shopper is."""

from __future__ import annotations

from profiles.selectors import find_shopper
from promotions.selectors import ShopperView
from shop.pages.context import PageContext


def find_member_id(ctx: PageContext) -> int | None:
    """Return the shopper of the account; None for who is not signed in. One query, else none."""
    if ctx.account_id is None or ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id


def find_visitor(ctx: PageContext) -> ShopperView:
    """Return the visitor as a cart would: who they are, and whether personal offers are for them.

    One query; none for whom nobody knows.
    """
    shopper = None if ctx.shopper_pseudonym is None else find_shopper(ctx.shopper_pseudonym)
    if shopper is None:
        return ShopperView(None, is_member=ctx.account_id is not None)
    return ShopperView(
        shopper.id,
        is_member=shopper.account_id is not None,
        allows_personal=shopper.consents.price and not ctx.gpc,
    )
