"""Who the visitor is to offers, and who the signed-in shopper is."""

from __future__ import annotations

from profiles.selectors import find_shopper
from promotions.selectors import ShopperView
from promotions.selectors.tiers import read_tier
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


class Visitor:
    """The visitor of one page: each thing is read once, when it is first asked for."""

    def __init__(self, ctx: PageContext) -> None:
        self._ctx = ctx
        self._views: list[ShopperView] = []
        self._tiers: list[str | None] = []

    def look(self) -> ShopperView:
        """Return who it is. Queries: as `find_visitor`, once."""
        if not self._views:
            self._views.append(find_visitor(self._ctx))
        return self._views[0]

    def read_tier(self) -> str | None:
        """Return the membership tier. Two queries more, once; none for who is not signed in."""
        if self._ctx.account_id is None:
            return None
        if not self._tiers:
            shopper_id = self.look().shopper_id
            tier = None
            if shopper_id is not None:
                tier = read_tier(shopper_id=shopper_id, now=self._ctx.now)
            self._tiers.append(tier)
        return self._tiers[0]
